// Memory traffic: by target the rows of sources once an edge (E x F), by source the rows of gradients once an edge (E x F), both
// prefetched; gradients once (N x F). The softmax is computed again in both walks; nothing of size E is written.
//
// With a[e] = grad[i] . z[j] and c[i] = the sum of p[e] a[e] over the edges of i, the gradient of the score of e is
// p[e] (a[e] - c[i]). Its sum over the edges of a node, times the slope s[e] of the score, needs no a[e]:
//   grad_right[i] = grad[i] . (sum of s p z[j]) - c[i] (sum of s p),    c[i] = grad[i] . (sum of p z[j])
//   grad_left[j] = z[j] . (sum of s p grad[i]) - (sum of s p c[i]),     grad_z[j] = sum of p grad[i]
#include "attention_walk.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void *source, *edge;
  const int64_t* by_source_indptr;
  const void *by_source, *by_source_edge, *z, *left, *right, *lse, *grad;
  void *grad_z, *grad_left, *grad_right;
  int64_t num_targets, num_sources, num_edges, heads, width, slope;
};

template <class T>
struct ByTarget {
  using A = Acc<T>;
  static constexpr int kSums = 2, kTables = 1, kOwn = 2;
  const A *table, *right, *lse;  // `left`; the others by target
  int64_t heads, width;
  A slope;
  const T* grad;
  T* grad_right;
  A* packed;  // right, lse and c of each target, a head after the other

  const A* own(int t, int64_t row) const { return (t == 0 ? right : lse) + row * heads; }

  template <int N>
  WEFT_INLINE_MEMBER void weigh(const Vec<A, N> (&read)[3], Vec<A, N> (&weights)[3]) const {
    const Score<A, N> score(read[0], read[1], slope);
    weights[0] = vexp<A, N>(score.value - read[2]);
    weights[1] = weights[2] = weights[0] * score.slope;
  }

  void finish(int64_t row, A* sums, const A* extra) const {
    const T* mine = grad + row * heads * width;
    A *to = packed + row * 3 * heads, *c = to + 2 * heads;
    memcpy(to, right + row * heads, heads * sizeof(A));
    memcpy(to + heads, lse + row * heads, heads * sizeof(A));
    dot_heads(mine, sums, heads, width, c);
    dot_heads(mine, sums + heads * width, heads, width, sums);
    for (int64_t h = 0; h < heads; ++h) grad_right[row * heads + h] = narrow<T>(sums[h] - c[h] * extra[h]);
  }

  void clear(int64_t row) const { memset(grad_right + row * heads, 0, heads * sizeof(T)); }
};

template <class T>
struct BySource {
  using A = Acc<T>;
  static constexpr int kSums = 2, kTables = 3, kOwn = 1;
  const A *table, *left;  // what ByTarget packed; `left`
  int64_t heads, width;
  A slope;
  const T* z;
  T *grad_z, *grad_left;

  const A* own(int, int64_t row) const { return left + row * heads; }

  template <int N>
  WEFT_INLINE_MEMBER void weigh(const Vec<A, N> (&read)[4], Vec<A, N> (&weights)[3]) const {
    const Score<A, N> score(read[3], read[0], slope);
    weights[0] = vexp<A, N>(score.value - read[1]);
    weights[1] = weights[0] * score.slope;
    weights[2] = weights[1] * read[2];
  }

  void finish(int64_t row, A* sums, const A* extra) const {
    const int64_t features = heads * width;
    for (int64_t k = 0; k < features; ++k) grad_z[row * features + k] = narrow<T>(sums[k]);
    dot_heads(z + row * features, sums + features, heads, width, sums);
    for (int64_t h = 0; h < heads; ++h) grad_left[row * heads + h] = narrow<T>(sums[h] - extra[h]);
  }

  void clear(int64_t row) const {
    memset(grad_z + row * heads * width, 0, heads * width * sizeof(T));
    memset(grad_left + row * heads, 0, heads * sizeof(T));
  }
};

template <class T, class I>
int backward(const Arguments& a) {
  using A = Acc<T>;
  const Rows<I> in{a.indptr, static_cast<const I*>(a.source), nullptr, a.num_targets, a.num_sources, a.num_edges};
  const Rows<I> out{a.by_source_indptr, static_cast<const I*>(a.by_source), nullptr, a.num_sources, a.num_targets, a.num_edges};
  const A slope = static_cast<A>(bit_cast<double>(a.slope));
  const Widened<T> left(a.left, a.num_sources * a.heads), right(a.right, a.num_targets * a.heads);
  Buffer<A> packed(a.num_targets * 3 * a.heads);
  if (!left.has_memory(a.num_sources) || !right.has_memory(a.num_targets) || (a.num_targets && !packed.data))
    return fail(kNoMemory, "no memory for the scores of nodes");
  use_large_pages(packed.data, a.num_targets * 3 * a.heads * sizeof(A));
  use_large_pages(a.grad_z, a.num_sources * a.heads * a.width * sizeof(T));
  const T *z = static_cast<const T*>(a.z), *grad = static_cast<const T*>(a.grad);
  const ByTarget<T> by_target{left.data, right.data, static_cast<const A*>(a.lse), a.heads, a.width, slope, grad,
                              static_cast<T*>(a.grad_right), packed.data};
  const int status = AttentionWalk<T, I, ByTarget<T>>(in, a.heads, a.width, z, by_target).run(a.threads);
  if (status != kOk) return status;
  const BySource<T> by_source{packed.data, left.data, a.heads, a.width, slope, z, static_cast<T*>(a.grad_z), static_cast<T*>(a.grad_left)};
  return AttentionWalk<T, I, BySource<T>>(out, a.heads, a.width, grad, by_source).run(a.threads);
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(gat_attention_backward,
            "indptr source edge by_source_indptr by_source by_source_edge z left right lse grad grad_z grad_left grad_right "
            "num_targets num_sources num_edges heads width slope") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  if (a.heads == 0) return kOk;
  return WEFT_ISA::with_types(a, [&](auto value, auto id) { return WEFT_ISA::backward<decltype(value), decltype(id)>(a); });
}
