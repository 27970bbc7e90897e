// The values of one row, edges by heads, as one flat run of vectors: lane l of the run belongs to head l mod heads, and a period of
// lcm(heads, lanes) values repeats. Padding to whole periods leaves no tail.
#pragma once
#include "weft/rows.h"
#include "weft/vector.h"

namespace weft {
namespace WEFT_ISA {

// Copies the values of positions lo .. hi together; false if an edge id does not fit.
template <class T, class I>
WEFT_INLINE bool gather(const Rows<I>& rows, const T* from, int64_t heads, int64_t lo, int64_t hi, Acc<T>* to) {
  bool fits = true;
  with_lanes<Acc<T>>(heads, [&](auto n) {
    for (int64_t p = lo; p < hi; ++p, to += heads) {
      if (__builtin_expect(!rows.edge_fits(p), 0)) return void(fits = false);
      fetch_listed(rows.edge, rows.edges, from, heads * sizeof(T), p);
      widen_row<decltype(n)::count>(from + rows.edge_at(p) * heads, heads, to);
    }
  });
  return fits;
}

template <class I>
WEFT_INLINE int64_t first_bad_edge(const Rows<I>& rows, int64_t lo, int64_t hi) {
  while (lo + 1 < hi && rows.edge_fits(lo)) ++lo;
  return lo;
}

template <class I>
WEFT_INLINE int64_t longest(const Rows<I>& rows, int64_t begin, int64_t end) {
  int64_t most = 0;
  for (int64_t row = begin; row < end; ++row) most = larger(most, rows.degree(row));
  return most;
}

template <class A>
class Lanewise {
 public:
  static constexpr int kLanes = kVectorBytes / sizeof(A);
  using V = Vec<A, kLanes>;

  explicit Lanewise(int64_t heads) : heads_(heads), period_(heads) {
    while (period_ % kLanes) period_ += heads;
  }

  // Values to allocate for `count` of them, and behind them one period of scratch.
  int64_t room(int64_t count) const { return (count + period_ - 1) / period_ * period_ + period_; }

  // Fills up to whole periods; gives the padded count.
  int64_t pad(A* values, int64_t count, A filler) const {
    const int64_t padded = (count + period_ - 1) / period_ * period_;
    for (int64_t k = count; k < padded; ++k) values[k] = filler;
    return padded;
  }

  // Folds the values of each head into result[head]: lanes first, then lanes of one head in order.
  template <class Fold>
  WEFT_INLINE_MEMBER void fold(A* values, int64_t padded, A start, A* result, const Fold& with) const {
    A* scratch = values + padded;
    for (int64_t q = 0; q < period_; q += kLanes) {
      V lanes = splat<A, kLanes>(start);
      for (int64_t k = q; k < padded; k += period_) lanes = with(lanes, load<kLanes>(values + k));
      store<kLanes, A>(scratch + q, lanes);
    }
    for (int64_t h = 0; h < heads_; ++h) {
      A total = scratch[h];
      for (int64_t q = h + heads_; q < period_; q += heads_) total = with(total, scratch[q]);
      result[h] = total;
    }
  }

  // values = with(values, of_head[head]).
  template <class With>
  WEFT_INLINE_MEMBER void each(A* values, int64_t count, const A* of_head, const With& with) const {
    const int64_t padded = (count + period_ - 1) / period_ * period_;
    A* scratch = values + padded;
    for (int64_t q = 0; q < period_; ++q) scratch[q] = of_head[q % heads_];
    for (int64_t q = 0; q < period_; q += kLanes) {
      const V mine = load<kLanes>(scratch + q);
      for (int64_t k = q; k < padded; k += period_) store<kLanes, A>(values + k, with(load<kLanes>(values + k), mine));
    }
  }

 private:
  int64_t heads_, period_;
};

}  // namespace WEFT_ISA
}  // namespace weft
