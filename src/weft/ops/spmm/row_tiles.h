// Tile kernels that reduce the rows of a segment one behind the other, and write those that end in it straight from their registers:
// how they walk; what they do is in row_sums.cc and row_bests.cc.
#pragma once
#include "values.h"

namespace weft {
namespace WEFT_ISA {

// Before a loop over the vectors of a tile: it is unrolled before GCC decides whether they stay in registers.
#define WEFT_UNROLL _Pragma("GCC unroll 8")

// Rows `first` .. `end` end in this segment, and one more goes on behind it if `open`; row i has positions indptr[i] .. indptr[i + 1].
template <class T>
struct RowSegment : Segment<T> {
  const int64_t* indptr;
  int64_t base;  // position of the first edge of the segment
  int64_t first, end;
  bool open;
  T* out;        // (rows, features)
  void* winner;  // the same, ids
  bool wide;     // of 64 bits
  int64_t features;
  const T* scale;  // of each row, or null
  bool divides;    // by the number of edges
  Acc<T> sign = 1;  // of what is the best: -1 for minima
};

// Of one tile a copy, whose parts no store can change; of several, which are called for every row, the segment itself.
template <class T, int NV>
using HeldSegment = std::conditional_t<(NV < kTile), RowSegment<T>, const RowSegment<T>&>;

// Whether a tile is written within so few instructions that it can be after every edge.
template <class T, int N, int NV>
constexpr bool writes_fast() { return N > 1 && NV * sizeof(Acc<T>) <= 2 * sizeof(T); }

// Takes the edges of rows that end in a segment one by one, without a branch that depends on where rows end: each writes what its row
// has come to, and the last one of a row is right. Not for rows that are divided, which would be after each edge.
template <class T, class Work>
WEFT_INLINE void walk_few(Work& work, const RowSegment<T>& s, int64_t edges) {
  int64_t begins[kMostEdges + 1], begin = s.fresh ? 0 : s.indptr[s.first] - s.base, row = s.first;
  if (find_begins(s.indptr, row, s.end, s.base, edges, begins)) {
    for (int64_t empty = row, at = begin; empty < s.end; ++empty) {
      const int64_t end = smaller(edges, s.indptr[empty + 1] - s.base);
      if (end <= at) work.clear(empty);
      at = larger(at, end);
    }
  }
  if (!s.fresh) begins[0] = -1, work.move(begin);
  for (int64_t j = 0; j < edges; ++j) {
    row = larger(row, s.first + begins[j]);
    work.add(j, 0, begins[j] >= 0);
    work.write(row, 0, 1);
  }
}

// Walks the rows of a segment; false if what the work found does not hold. A Work has
//   start(), or resume(values, winners), and keep(values, winners): what it holds of a row that other segments have edges of, too;
//   take(begin, at, end): edges at .. end, if any, of a row whose first is `begin`;  finish(row, begin, degree), which starts anew;  holds();
//   add(edge, begin, starts): one edge, before which the work starts anew or does not;  move(begin): counts from another `begin`;
//   write(row, begin, degree), clear(row): a row of some edges, and of none.
template <class T, class Work>
WEFT_INLINE bool walk_rows(Work work, const RowSegment<T>& s, Acc<T>* values, typename Signed<Acc<T>>::type* winners) {
  if (s.fresh) work.start();
  else work.resume(values, winners);
  int64_t at = 0, row = s.first;
  const int64_t ended = s.indptr[s.end] - s.base;
  if (Work::kWritesFast && !s.divides && 0 < ended && ended <= smaller(kMostEdges, (s.end - row) * kFewEdges)) {
    at = smaller(s.count, ended);
    walk_few<T>(work, s, at);
    work.start();
    row = s.end;
  }
  for (; row < s.end; ++row) {
    // Pointers were checked; what another thread writes there meanwhile must not lead out of the segment.
    const int64_t begin = s.indptr[row] - s.base, end = s.indptr[row + 1] - s.base, stop = smaller(end, s.count);
    work.take(begin, at, stop);
    work.finish(row, begin, end - begin);
    at = larger(at, stop);
  }
  if (s.open) work.take(s.indptr[row] - s.base, at, s.count);
  if (!work.holds()) return false;
  if (s.open) work.keep(values, winners);
  return true;
}

// Sums of the rows, and the best value of each feature (with the edge that has it, if the shape tracks it).
template <class T, int SUMS>
struct RowSums {
  static typename Tile<T>::Run of(const Shape& shape);
};

template <class T, int SUMS>
struct RowBests {
  static typename Tile<T>::Run of(const Shape& shape);
};

template <class T, int SUMS>
struct RowReductions {
  static typename Tile<T>::Run of(const Shape& shape) {
    return shape.reduce == kMax || shape.reduce == kMin ? RowBests<T, SUMS>::of(shape) : RowSums<T, SUMS>::of(shape);
  }
};

}  // namespace WEFT_ISA
}  // namespace weft
