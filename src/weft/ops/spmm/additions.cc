// Sums of the rows of some edges, with one set of weights or two.
#include "tiles.h"

namespace weft {
namespace WEFT_ISA {
namespace {

// Memory: each edge's row is read once for all SUMS, from cache lines fetched some edges earlier; accumulators live in registers.
template <class T, int N, int NV, Weighting W, int SUMS>
void add_tile(const Tile<T>& tile, const Segment<T>& s, Acc<T>* values, typename Signed<Acc<T>>::type*) {
  using A = Acc<T>;
  Vec<A, N> sum[SUMS * NV];
  values += tile.slot;
  for (int v = 0; v < SUMS * NV; ++v) sum[v] = s.fresh ? Vec<A, N>{} : load<N>(values + v * N);
  for (int64_t j = 0; j < s.count; ++j) {
    fetch<T, N, NV>(tile, s, j);
    for (int v = 0; v < NV; ++v) {
      const auto x = load<N>(tile.template at<N, NV>(s.rows[j], v));
      for (int k = 0; k < SUMS; ++k) {
        if constexpr (W == kNone) sum[v] += x;
        else sum[k * NV + v] = fma<A, N>(weights<T, N, W>(tile, s, j, v, k), x, sum[k * NV + v]);
      }
    }
  }
  for (int v = 0; v < SUMS * NV; ++v) store<N, A>(values + v * N, sum[v]);
}

}  // namespace

template <class T, int SUMS>
typename Tile<T>::Run Additions<T, SUMS>::of(const Shape& shape) {
  return kernel_of<T, SUMS>(shape, [](auto fixed) -> typename Tile<T>::Run {
    using F = decltype(fixed);
    return add_tile<T, F::N, F::NV, F::W, SUMS>;
  });
}

WEFT_EVERY_TYPE(Additions, 1)
WEFT_EVERY_TYPE(Additions, 2)

}  // namespace WEFT_ISA
}  // namespace weft
