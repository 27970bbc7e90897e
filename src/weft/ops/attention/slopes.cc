// The kernels of slopes.h.
#include "slopes.h"

namespace weft {
namespace WEFT_ISA {
namespace {

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

}  // namespace

template <class T, int SUMS>
typename Tile<T>::Run Slopes<T, SUMS>::of(const Shape& shape) {
  return kernel_of<T, SUMS>(shape, [](auto fixed) -> typename Tile<T>::Run {
    using F = decltype(fixed);
    if constexpr (F::W == kNone) return nullptr;  // there always is a weight
    else return slope_tile<T, F::N, F::NV, F::W, SUMS>;
  });
}

WEFT_EVERY_TYPE(Slopes, 1)
WEFT_EVERY_TYPE(Slopes, 2)

}  // namespace WEFT_ISA
}  // namespace weft
