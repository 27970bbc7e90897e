// Consecutive segments of positions, one a type, and the rows that an order lists at those positions.
#pragma once
#include "../coo_to_csc/counting.h"
#include "tiles.h"

namespace weft {
namespace WEFT_ISA {

struct Segments {
  const int64_t* indptr;
  int64_t count;

  // body(type, first, last) for the parts of segments within lo .. hi, until one returns false.
  template <class Body>
  void each(int64_t lo, int64_t hi, const Body& body) const {
    int64_t type = 0, end = count;
    while (end - type > 1) {
      const int64_t middle = (type + end) / 2;
      (indptr[middle] <= lo ? type : end) = middle;
    }
    for (; type < count && indptr[type] < hi; ++type) {
      const int64_t first = larger(lo, indptr[type]), last = smaller(hi, indptr[type + 1]);
      if (first < last && !body(type, first, last)) return;
    }
  }
};

template <class I>
struct Order {
  const I* order;  // null: in sequence
  int64_t rows;

  // Row numbers at positions p .. p + count; false if one does not fit, which `faults` then knows.
  bool read(int64_t p, int64_t count, int64_t* ids, Faults& faults) const {
    for (int64_t r = 0; r < count; ++r) {
      ids[r] = order ? static_cast<int64_t>(order[p + r]) : p + r;
      if (__builtin_expect(static_cast<uint64_t>(ids[r]) >= static_cast<uint64_t>(rows), 0)) {
        faults.note(p + r);
        return false;
      }
    }
    return true;
  }
};

template <class T>
WEFT_INLINE void widen_values(const T* from, int64_t count, Acc<T>* to) {
  constexpr int N = kTileLanes<Acc<T>>;
  int64_t k = 0;
  for (; k + N <= count; k += N) store<N, Acc<T>>(to + k, load<N>(from + k));
  for (; k < count; ++k) to[k] = widen(from[k]);
}

template <class T>
WEFT_INLINE void narrow_values(const Acc<T>* from, int64_t count, T* to) {
  constexpr int N = kTileLanes<Acc<T>>;
  int64_t k = 0;
  for (; k + N <= count; k += N) store<N, T>(to + k, load<N>(from + k));
  for (; k < count; ++k) to[k] = narrow<T>(from[k]);
}

// Pointers to columns first .. first + columns of the listed rows of x, through a widened copy if T is not what products add in.
template <class T>
WEFT_INLINE void point_to_rows(const T* x, int64_t width, const int64_t* ids, int64_t count, bool is_listed, int64_t first, int64_t columns,
                               Acc<T>* wide, const Acc<T>** rows) {
  if (is_listed)
    for (int64_t r = 0; r < count; ++r) fetch_near(x + ids[r] * width + first, columns * sizeof(T));
  for (int64_t r = 0; r < count; ++r) {
    const T* row = x + ids[r] * width + first;
    if constexpr (std::is_same<T, Acc<T>>::value) {
      rows[r] = row;
    } else {
      rows[r] = wide + r * columns;
      widen_values(row, columns, wide + r * columns);
    }
  }
}

}  // namespace WEFT_ISA
}  // namespace weft
