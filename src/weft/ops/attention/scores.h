// The scores of edges, seen from either end. A score is computed from what the row of the walk has of its own and what the other end of
// an edge has; its gradient to the row is a sum over edges. A Score has
//   table, features: rows of the other end that it reads (none: null), and how many values the row has of its own;
//   begin(row, own): where those values are, `own` if it had to copy them;  compute(block, owns, raw): a number for each edge and head, where edge j has the values owns[j];
//   value(raw), slope(raw): the score it stands for, and its derivative;  sums(): how many accumulators the gradient of a row needs;
//   accumulate(block, r, own, gradient, sums, spare): adds the gradients of the numbers of the edges of row r of a block;
//   finish(row, own, sums, values, spare): writes the gradient of the row, or adds it to `values`, which it shares with the values.
#pragma once
#include "../edge_softmax/row_values.h"
#include "heads.h"
#include "slopes.h"

namespace weft {
namespace WEFT_ISA {

// Edges that are looked at together: positions lo .. lo + count, those of several whole rows or some of one; `end` is the last that may be
// fetched. With them come the rows of the other ends for scores and for values.
template <class T>
struct Block {
  int64_t lo, count, end;
  Read<T> scores, values;
  int64_t rows;
  const int64_t *row, *ends;  // the rows, and where the edges of each end, counted from lo
  bool fresh;  // the first of its row or piece; of several it always is

  int64_t begin(int64_t r) const { return r ? ends[r - 1] : 0; }

  // The edges of row r; `is_first` if nobody has read these rows before.
  Segment<T> segment(int64_t r, const Read<T>& read, const Acc<T>* weights, int64_t heads, bool is_first = false) const {
    const int64_t at = begin(r);
    return {read.rows + at, weights + at * heads, heads, ends[r] - at, read.far, is_first ? read.near : 0, fresh};
  }
};

// The values of a row in the accumulation type: where they lie, or copied to `to`.
template <class T>
WEFT_INLINE const Acc<T>* widened(const T* from, int64_t count, Acc<T>* to) {
  if constexpr (std::is_same_v<T, Acc<T>>) return from;
  else {
    for (int64_t k = 0; k < count; ++k) to[k] = widen(from[k]);
    return to;
  }
}

template <class T>
struct Table {
  const T* rows;
  int64_t width;
};

// leaky_relu(own[h] + other[h]) of a number for each end and head.
template <class T>
struct GatScore {
  using A = Acc<T>;
  static constexpr bool kIsPlain = false;
  const AnyRows* rows;
  int64_t heads;
  const A *own_table, *other;
  int64_t stride;  // of `other`
  A negative_slope;
  T* grad;

  Table<T> table() const { return {nullptr, 0}; }
  int64_t features() const { return heads; }
  int64_t sums() const { return heads; }
  bool has_memory() const { return true; }

  const A* begin(int64_t row, A*) const { return own_table + row * heads; }

  void compute(const Block<T>& block, const A* const* owns, A* raw) const {
    const AnyRows ends = *rows;  // a copy, which no store can change
    with_lanes<A>(heads, [&](auto n) {
      constexpr int N = decltype(n)::count;
      for (int64_t j = 0; j < block.count; ++j, raw += heads) {
        fetch_listed(ends.source, block.end, other, stride * sizeof(A), block.lo + j);
        const A *own = owns[j], *from = other + ends.known_source(block.lo + j) * stride;
        for (int64_t k = 0;; k = smaller(k + N, heads - N)) {  // the last vector may overlap the one before it
          store<N, A>(raw + k, load<N>(own + k) + load<N>(from + k));
          if (k + N >= heads) break;
        }
      }
    });
  }

  template <int N>
  WEFT_INLINE_MEMBER Vec<A, N> slope(Vec<A, N> raw) const { return raw > Vec<A, N>{} ? splat<A, N>(1) : splat<A, N>(negative_slope); }
  template <int N>
  WEFT_INLINE_MEMBER Vec<A, N> value(Vec<A, N> raw) const { return raw * slope<N>(raw); }

  void accumulate(const Block<T>& block, int64_t r, const A*, const A* gradient, A* sums, A* spare) const {
    fold_edges(block, r, gradient, heads, A(0), spare, [](auto sum, auto v) { return sum + v; });
    for (int64_t h = 0; h < heads; ++h) sums[h] = block.fresh ? spare[h] : sums[h] + spare[h];
  }

  void finish(int64_t row, const A*, const A* sums, A*, A*) const {
    for (int64_t h = 0; h < heads; ++h) grad[row * heads + h] = narrow<T>(sums[h]);
  }
};

// Scores that are numbers already.
template <class A>
struct PlainScore {
  static constexpr bool kIsPlain = true;
  template <int N>
  WEFT_INLINE_MEMBER Vec<A, N> slope(Vec<A, N>) const { return splat<A, N>(1); }
  template <int N>
  WEFT_INLINE_MEMBER Vec<A, N> value(Vec<A, N> raw) const { return raw; }
};

// For each edge and head, the sum over its features of factor * leaky_relu(own + other).
template <class T>
void sum_bent(const Read<T>& read, const Acc<T>* const* owns, int64_t width, const Acc<T>* factor, Acc<T> negative_slope, Acc<T>* to) {
  sum_heads(read, owns, width, [&](auto x, const Acc<T>* own, int64_t k, auto sum) {
    using A = Acc<T>;
    constexpr int N = sizeof(x) / sizeof(A);
    const Vec<A, N> both = x + load<N>(own + k);
    return fma<A, N>(load<N>(factor + k), both > Vec<A, N>{} ? both : both * splat<A, N>(negative_slope), sum);
  }, to);
}

// Scores that are such sums. With two sums it also finds the gradient of the factor, of
// which each task keeps its part; its gradient of the row is written to `grad`, or without one added to that of the values.
template <class T, int SUMS>
struct Gatv2Score : PlainScore<Acc<T>> {
  using A = Acc<T>;
  const int64_t heads, width;
  const T *own_table, *other;
  const A* factor;
  const A negative_slope;
  T* const grad;
  A* const parts;  // (tasks, features)
  const int64_t rows_of_part;
  const Tiling<T, SUMS, Slopes> tiling;

  Gatv2Score(int64_t heads, int64_t width, const T* own, const T* other, const A* factor, A slope, T* grad, A* parts, int64_t rows)
      : heads(heads), width(width), own_table(own), other(other), factor(factor), negative_slope(slope), grad(grad), parts(parts),
        rows_of_part(rows), tiling(heads * width, heads, kSum, false) {}

  Table<T> table() const { return {other, features()}; }
  int64_t features() const { return heads * width; }
  int64_t sums() const { return tiling.slots; }
  bool has_memory() const { return tiling.tiles.data != nullptr; }

  const A* begin(int64_t row, A* own) const { return widened(own_table + row * features(), features(), own); }

  void compute(const Block<T>& block, const A* const* owns, A* raw) const { sum_bent<T>(block.scores, owns, width, factor, negative_slope, raw); }

  void accumulate(const Block<T>& block, int64_t r, const A* own, const A* gradient, A* sums, A*) const {
    tiling.run(SlopeSegment<T>{block.segment(r, block.scores, gradient, heads), own, negative_slope}, sums, nullptr);
  }

  void finish(int64_t row, const A*, const A* sums, A* values, A* spare) const {
    tiling.unpack(sums, spare);
    for (int64_t k = 0; k < features(); ++k) {
      if (grad) grad[row * features() + k] = narrow<T>(factor[k] * spare[k]);
      else values[k] += factor[k] * spare[k];
    }
    A* part = parts + row / rows_of_part * features();
    for (int64_t k = 0; SUMS == 2 && k < features(); ++k) part[k] += spare[features() + k];
  }
};

// scale * own . other for each head.
template <class T>
struct DotScore : PlainScore<Acc<T>> {
  using A = Acc<T>;
  const int64_t heads, width;
  const T *own_table, *other;
  const A scale;
  T* const grad;
  const Tiling<T, 1, Additions> tiling;

  DotScore(int64_t heads, int64_t width, const T* own, const T* other, A scale, T* grad)
      : heads(heads), width(width), own_table(own), other(other), scale(scale), grad(grad), tiling(heads * width, heads, kSum, false) {}

  Table<T> table() const { return {other, features()}; }
  int64_t features() const { return heads * width; }
  int64_t sums() const { return tiling.slots; }
  bool has_memory() const { return tiling.tiles.data != nullptr; }

  const A* begin(int64_t row, A* own) const {
    for (int64_t k = 0; k < features(); ++k) own[k] = scale * widen(own_table[row * features() + k]);
    return own;
  }

  void compute(const Block<T>& block, const A* const* owns, A* raw) const { dot_heads(block.scores, owns, width, raw); }

  void accumulate(const Block<T>& block, int64_t r, const A*, const A* gradient, A* sums, A*) const {
    tiling.run(block.segment(r, block.scores, gradient, heads), sums, nullptr);
  }

  void finish(int64_t row, const A*, const A* sums, A*, A* spare) const {
    tiling.unpack(sums, spare);
    for (int64_t k = 0; k < features(); ++k) grad[row * features() + k] = narrow<T>(scale * spare[k]);
  }
};

}  // namespace WEFT_ISA
}  // namespace weft
