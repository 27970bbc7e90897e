// Dense products in registers: a tile of R rows and V vectors of columns stays in registers while the common dimension runs. Left
// factors are read where they lie, through one pointer a row, so that rows in any order cost no copy; right factors are read in
// vectors, from a matrix as it is if its rows are short and fill vectors, and otherwise from panels of a tile's width, zeros behind.
#pragma once
#include <type_traits>

#include "weft/rows.h"
#include "weft/vector.h"

namespace weft {
namespace WEFT_ISA {

template <class A> constexpr int kTileLanes = kVectorBytes / sizeof(A);
template <class A> constexpr int kTileColumns = 2 * kTileLanes<A>;
#if defined(__AVX512F__)
constexpr int kTileRows = 8;
#elif defined(__AVX2__)
constexpr int kTileRows = 6;
#else
constexpr int kTileRows = 4;
#endif
constexpr int64_t kDeep = 256;        // terms that a panel adds before the next one takes its place in the first cache level
constexpr int64_t kShortRow = 256;    // bytes of a matrix row that is read as it is
constexpr int64_t kRowsAtOnce = 256;  // rows that pass a panel in one go

// Right factors of one type: panel j holds columns j * kTileColumns and on, `stride` values from row to row.
template <class A>
struct Panels {
  const A* data;
  int64_t stride, step;
  const A* at(int64_t j, int64_t row) const { return data + j * step + row * stride; }
};

template <class A>
WEFT_INLINE int64_t panel_values(int64_t depth, int64_t width) {
  return (width + kTileColumns<A> - 1) / kTileColumns<A> * kTileColumns<A> * depth;
}

// Copies a matrix (depth, width), whose rows `row(k)` points to, into panels.
template <class A, class Row>
WEFT_INLINE void pack_panels(const Row& row, int64_t depth, int64_t width, A* to) {
  constexpr int N = kTileLanes<A>;
  for (int64_t k = 0; k < depth; ++k) {
    const auto* from = row(k);
    A* line = to + k * kTileColumns<A>;
    for (int64_t c = 0; c < width; c += kTileColumns<A>, line += depth * kTileColumns<A>)
      for (int64_t v = 0; v < kTileColumns<A>; v += N) {
        if (c + v + N <= width) {
          store<N, A>(line + v, load<N>(from + c + v));
          continue;
        }
        for (int64_t l = 0; l < N; ++l) line[v + l] = c + v + l < width ? widen(from[c + v + l]) : A(0);
      }
  }
}

// The same for the transpose of a matrix (width, depth).
template <class T>
WEFT_INLINE void pack_transposed(const T* from, int64_t depth, int64_t width, Acc<T>* to) {
  using A = Acc<T>;
  for (int64_t c = 0; c < panel_values<A>(1, width); ++c) {
    A* column = to + c / kTileColumns<A> * kTileColumns<A> * depth + c % kTileColumns<A>;
    for (int64_t k = 0; k < depth; ++k) column[k * kTileColumns<A>] = c < width ? widen(from[c * depth + k]) : A(0);
  }
}

// The matrices (depth, width) of all types, copied into panels where they cannot be read as they are. What is_transposed is stored
// as (width, depth).
template <class T>
class Matrices {
  using A = Acc<T>;

 public:
  Matrices(const T* weight, int64_t count, int64_t depth, int64_t width, int64_t threads, bool is_transposed = false)
      : packs_(is_transposed || !std::is_same<T, A>::value || width % kTileLanes<A> || width * static_cast<int64_t>(sizeof(A)) > kShortRow),
        depth_(depth), width_(width), weight_(weight), size_(panel_values<A>(depth, width)), packed_(packs_ ? count * size_ : 0) {
    if (!packs_ || !packed_.data) return;
    parallel_tasks(count, count * size_ < kSerialWork ? 1 : threads, [&](int64_t type) {
      const T* matrix = weight_ + type * depth_ * width_;
      A* to = packed_.data + type * size_;
      if (is_transposed) pack_transposed(matrix, depth_, width_, to);
      else pack_panels<A>([&](int64_t k) { return matrix + k * width_; }, depth_, width_, to);
    });
  }

  bool has_memory() const { return !packs_ || packed_.data || size_ == 0; }

  Panels<A> of(int64_t type) const {
    if (packs_) return {packed_.data + type * size_, kTileColumns<A>, depth_ * kTileColumns<A>};
    return {reinterpret_cast<const A*>(weight_) + type * depth_ * width_, width_, kTileColumns<A>};
  }

 private:
  const bool packs_;
  const int64_t depth_, width_;
  const T* weight_;
  const int64_t size_;
  const Buffer<A> packed_;
};

// to[r][column + c] = start[r][column + c] + sum over k of left(k, r) * panel[k * stride + c], one chain of k for each value.
template <class A, int R, int V, class Left>
WEFT_INLINE void multiply_tile(const Left& left, const A* panel, int64_t stride, int64_t depth, const A* const* start,
                               A* const* to, int64_t column) {
  constexpr int N = kTileLanes<A>;
  Vec<A, N> sum[R][V];
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < V; ++v) sum[r][v] = load<N>(start[r] + column + v * N);
  for (int64_t k = 0; k < depth; ++k, panel += stride) {
    Vec<A, N> right[V];
    for (int v = 0; v < V; ++v) right[v] = load<N>(panel + v * N);
    for (int r = 0; r < R; ++r) {
      const Vec<A, N> factor = splat<A, N>(left(k, r));
      for (int v = 0; v < V; ++v) sum[r][v] = fma<A, N>(factor, right[v], sum[r][v]);
    }
  }
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < V; ++v) store<N, A>(to[r] + column + v * N, sum[r][v]);
}

// The same for `columns` of a tile, through a copy where they do not fill vectors.
template <class A, int R, class Left>
WEFT_INLINE void multiply_some(const Left& left, const A* panel, int64_t stride, int64_t depth, const A* const* start,
                               A* const* to, int64_t column, int64_t columns) {
  constexpr int N = kTileLanes<A>;
  if (columns == 2 * N) return multiply_tile<A, R, 2>(left, panel, stride, depth, start, to, column);
  if (columns == N) return multiply_tile<A, R, 1>(left, panel, stride, depth, start, to, column);
  A values[R][2 * N];
  A* rows[R];
  for (int r = 0; r < R; ++r) {
    rows[r] = values[r];
    for (int64_t c = 0; c < 2 * N; ++c) values[r][c] = c < columns ? start[r][column + c] : A(0);
  }
  if (columns < N) multiply_tile<A, R, 1>(left, panel, stride, depth, rows, rows, 0);
  else multiply_tile<A, R, 2>(left, panel, stride, depth, rows, rows, 0);
  for (int r = 0; r < R; ++r) memcpy(to[r] + column, values[r], columns * sizeof(A));
}

// body(constant R, first row) over `count` rows in tiles, the last ones lower.
template <class Body>
WEFT_INLINE void each_tile(int64_t count, const Body& body) {
  int64_t r = 0;
  for (; r + kTileRows <= count; r += kTileRows) body(Lanes<kTileRows>{}, r);
  if constexpr (kTileRows > 4)
    for (; r + 4 <= count; r += 4) body(Lanes<4>{}, r);
  for (; r + 2 <= count; r += 2) body(Lanes<2>{}, r);
  if (r < count) body(Lanes<1>{}, r);
}

// to[r] = start[r] + rows[r] @ matrix for `count` rows.
template <class A>
static void multiply_rows(const A* const* rows, const A* const* start, A* const* to, int64_t count, const Panels<A>& matrix,
                          int64_t depth, int64_t width) {
  for (int64_t k = 0; k < larger(depth, 1); k += kDeep) {  // without terms the start is copied
    const int64_t terms = smaller(kDeep, depth - k);
    const A* const* from = k == 0 ? start : to;
    for (int64_t c = 0; c < width; c += kTileColumns<A>) {
      const A* panel = matrix.at(c / kTileColumns<A>, k);
      const int64_t columns = smaller(kTileColumns<A>, width - c);
      each_tile(count, [&](auto height, int64_t r) {
        constexpr int R = decltype(height)::count;
        const A* left[R];
        for (int i = 0; i < R; ++i) left[i] = rows[r + i] + k;
        multiply_some<A, R>([&](int64_t at, int i) { return left[i][at]; }, panel, matrix.stride, terms, from + r, to + r, c, columns);
      });
    }
  }
}

// to[k] += sum over p of rows[p][k] * right[p] for k of `depth`: `right` is one panel of `count` rows for each tile of columns.
template <class A>
static void multiply_outer(const A* const* rows, int64_t count, const A* right, A* const* to, int64_t depth, int64_t width) {
  for (int64_t c = 0; c < width; c += kTileColumns<A>) {
    const A* panel = right + c * count;
    const int64_t columns = smaller(kTileColumns<A>, width - c);
    each_tile(depth, [&](auto height, int64_t k) {
      constexpr int R = decltype(height)::count;
      multiply_some<A, R>([&](int64_t p, int i) { return rows[p][k + i]; }, panel, kTileColumns<A>, count, to + k, to + k, c, columns);
    });
  }
}

}  // namespace WEFT_ISA
}  // namespace weft
