// Memory traffic: of short segments rows are read once and results written once, while both stay in the first cache levels; a long
// segment is read and written a column at a time, and in between its keys pass once for each byte that they differ in.
#include "sorting.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void *x, *order;
  void* values;
  int64_t* index;
  int64_t num_segments, num_rows, features, descending;
};

constexpr int64_t kColumns = 16;    // ranked together, so that each cache line of a segment is read once
constexpr int64_t kLong = 1 << 14;  // segments with more rows than this are sorted by all threads, one after another

template <class T>
class Sorting {
  using K = Key<T>;

 public:
  explicit Sorting(const Arguments& a)
      : a_(a), x_(static_cast<const T*>(a.x)), values_(static_cast<T*>(a.values)), flip_(a.descending ? -1 : 0),
        listing_(a.order, a.ids, a.num_rows), plan_(a.indptr, a.num_segments, a.num_rows) {}

  int run() {
    if (plan_.status != kOk) return plan_.status;
    use_large_pages(a_.values, a_.num_rows * a_.features * sizeof(T));
    use_large_pages(a_.index, a_.num_rows * a_.features * sizeof(int64_t));
    for (int64_t h = 0; h < plan_.hubs && !faults_.any(); ++h) {
      const int64_t lo = a_.indptr[plan_.row[h]], hi = a_.indptr[plan_.row[h] + 1];
      if (hi - lo > kHighest<int32_t>) return fail(kBadPointer, "expected at most 2147483647 rows in a segment, got %lld", static_cast<long long>(hi - lo));
      if (hi - lo > kLong) sort_long(lo, hi, a_.threads);
    }
    const int64_t threads = a_.num_rows * a_.features < kSerialWork / 8 ? 1 : a_.threads;
    parallel_segments(a_.indptr, a_.num_segments, larger(64, 16384 / a_.features), threads, [&](int64_t first, int64_t last) { sort(first, last); });
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
    Scratch(int64_t longest, int64_t columns)
        : row(longest), keys((kRanked + 64) * columns), ranks(kRanked + 64), entries(longest > kRanked ? longest : 0),
          spare(longest > kRanked ? longest : 0) {}
    bool ready(int64_t longest) const {
      return keys.data && ranks.data && (row.data || !longest) && (longest <= kRanked || (entries.data && spare.data));
    }
  };

  K key(int64_t row, int64_t k) const { return key_of(x_[row * a_.features + k], flip_); }

  // Value `at` of a segment is the one at `position` of the results.
  void write(int64_t position, int64_t row, int64_t k) const {
    values_[position * a_.features + k] = x_[row * a_.features + k];
    a_.index[position * a_.features + k] = row;
  }

  void sort(int64_t first, int64_t last) {
    const int64_t longest = longest_segment(a_.indptr, first, last, kLong);
    const Scratch scratch(longest, smaller(kColumns, a_.features));
    if (!scratch.ready(longest)) return faults_.starve();
    for (int64_t i = first; i < last; ++i) {
      const int64_t lo = a_.indptr[i], count = a_.indptr[i + 1] - lo;
      if (count == 0 || count > kLong) continue;
      if (!listing_.read(lo, lo + count, scratch.row.data, faults_)) return;
      for (int64_t k = 0; k < a_.features; k += count <= kRanked ? kColumns : 1) {
        if (count > kRanked) sort_column(lo, count, k, scratch);
        else rank_columns(lo, count, k, smaller(kColumns, a_.features - k), scratch);
      }
    }
  }

  void rank_columns(int64_t lo, int64_t count, int64_t k, int64_t columns, const Scratch& s) const {
    const int64_t stride = kRanked + 64;
    for (int64_t i = 0; i < count; ++i)
      for (int64_t c = 0; c < columns; ++c) s.keys[c * stride + i] = key(s.row[i], k + c);
    for (int64_t c = 0; c < columns; ++c) {
      rank_keys(s.keys.data + c * stride, count, s.ranks.data);
      for (int64_t i = 0; i < count; ++i) write(lo + s.ranks[i], s.row[i], k + c);
    }
  }

  void sort_column(int64_t lo, int64_t count, int64_t k, const Scratch& s) {
    for (int64_t i = 0; i < count; ++i) s.entries[i] = {key(s.row[i], k), static_cast<K>(i)};
    const Entry<K>* sorted = sort_by_bytes(s.entries.data, s.spare.data, count, 1);
    if (!sorted) return faults_.starve();
    for (int64_t i = 0; i < count; ++i) write(lo + i, s.row[sorted[i].at], k);
  }

  void sort_long(int64_t lo, int64_t hi, int64_t threads) {
    const int64_t count = hi - lo, grain = 1 << 13;
    const Scratch s(count, 1);
    if (!s.ready(count)) return faults_.starve();
    use_large_pages(s.entries.data, count * sizeof(Entry<K>));
    use_large_pages(s.spare.data, count * sizeof(Entry<K>));
    parallel_ranges(count, grain, threads, [&](int64_t from, int64_t to) { listing_.read(lo + from, lo + to, s.row.data + from, faults_); });
    for (int64_t k = 0; k < a_.features && !faults_.any(); ++k) {
      parallel_ranges(count, grain, threads, [&](int64_t from, int64_t to) {
        for (int64_t i = from; i < to; ++i) {
          fetch_listed(s.row.data, count, x_ + k, a_.features * sizeof(T), i);
          s.entries[i] = {key(s.row[i], k), static_cast<K>(i)};
        }
      });
      const Entry<K>* sorted = sort_by_bytes(s.entries.data, s.spare.data, count, threads);
      if (!sorted) return faults_.starve();
      parallel_ranges(count, grain, threads, [&](int64_t from, int64_t to) {
        for (int64_t i = from; i < to; ++i) {
          if (i + kFarRows < count) __builtin_prefetch(x_ + s.row[sorted[i + kFarRows].at] * a_.features + k);
          write(lo + i, s.row[sorted[i].at], k);
        }
      });
    }
  }
};

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(segment_sort, "indptr x order values index num_segments num_rows features descending") {
  using namespace weft::WEFT_ISA;
  const auto& a = *static_cast<const Arguments*>(arguments);
  if (a.features == 0) return weft::kOk;
  return with_values(a, [&](auto value) { return Sorting<decltype(value)>(a).run(); });
}
