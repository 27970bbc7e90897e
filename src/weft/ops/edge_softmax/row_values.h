// The values of one row, edges by heads, as one flat run of vectors: lane l of the run belongs to head l mod heads, and a period of
// lcm(heads, lanes) values repeats. Padding to whole periods leaves no tail.
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

  int64_t period() const { return period_; }

  // Repeats the values of heads over a period.
  void spread(const A* of_head, A* to) const {
    for (int64_t q = 0; q < period_; q += heads_)
      for (int64_t h = 0; h < heads_; ++h) to[q + h] = of_head[h];
  }

  // to = with(values, of_head[head]); behind the results stands a period of scratch.
  template <class With>
  WEFT_INLINE_MEMBER void each(const A* values, A* to, int64_t count, const A* of_head, const With& with) const {
    const int64_t padded = (count + period_ - 1) / period_ * period_;
    A* scratch = to + padded;
    spread(of_head, scratch);
    for (int64_t q = 0; q < period_; q += kLanes) {
      const V mine = load<kLanes>(scratch + q);
      for (int64_t k = q; k < padded; k += period_) store<kLanes, A>(to + k, with(load<kLanes>(values + k), mine));
    }
  }

 private:
  int64_t heads_, period_;
};

}  // namespace WEFT_ISA
}  // namespace weft
