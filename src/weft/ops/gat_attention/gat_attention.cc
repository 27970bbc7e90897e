// Memory traffic: the row of a source once an edge (E x F, prefetched), its half of the score twice (E x H, from a table of N x H
// that the caches hold), results once (N x F). Nothing of size E is written.
#include "../spmm/arguments.h"
#include "attention_walk.h"

extern "C" int WEFT_PASTE(weft, reduce, WEFT_ISA)(const void* arguments);

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void *source, *edge, *z, *left, *right;
  void *out, *lse;
  int64_t num_targets, num_sources, num_edges, heads, width, slope;
};

template <class T>
struct Forward {
  using A = Acc<T>;
  static constexpr int kSums = 1, kTables = 1, kOwn = 2;
  const A *table, *right, *top;  // `left`; `right`; the highest score of each target
  int64_t heads, width;
  A slope;
  T* out;
  A* lse;

  const A* own(int t, int64_t row) const { return (t == 0 ? right : top) + row * heads; }

  template <int N>
  WEFT_INLINE_MEMBER void weigh(const Vec<A, N> (&read)[3], Vec<A, N> (&weights)[2]) const {
    weights[0] = weights[1] = vexp<A, N>(Score<A, N>(read[0], read[1], slope).value - read[2]);
  }

  void finish(int64_t row, const A* sums, const A* total) const {
    T* to = out + row * heads * width;
    for (int64_t h = 0; h < heads; ++h) {
      const A scale = A(1) / total[h];
      for (int64_t k = h * width; k < (h + 1) * width; ++k) to[k] = narrow<T>(sums[k] * scale);
      if (lse) lse[row * heads + h] = top[row * heads + h] + natural_log(total[h]);
    }
  }

  void clear(int64_t row) const {
    memset(out + row * heads * width, 0, heads * width * sizeof(T));
    if (lse) memset(lse + row * heads, 0, heads * sizeof(A));
  }
};

template <class T, class I>
int attend(const Arguments& a) {
  using A = Acc<T>;
  const Rows<I> rows{a.indptr, static_cast<const I*>(a.source), nullptr, a.num_targets, a.num_sources, a.num_edges};
  const A slope = static_cast<A>(bit_cast<double>(a.slope));
  const Widened<T> left(a.left, a.num_sources * a.heads), right(a.right, a.num_targets * a.heads);
  Buffer<A> top(a.num_targets * a.heads);
  if (!left.has_memory(a.num_sources) || !right.has_memory(a.num_targets) || !top.data)
    return fail(kNoMemory, "no memory for the scores of nodes");
  use_large_pages(a.out, a.num_targets * a.heads * a.width * sizeof(T));
  const ReduceArguments highest{{a.isa, a.threads, sizeof(A) == 4 ? kF32 : kF64, a.ids}, a.indptr, a.source, nullptr, left.data,
                                nullptr, nullptr, nullptr, top.data, nullptr, a.num_targets, a.num_sources, a.num_edges, a.heads, 0, 2};
  const int status = WEFT_PASTE(weft, reduce, WEFT_ISA)(&highest);
  if (status != kOk) return status;
  // The highest score belongs to the highest `left`, as the slope is not negative. Scores that are all -inf have nothing to be
  // measured from; exp of each is 0, and the row becomes NaN in the end.
  for (int64_t k = 0; k < a.num_targets * a.heads; ++k) {
    const A score = Score<A, 1>(top[k], right.data[k], slope).value;
    top[k] = score == -__builtin_inf() ? A(0) : score;
  }
  const Forward<T> pass{left.data, right.data, top.data, a.heads, a.width, slope, static_cast<T*>(a.out), static_cast<A*>(a.lse)};
  return AttentionWalk<T, I, Forward<T>>(rows, a.heads, a.width, static_cast<const T*>(a.z), pass).run(a.threads);
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(gat_attention, "indptr source edge z left right out lse num_targets num_sources num_edges heads width slope") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  if (a.num_targets * a.heads == 0) return kOk;
  return WEFT_ISA::with_types(a, [&](auto value, auto id) { return WEFT_ISA::attend<decltype(value), decltype(id)>(a); });
}
