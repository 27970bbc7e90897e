// Memory traffic: rows are read once, results written once. A short segment is ranked as in segment_sort. Of a long column only the keys
// that may be among the first k stay: one count of their highest bits tells where to cut, piece by piece, and few are left to sort. What
// lies behind the first k of the first piece is passed over in vectors.
#include "../segment_sort/sorting.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void *x, *order;
  void* values;
  int64_t* index;
  int64_t num_segments, num_rows, features, k, largest;
};

constexpr int64_t kColumns = 16;    // ranked together, so that each cache line of a segment is read once
constexpr int64_t kLong = 1 << 14;  // rows of a piece; segments with more are searched by all threads, one after another
constexpr int kCutBits = 11;

// Moves the entries that may be among the first k to the front, in their order; returns how many there are.
template <class K>
int64_t keep_first(Entry<K>* entries, int64_t count, int64_t k) {
  using U = std::make_unsigned_t<K>;
  if (count <= k) return count;
  const auto bucket = [](K key) {
    return static_cast<int64_t>((static_cast<U>(key) ^ (U(1) << (8 * sizeof(K) - 1))) >> (8 * sizeof(K) - kCutBits));
  };
  int32_t counts[1 << kCutBits] = {};
  for (int64_t i = 0; i < count; ++i) ++counts[bucket(entries[i].key)];
  int64_t cut = 0;
  for (int64_t below = counts[0]; below < k; below += counts[cut]) ++cut;
  int64_t kept = 0;
  for (int64_t i = 0; i < count; ++i) {
    const Entry<K> entry = entries[i];
    entries[kept] = entry;
    kept += bucket(entry.key) <= cut;
  }
  return kept;
}

template <class T>
class Search {
  using K = Key<T>;

 public:
  explicit Search(const Arguments& a)
      : a_(a), x_(static_cast<const T*>(a.x)), values_(static_cast<T*>(a.values)), flip_(a.largest ? -1 : 0),
        listing_(a.order, a.ids, a.num_rows), plan_(a.indptr, a.num_segments, a.num_rows) {}

  int run() {
    if (plan_.status != kOk) return plan_.status;
    use_large_pages(a_.values, a_.num_segments * a_.k * a_.features * sizeof(T));
    use_large_pages(a_.index, a_.num_segments * a_.k * a_.features * sizeof(int64_t));
    for (int64_t h = 0; h < plan_.hubs && !faults_.any(); ++h) {
      const int64_t i = plan_.row[h], count = length(i);
      if (count > kHighest<int32_t>) return fail(kBadPointer, "expected at most 2147483647 rows in a segment, got %lld", static_cast<long long>(count));
      if (count > kLong) search_long(i);
    }
    const int64_t threads = a_.num_rows * a_.features < kSerialWork / 8 ? 1 : a_.threads;
    parallel_segments(a_.indptr, a_.num_segments, larger(64, 16384 / a_.features), threads, [&](int64_t first, int64_t last) { search(first, last); });
    return listing_.outcome(faults_);
  }

 private:
  const Arguments& a_;
  const T* const x_;
  T* const values_;
  const K flip_;
  const Listing listing_;
  const Plan plan_;
  Faults faults_;

  struct Scratch {
    Buffer<int64_t> row;
    Buffer<K> keys, ranks;
    Buffer<Entry<K>> entries, spare;
    explicit Scratch(int64_t longest)
        : row(longest + 1), keys((kRanked + 64) * kColumns), ranks(kRanked + 64), entries(longest + 1), spare(longest + 1) {}
    bool ready() const { return row.data && keys.data && ranks.data && entries.data && spare.data; }
  };

  int64_t length(int64_t i) const { return a_.indptr[i + 1] - a_.indptr[i]; }

  K key(int64_t row, int64_t k) const { return key_of(x_[row * a_.features + k], flip_); }

  void write(int64_t segment, int64_t rank, int64_t row, int64_t k) const {
    const int64_t at = (segment * a_.k + rank) * a_.features + k;
    values_[at] = x_[row * a_.features + k];
    a_.index[at] = row;
  }

  // What a short segment leaves of its k places: 0, and -1 for the row.
  void pad(int64_t segment, int64_t count) const {
    const int64_t places = (a_.k - count) * a_.features, at = (segment * a_.k + count) * a_.features;
    if (places <= 0) return;
    memset(static_cast<void*>(values_ + at), 0, places * sizeof(T));
    memset(a_.index + at, 0xff, places * sizeof(int64_t));
  }

  void search(int64_t first, int64_t last) {
    const Scratch scratch(longest_segment(a_.indptr, first, last, kLong));
    if (!scratch.ready()) return faults_.starve();
    for (int64_t i = first; i < last; ++i) {
      const int64_t lo = a_.indptr[i], count = length(i);
      pad(i, count);
      if (count == 0 || count > kLong) continue;
      if (!listing_.read(lo, lo + count, scratch.row.data, faults_)) return;
      for (int64_t k = 0; k < a_.features; k += count <= kRanked ? kColumns : 1) {
        if (count > kRanked) search_column(i, count, k, scratch);
        else rank_columns(i, count, k, smaller(kColumns, a_.features - k), scratch);
      }
    }
  }

  void rank_columns(int64_t segment, int64_t count, int64_t k, int64_t columns, const Scratch& s) const {
    const int64_t stride = kRanked + 64;
    for (int64_t i = 0; i < count; ++i)
      for (int64_t c = 0; c < columns; ++c) s.keys[c * stride + i] = key(s.row[i], k + c);
    for (int64_t c = 0; c < columns; ++c) {
      rank_keys(s.keys.data + c * stride, count, s.ranks.data);
      for (int64_t i = 0; i < count; ++i)
        if (s.ranks[i] < a_.k) write(segment, s.ranks[i], s.row[i], k + c);
    }
  }

  void search_column(int64_t segment, int64_t count, int64_t k, const Scratch& s) {
    for (int64_t i = 0; i < count; ++i) s.entries[i] = {key(s.row[i], k), static_cast<K>(i)};
    const int64_t kept = keep_first(s.entries.data, count, a_.k);
    const Entry<K>* sorted = sort_entries(s.entries.data, s.spare.data, kept, 1);
    if (!sorted) return faults_.starve();
    for (int64_t rank = 0; rank < smaller(a_.k, kept); ++rank) write(segment, rank, s.row[sorted[rank].at], k);
  }

  // Lists the keys up to `bound` of positions from .. to of a segment, and keeps those that may be among the first of them.
  int64_t keep_piece(int64_t lo, int64_t from, int64_t to, int64_t k, K bound, Entry<K>* entries) {
    constexpr int64_t kGlance = 64;
    int64_t rows[kGlance], found = 0;
    K keys[kGlance];
    for (int64_t first = from; first < to; first += kGlance) {
      const int64_t count = smaller(kGlance, to - first);
      K least = kHighest<K>;
      if (a_.order) {
        if (!listing_.read(lo + first, lo + first + count, rows, faults_)) return 0;
        for (int64_t i = 0; i < count; ++i) fetch_near(x_ + rows[i] * a_.features + k, sizeof(T));
        for (int64_t i = 0; i < count; ++i) keys[i] = key(rows[i], k);
      } else {
        for (int64_t i = 0; i < count; ++i) keys[i] = key(lo + first + i, k);
      }
      for (int64_t i = 0; i < count; ++i) least = keys[i] < least ? keys[i] : least;
      if (least > bound) continue;
      for (int64_t i = 0; i < count; ++i) {
        entries[found] = {keys[i], static_cast<K>(first + i)};
        found += keys[i] <= bound;
      }
    }
    return keep_first(entries, found, a_.k);
  }

  // Each piece keeps what may be among the first of the segment; what all of them kept is cut once more and sorted.
  void search_long(int64_t segment) {
    const int64_t lo = a_.indptr[segment], count = length(segment);
    const Buffer<Entry<K>> entries(count), spare(count);  // touched only as far as entries are kept
    const Buffer<int64_t> kept(count / kLong + 1);
    if (!entries.data || !spare.data || !kept.data) return faults_.starve();
    for (int64_t k = 0; k < a_.features && !faults_.any(); ++k) {
      K bound = kHighest<K>;
      const auto keep = [&](int64_t from, int64_t to) {
        const int64_t here = kept[from / kLong] = keep_piece(lo, from, to, k, bound, entries.data + from);
        if (from > 0 || here < a_.k || faults_.any()) return;
        memcpy(spare.data, entries.data, here * sizeof(Entry<K>));
        const Buffer<Entry<K>> second(here);
        const Entry<K>* sorted = second.data ? sort_entries(spare.data, second.data, here, 1) : nullptr;
        if (!sorted) return faults_.starve();
        bound = sorted[a_.k - 1].key;
      };
      keep(0, kLong);
      parallel_ranges(count - kLong, kLong, a_.threads, [&](int64_t from, int64_t to) { keep(from + kLong, to + kLong); });
      if (faults_.any() || faults_.starved) return;
      int64_t all = kept[0];
      for (int64_t from = kLong; from < count; from += kLong) {
        memmove(entries.data + all, entries.data + from, kept[from / kLong] * sizeof(Entry<K>));
        all += kept[from / kLong];
      }
      all = keep_first(entries.data, all, a_.k);
      const Entry<K>* sorted = sort_entries(entries.data, spare.data, all, a_.threads);
      if (!sorted) return faults_.starve();
      for (int64_t rank = 0; rank < smaller(a_.k, all); ++rank) {
        int64_t row;
        if (!listing_.read(lo + sorted[rank].at, lo + sorted[rank].at + 1, &row, faults_)) return;
        write(segment, rank, row, k);
      }
    }
  }
};

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(segment_topk, "indptr x order values index num_segments num_rows features k largest") {
  using namespace weft::WEFT_ISA;
  const auto& a = *static_cast<const Arguments*>(arguments);
  if (a.features * a.k == 0) return weft::kOk;
  return with_values(a, [&](auto value) { return Search<decltype(value)>(a).run(); });
}
