// Memory traffic: winners and gradients once (N x F), as many scattered additions. Threads own columns, never rows: two winners
// may be the same source, and each column adds its gradients in the order of targets on any number of threads.
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

template <class T, class I>
struct Scatter {
  using A = Acc<T>;
  const Arguments& a;
  A* sums;
  Faults& faults;

  // Offset of the sum that a winner adds to, or -1 if it has none or does not fit.
  int64_t place(int64_t target, int64_t k) const {
    const int64_t p = static_cast<const I*>(a.winner)[target * a.features + k];
    if (p < 0) return -1;
    if (__builtin_expect(p >= a.num_edges, 0)) return faults.note(target), -1;
    const uint64_t source = static_cast<uint64_t>(static_cast<int64_t>(static_cast<const I*>(a.source)[p]));
    if (__builtin_expect(source >= static_cast<uint64_t>(a.num_sources), 0)) return faults.note(target), -1;
    return source * a.features + k;
  }

  void columns(int64_t begin, int64_t end) const {
    const T* grad = static_cast<const T*>(a.grad);
    const int64_t width = end - begin;
    Buffer<int64_t> places(2 * width);
    if (!places.data) return faults.note(a.num_targets);
    const auto prepare = [&](int64_t target) {
      int64_t* to = places.data + (target & 1) * width;
      for (int64_t k = begin; k < end; ++k) {
        const int64_t at = to[k - begin] = place(target, k);
        if (at >= 0) __builtin_prefetch(sums + at, 1);
      }
    };
    if (a.num_targets) prepare(0);
    for (int64_t target = 0; target < a.num_targets; ++target) {
      if (target + 1 < a.num_targets) prepare(target + 1);
      const int64_t* to = places.data + (target & 1) * width;
      for (int64_t k = 0; k < width; ++k)
        if (to[k] >= 0) sums[to[k]] += widen(grad[target * a.features + begin + k]);
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
  parallel_ranges(a.features, grain, threads, [&](int64_t begin, int64_t end) { scatter.columns(begin, end); });
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
