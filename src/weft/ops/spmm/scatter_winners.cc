// Memory traffic: winners and gradients once (N x F), as many scattered additions; a target with few edges adds to the whole rows of its
// sources instead. Threads own columns, never rows: two winners may be the same source, and each column adds its gradients in the order
// of targets on any number of threads.
#include <type_traits>

#include "weft/rows.h"
#include "weft/vector.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void *source, *edge, *winner, *grad;
  void* out;
  int64_t num_targets, num_sources, num_edges, features;
};

constexpr int64_t kLine = 16;  // columns that share a cache line stay on one thread
constexpr int64_t kNarrow = 4;  // the most values of a row that are looked up one by one
constexpr int64_t kFew = 8;    // the most edges of a target that are gone through one by one

template <class T, class I>
struct Scatter {
  using A = Acc<T>;
  using Word = std::conditional_t<sizeof(A) == 8, int64_t, int32_t>;  // as wide as a sum, so that lanes match
  const Arguments& a;
  A* sums;
  Faults& faults;

  const I* winners(int64_t target) const { return static_cast<const I*>(a.winner) + target * a.features; }
  const T* grads(int64_t target) const { return static_cast<const T*>(a.grad) + target * a.features; }
  uint64_t source(int64_t p) const { return static_cast<uint64_t>(static_cast<int64_t>(static_cast<const I*>(a.source)[p])); }

  // Offset of the sum that a winner adds to, or -1 if it has none or does not fit.
  int64_t place(int64_t target, int64_t k) const {
    const int64_t p = winners(target)[k];
    if (p < 0) return -1;
    if (__builtin_expect(p >= a.num_edges, 0)) return faults.note(target), -1;
    const uint64_t from = source(p);
    if (__builtin_expect(from >= static_cast<uint64_t>(a.num_sources), 0)) return faults.note(target), -1;
    return from * a.features + k;
  }

  // The edges of a target if they are few; pointers are read once and not trusted.
  struct Edges {
    int64_t first = 0, count = -1;
  };
  Edges few_of(int64_t target) const {
    const int64_t lo = a.indptr[target], hi = a.indptr[target + 1];
    return lo >= 0 && lo <= hi && hi <= a.num_edges && hi - lo <= kFew ? Edges{lo, hi - lo} : Edges{};
  }

  // Goes through the edges of a target and adds to whole rows, 0 where an edge has not won; false if edges of others have.
  bool add_rows(int64_t target, const Edges& edges, int64_t begin, int64_t width, Word* __restrict won, A* __restrict given) const {
    const int64_t lo = edges.first, count = edges.count;
    const I* winner = winners(target) + begin;
    const T* grad = grads(target) + begin;
    bool others = false;
    for (int64_t k = 0; k < width; ++k) {
      const int64_t at = static_cast<int64_t>(winner[k]) - lo;
      others |= winner[k] >= 0 && (at < 0 || at >= count);
      won[k] = static_cast<Word>(winner[k] < 0 ? -1 : at);
      given[k] = widen(grad[k]);
    }
    if (others) return false;
    for (int64_t e = 0; e < count; ++e) {
      const uint64_t from = source(lo + e);
      if (__builtin_expect(from >= static_cast<uint64_t>(a.num_sources), 0)) return faults.note(target), true;
      A* __restrict to = sums + from * a.features + begin;
      const Word edge = static_cast<Word>(e);
      for (int64_t k = 0; k < width; ++k) to[k] += won[k] == edge ? given[k] : A(0);
    }
    return true;
  }

  // Rows of few values: each of all rows is looked up for itself, as what goes for a whole row would cost more than its values.
  void narrow_rows() const {
    const int64_t features = a.features;
    A none = 0;
    for (int64_t target = 0; target < a.num_targets; ++target) {
      fetch_listed(winners(0), a.num_targets * features, a.source, sizeof(I), target * features);
      for (int64_t k = 0; k < features; ++k) {
        const int64_t at = place(target, k);
        A* const to = at < 0 ? &none : sums + at;
        *to += widen(grads(target)[k]);
      }
    }
  }

  void columns(int64_t begin, int64_t end) const {
    const int64_t width = end - begin;
    Buffer<int64_t> places(2 * width);
    Buffer<Word> won(width);
    Buffer<A> given(width);
    if (!places.data || !won.data || !given.data) return faults.note(a.num_targets);
    Edges few[2];
    const auto prepare = [&](int64_t target) {
      const Edges& edges = few[target & 1] = few_of(target);
      for (int64_t e = 0; e < edges.count; ++e) {
        const uint64_t row = reinterpret_cast<uintptr_t>(sums) + (source(edges.first + e) * a.features + begin) * sizeof(A);
        for (uint64_t at = row; at < row + width * sizeof(A); at += 64) __builtin_prefetch(reinterpret_cast<const void*>(at), 1);
      }
      if (edges.count >= 0) return;
      int64_t* to = places.data + (target & 1) * width;
      for (int64_t k = begin; k < end; ++k) {
        const int64_t at = to[k - begin] = place(target, k);
        if (at >= 0) __builtin_prefetch(sums + at, 1);
      }
    };
    if (a.num_targets) prepare(0);
    for (int64_t target = 0; target < a.num_targets; ++target) {
      if (target + 1 < a.num_targets) prepare(target + 1);
      const Edges& edges = few[target & 1];
      if (edges.count >= 0 && add_rows(target, edges, begin, width, won.data, given.data)) continue;
      int64_t* to = places.data + (target & 1) * width;
      if (edges.count >= 0)
        for (int64_t k = 0; k < width; ++k) to[k] = place(target, begin + k);
      for (int64_t k = 0; k < width; ++k)
        if (to[k] >= 0) sums[to[k]] += widen(grads(target)[begin + k]);
    }
  }
};

template <class T, class I>
int scatter_winners(const Arguments& a) {
  using A = Acc<T>;
  const int64_t count = a.num_sources * a.features;
  const bool narrows = sizeof(T) != sizeof(A);
  use_large_pages(a.out, count * sizeof(T));
  Buffer<A> wide(narrows ? count : 0);
  if (narrows && count && !wide.data) return fail(kNoMemory, "no memory for %lld sums", static_cast<long long>(count));
  A* sums = narrows ? wide.data : static_cast<A*>(a.out);
  const int64_t threads = a.num_targets * a.features < kSerialWork ? 1 : a.threads;
  parallel_ranges(count, 1 << 16, threads, [&](int64_t lo, int64_t hi) { memset(sums + lo, 0, (hi - lo) * sizeof(A)); });

  Faults faults;
  const Scatter<T, I> scatter{a, sums, faults};
  const int64_t lines = (a.features + kLine - 1) / kLine, shares = smaller(threads, lines);
  const int64_t grain = (lines + shares - 1) / shares * kLine;
  if (a.features <= kNarrow) scatter.narrow_rows();
  else parallel_ranges(a.features, grain, threads, [&](int64_t begin, int64_t end) { scatter.columns(begin, end); });
  if (faults.any())
    return fail(kBadId, "a winner of target %lld, or the source it stands for, does not exist", static_cast<long long>(faults.position));
  if (narrows)
    parallel_ranges(count, 1 << 16, threads, [&](int64_t lo, int64_t hi) {
      for (int64_t k = lo; k < hi; ++k) static_cast<T*>(a.out)[k] = narrow<T>(sums[k]);
    });
  return kOk;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(scatter_winners, "indptr source edge winner grad out num_targets num_sources num_edges features") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  if (a.num_sources * a.features == 0) return kOk;
  return WEFT_ISA::with_types(a, [&](auto value, auto id) { return WEFT_ISA::scatter_winners<decltype(value), decltype(id)>(a); });
}
