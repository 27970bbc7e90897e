// Sums of whole rows, weighted or not.
#include "row_tiles.h"

namespace weft {
namespace WEFT_ISA {
namespace {

template <class T, int N, int NV, Weighting W>
struct RowSum {
  using A = Acc<T>;
  using S = typename Signed<A>::type;
  const Tile<T>& tile;
  const HeldSegment<T, NV> s;
  const bool is_plain;
  Vec<A, N> sum[NV];
  static constexpr bool kWritesFast = N == 1 || writes_fast<T, N, NV>();  // up to four values one by one, too

  RowSum(const Tile<T>& tile, const RowSegment<T>& s) : tile(tile), s(s), is_plain(!s.scale && !s.divides) {}

  WEFT_INLINE_MEMBER void start() {
    WEFT_UNROLL for (int v = 0; v < NV; ++v) sum[v] = Vec<A, N>{};
  }

  WEFT_INLINE_MEMBER void resume(const A* values, const S*) {
    WEFT_UNROLL for (int v = 0; v < NV; ++v) sum[v] = load<N>(values + tile.slot + v * N);
  }

  WEFT_INLINE_MEMBER void take(int64_t begin, int64_t at, int64_t end) {
    for (int64_t j = at; j < end; ++j) add(j, begin, false);
  }

  WEFT_INLINE_MEMBER void add(int64_t j, int64_t, bool starts) {
    fetch<T, N, NV>(tile, s, j);
    const auto none = splat<S, N>(-static_cast<S>(starts));
    WEFT_UNROLL for (int v = 0; v < NV; ++v) {
      const auto x = load<N>(tile.template at<N, NV>(s.rows[j], v));
      const auto before = none ? Vec<A, N>{} : sum[v];
      if constexpr (W == kNone) sum[v] = before + x;
      else sum[v] = fma<A, N>(weights<T, N, W>(tile, s, j, v), x, before);
    }
  }

  WEFT_INLINE_MEMBER void keep(A* values, S*) const {
    WEFT_UNROLL for (int v = 0; v < NV; ++v) store<N, A>(values + tile.slot + v * N, sum[v]);
  }

  WEFT_INLINE_MEMBER void move(int64_t) {}

  // Where nothing divides or multiplies a row, the sum of none is written as it is.
  WEFT_INLINE_MEMBER void finish(int64_t row, int64_t begin, int64_t degree) {
    if (is_plain) WEFT_UNROLL for (int v = 0; v < NV; ++v) store<N>(tile.template at<N, NV>(s.out + row * s.features, v), sum[v]);
    else if (degree > 0) write(row, begin, degree);
    else clear(row);
    start();
  }

  WEFT_INLINE_MEMBER void write(int64_t row, int64_t, int64_t degree) const {
    const A factor = s.scale ? widen(s.scale[row]) : A(1);
    T* const to = s.out + row * s.features;
    if (s.divides) write_divided(static_cast<A>(degree), factor, to);
    else WEFT_UNROLL for (int v = 0; v < NV; ++v) write_sums<T, N>(sum[v], A(1), factor, tile.template at<N, NV>(to, v));
  }

  WEFT_INLINE_MEMBER void write_divided(A divisor, A factor, T* to) const {
    WEFT_UNROLL for (int v = 0; v < NV; ++v) write_sums<T, N>(sum[v], divisor, factor, tile.template at<N, NV>(to, v));
  }

  WEFT_INLINE_MEMBER void clear(int64_t row) const { memset(s.out + row * s.features + tile.begin, 0, tile.width() * sizeof(T)); }
  WEFT_INLINE_MEMBER bool holds() const { return true; }
};

template <class T, int N, int NV, Weighting W>
void sum_rows(const Tile<T>& tile, const Segment<T>& segment, Acc<T>* values, typename Signed<Acc<T>>::type* winners) {
  const auto& s = static_cast<const RowSegment<T>&>(segment);
  walk_rows<T>(RowSum<T, N, NV, W>(tile, s), s, values, winners);
}

}  // namespace

template <class T, int SUMS>
typename Tile<T>::Run RowSums<T, SUMS>::of(const Shape& shape) {
  return kernel_of<T, SUMS>(shape, [](auto fixed) -> typename Tile<T>::Run {
    using F = decltype(fixed);
    return sum_rows<T, F::N, F::NV, F::W>;
  });
}

WEFT_EVERY_TYPE(RowSums, 1)

}  // namespace WEFT_ISA
}  // namespace weft
