// A counting sort of the pairs by column, whose lists leave room for the row of each node. Memory traffic: the columns twice in order, a
// counter for each at a random place; of what is written, half in order and half to scattered places, which are fetched ahead.
#include "../coo_to_csc/counting.h"
#include "../sparse_product/compressed.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void* column;
  int64_t* out_indptr;
  void *neighbor, *pair;
  int64_t num_nodes, num_pairs, total;
};

template <class I>
class Mirror {
 public:
  Mirror(const Arguments& a, int64_t chunks)
      : a_(a), pairs_{"", a.indptr, static_cast<const I*>(a.column), a.num_nodes, a.num_nodes, a.num_pairs}, chunks_(chunks),
        places_(chunks * a.num_nodes), neighbor_(static_cast<I*>(a.neighbor)), pair_(static_cast<I*>(a.pair)) {}

  int run() {
    int status = pairs_.check();
    if (status == kOk) status = check_width<I>(a_.num_pairs, "pairs");
    if (status != kOk) return status;
    if (a_.num_nodes && !places_.data) return fail(kNoMemory, "no memory to count %lld nodes", static_cast<long long>(a_.num_nodes));
    use_large_pages(neighbor_, a_.total * sizeof(I));
    use_large_pages(pair_, a_.total * sizeof(I));
    for_chunks([&](int64_t chunk, int64_t first, int64_t last) { count(places(chunk), first, last); });
    if (faults_.any()) return refuse();
    number();
    if (a_.out_indptr[a_.num_nodes] != a_.total)
      return fail(kBadPointer, "`total` is %lld, but the pairs give %lld neighbours", static_cast<long long>(a_.total),
                  static_cast<long long>(a_.out_indptr[a_.num_nodes]));
    for_chunks([&](int64_t chunk, int64_t first, int64_t last) { list(places(chunk), first, last); });
    return faults_.any() ? refuse() : kOk;
  }

 private:
  int refuse() const { return refuse_id("column", pairs_.column, faults_.position, a_.num_nodes, "nodes"); }
  int64_t* places(int64_t chunk) const { return places_.data + chunk * a_.num_nodes; }

  template <class Task>
  void for_chunks(const Task& task) const {
    for_shares(a_.indptr, a_.num_nodes, chunks_, chunks_, task);
  }

  // How many pairs of other rows have each node as their column.
  void count(int64_t* counts, int64_t first, int64_t last) {
    for (int64_t v = 0; v < a_.num_nodes; ++v) counts[v] = 0;
    for (int64_t row = first; row < last; ++row)
      for (int64_t p = pairs_.begin(row); p < pairs_.end(row); ++p) {
        const uint64_t column = pairs_.column_at(p);
        if (__builtin_expect(!pairs_.fits(column), 0)) return faults_.note(p);
        counts[column] += static_cast<int64_t>(column) != row;
      }
  }

  // Turns counts into places, chunk after chunk in the list of each node; its own row comes behind them.
  void number() {
    int64_t at = 0;
    for (int64_t v = 0; v < a_.num_nodes; ++v) {
      a_.out_indptr[v] = at;
      for (int64_t chunk = 0; chunk < chunks_; ++chunk) {
        const int64_t here = places(chunk)[v];
        places(chunk)[v] = at;
        at += here;
      }
      at += pairs_.end(v) - pairs_.begin(v);
    }
    a_.out_indptr[a_.num_nodes] = at;
  }

  // The counts held when they were taken; a column that another thread changes since must not lead beyond `total`.
  void list(int64_t* place, int64_t first, int64_t last) {
    constexpr int64_t kAhead = 16;
    const int64_t stop = pairs_.begin(last);
    for (int64_t row = first; row < last; ++row) {
      int64_t own = a_.out_indptr[row + 1] - (pairs_.end(row) - pairs_.begin(row));
      for (int64_t p = pairs_.begin(row); p < pairs_.end(row); ++p) {
        const uint64_t ahead = p + kAhead < stop ? pairs_.column_at(p + kAhead) : UINT64_MAX;
        if (__builtin_expect(pairs_.fits(ahead), 1)) __builtin_prefetch(neighbor_ + place[ahead], 1), __builtin_prefetch(pair_ + place[ahead], 1);
        const uint64_t column = pairs_.column_at(p);
        if (__builtin_expect(!pairs_.fits(column) || place[column] >= a_.total, 0)) return faults_.note(p);
        put(own++, static_cast<int64_t>(column), p);
        if (static_cast<int64_t>(column) != row) put(place[column]++, row, p);
      }
    }
  }

  void put(int64_t at, int64_t neighbor, int64_t pair) const { neighbor_[at] = static_cast<I>(neighbor), pair_[at] = static_cast<I>(pair); }

  const Arguments& a_;
  const Compressed<I> pairs_;
  const int64_t chunks_;
  const Buffer<int64_t> places_;
  I *const neighbor_, *const pair_;
  Faults faults_;
};

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(mirror_pairs, "indptr column out_indptr neighbor pair num_nodes num_pairs total") {
  using namespace weft;
  using namespace weft::WEFT_ISA;
  const auto& a = *static_cast<const Arguments*>(arguments);
  return with_ids(a, [&](auto id) {
    return Mirror<decltype(id)>(a, choose_chunks(a.num_pairs, a.num_nodes, a.threads)).run();
  });
}
