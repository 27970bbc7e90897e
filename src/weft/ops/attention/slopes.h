// Sums of weights times the slope of leaky_relu(x + own), x the features of an edge: what the score of GATv2 sends back.
#pragma once
#include "../spmm/tiles.h"

namespace weft {
namespace WEFT_ISA {

// The features of the row itself, which meet those of every edge.
template <class T>
struct SlopeSegment : Segment<T> {
  const Acc<T>* own;
  Acc<T> negative_slope;
};

// With two sums the second is of weights times leaky_relu(x + own).
template <class T, int N, int NV, Weighting W, int SUMS>
void slope_tile(const Tile<T>& tile, const Segment<T>& segment, Acc<T>* values, typename Signed<Acc<T>>::type*) {
  using A = Acc<T>;
  using V = Vec<A, N>;
  const auto& s = static_cast<const SlopeSegment<T>&>(segment);
  V sum[SUMS * NV], own[NV];
  values += tile.slot;
  for (int v = 0; v < SUMS * NV; ++v) sum[v] = s.fresh ? V{} : load<N>(values + v * N);
  for (int v = 0; v < NV; ++v) own[v] = load<N>(tile.template at<N, NV>(s.own, v));
  for (int64_t j = 0; j < s.count; ++j) {
    fetch<T, N, NV>(tile, s, j);
    for (int v = 0; v < NV; ++v) {
      const V x = load<N>(tile.template at<N, NV>(s.rows[j], v)) + own[v], weight = weights<T, N, W>(tile, s, j, v);
      const V sloped = x > V{} ? weight : weight * splat<A, N>(s.negative_slope);
      sum[v] += sloped;
      if constexpr (SUMS == 2) sum[NV + v] = fma<A, N>(sloped, x, sum[NV + v]);
    }
  }
  for (int v = 0; v < SUMS * NV; ++v) store<N, A>(values + v * N, sum[v]);
}

struct Slopes {
  template <class T, int N, int NV, Weighting W, int SUMS>
  static typename Tile<T>::Run pick(Reduce, bool) {
    return slope_tile<T, N, NV, W == kNone ? kScalar : W, SUMS>;
  }
};

}  // namespace WEFT_ISA
}  // namespace weft
