// What belongs to single edges: a term of the score, a factor of the attention, a factor drawn at random, and the gradients of the two
// that are given.
#pragma once
#include "../edge_softmax/row_values.h"
#include "weft/philox.h"

namespace weft {
namespace WEFT_ISA {

template <class T>
struct EdgeFactors {
  using A = Acc<T>;
  const AnyRows* rows;
  const T *score, *weight;   // (edges, heads); (edges, weights); or null
  T *grad_score, *grad_weight;  // the same or null
  int64_t heads, weights;
  bool drops;
  uint64_t seed, limit;  // keeps `limit` of 2^32 draws, times `scale`
  A scale;

  bool any() const { return score || has_factor(); }
  bool has_factor() const { return weight || drops; }
  bool wants_gradients() const { return grad_score || grad_weight; }

  // For positions lo .. hi of edges whose ids were checked; `end` is the last that may be fetched.
  WEFT_OUTLINE void load_scores(int64_t lo, int64_t hi, int64_t end, A* to) const { gather(*rows, score, static_cast<T*>(nullptr), heads, lo, hi, end, to); }

  // What the attention of each edge is multiplied by, and in `drawn` the random part of it alone.
  WEFT_OUTLINE void load_factors(int64_t lo, int64_t hi, int64_t end, A* factor, A* drawn) const {
    const int64_t count = (hi - lo) * heads;
    if (drops) draw_kept<A>(seed, limit, scale, hi - lo, heads, [&](int64_t j) { return rows->edge_at(lo + j); }, drawn);
    else for (int64_t k = 0; k < count; ++k) drawn[k] = A(1);
    if (weight && weights == heads) gather(*rows, weight, static_cast<T*>(nullptr), heads, lo, hi, end, factor);
    for (int64_t p = lo, k = 0; weight && weights != heads && p < hi; ++p) {
      fetch_listed(rows->edge, end, weight, sizeof(T), p);
      const A value = widen(weight[rows->known_edge(p)]);
      for (int64_t h = 0; h < heads; ++h) factor[k++] = value;
    }
    if (!weight) memcpy(factor, drawn, count * sizeof(A));
    else if (drops) for (int64_t k = 0; k < count; ++k) factor[k] *= drawn[k];
  }

  // Writes the gradients of positions lo .. hi.
  WEFT_OUTLINE void store(int64_t lo, int64_t hi, const A* of_score, const A* of_weight) const {
    if (grad_score) scatter(*rows, of_score, heads, lo, hi, grad_score);
    if (!grad_weight) return;
    if (weights == heads) return scatter(*rows, of_weight, heads, lo, hi, grad_weight);
    for (int64_t p = lo; p < hi; ++p, of_weight += heads) {
      A sum = 0;
      for (int64_t h = 0; h < heads; ++h) sum += of_weight[h];
      grad_weight[rows->known_edge(p)] = narrow<T>(sum);
    }
  }
};

}  // namespace WEFT_ISA
}  // namespace weft
