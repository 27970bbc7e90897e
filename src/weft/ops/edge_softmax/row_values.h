// The values of the edges of some rows, edges by heads, as one run: rows one behind the other, edges in the order of their rows. Behind each
// run there is room for a vector more.
#pragma once
#include "weft/rows.h"
#include "weft/vector.h"

namespace weft {
namespace WEFT_ISA {

// Copies the values of positions lo .. hi together, whose ids were checked. Rows up to position `end` are fetched ahead, and beside
// each the row of `other`, which will be written, if it is given.
template <class T, class I>
WEFT_INLINE void gather(const Rows<I>& rows, const T* from, const T* other, int64_t heads, int64_t lo, int64_t hi, int64_t end, Acc<T>* to) {
  with_lanes<Acc<T>>(heads, [&](auto n) {
    for (int64_t p = lo; p < hi; ++p, to += heads) {
      fetch_listed(rows.edge, end, from, heads * sizeof(T), p);
      if (other && rows.edge && p + kFarRows < end) fetch_far(other + rows.edge_at(p + kFarRows) * heads, heads * sizeof(T));
      widen_row<decltype(n)::count>(from + rows.known_edge(p) * heads, heads, to);
    }
  });
}

// Writes the values of positions lo .. hi, whose ids were checked, to their places.
template <class T, class I>
WEFT_INLINE void scatter(const Rows<I>& rows, const Acc<T>* from, int64_t heads, int64_t lo, int64_t hi, T* to) {
  with_lanes<Acc<T>>(heads, [&](auto n) {
    constexpr int N = decltype(n)::count;
    for (int64_t p = lo; p < hi; ++p, from += heads) {
      T* row = to + rows.known_edge(p) * heads;
      int64_t k = 0;
      for (; k + N <= heads; k += N) store<N>(row + k, load<N>(from + k));
      if (k < heads) store<N>(row + heads - N, load<N>(from + heads - N));
    }
  });
}

// Folds the values of the edges of row r of a block, which are its begin(r) .. ends[r], into result[head].
template <class A, class Block, class Fold>
WEFT_INLINE void fold_edges(const Block& block, int64_t r, const A* values, int64_t heads, A start, A* result, const Fold& with) {
  constexpr int L = kVectorBytes / sizeof(A);
  const A* const from = values + block.begin(r) * heads;
  const int64_t edges = block.ends[r] - block.begin(r), count = edges * heads;
  if (L % heads == 0 && count >= 2 * L) {  // a vector has the values of several edges
    Vec<A, L> all = load<L>(from);
    int64_t k = L;
    for (; k + L <= count; k += L) all = with(all, load<L>(from + k));
    A lanes[L];
    store<L, A>(lanes, all);
    for (; k < count; ++k) lanes[k % L] = with(lanes[k % L], from[k]);
    for (int64_t h = 0; h < heads; ++h) {
      result[h] = lanes[h];
      for (int64_t l = h + heads; l < L; l += heads) result[h] = with(result[h], lanes[l]);
    }
    return;
  }
  with_lanes<A>(heads, [&](auto n) {
    constexpr int N = decltype(n)::count;
    for (int64_t k = 0;; k = smaller(k + N, heads - N)) {  // the last vector may overlap the one before it
      Vec<A, N> all = splat<A, N>(start);
      for (int64_t j = 0; j < edges; ++j) all = with(all, load<N>(from + j * heads + k));
      store<N, A>(result + k, all);
      if (k + N >= heads) break;
    }
  });
}

// Repeats for each edge of a block the numbers of its row r, of_row(r), of which there are as many as heads.
template <class A, class Block, class OfRow>
WEFT_INLINE void repeat_for_edges(const Block& block, int64_t heads, A* to, const OfRow& of_row) {
  with_lanes<A>(heads, [&](auto n) {
    for (int64_t r = 0; r < block.rows; ++r) {
      const A* const numbers = of_row(r);
      for (int64_t j = block.begin(r); j < block.ends[r]; ++j) widen_row<decltype(n)::count>(numbers, heads, to + j * heads);
    }
  });
}

// Calls body(k, numbers) for each vector k .. k + L of the values of a block, with the numbers that of_row gives for them; `repeated` is
// scratch, a number for each value.
template <int L, class A, class Block, class OfRow, class Body>
WEFT_INLINE void each_with_numbers(const Block& block, int64_t heads, A* repeated, const OfRow& of_row, const Body& body) {
  if (heads % L == 0) {
    for (int64_t r = 0, k = 0; r < block.rows; ++r) {
      const A* const numbers = of_row(r);
      for (int64_t j = block.begin(r); j < block.ends[r]; ++j)
        for (int64_t h = 0; h < heads; h += L, k += L) body(k, load<L>(numbers + h));
    }
    return;
  }
  repeat_for_edges(block, heads, repeated, of_row);
  for (int64_t k = 0; k < block.ends[block.rows - 1] * heads; k += L) body(k, load<L>(repeated + k));
}

}  // namespace WEFT_ISA
}  // namespace weft
