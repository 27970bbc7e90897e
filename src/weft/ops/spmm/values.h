// Sums of rows of one value, for which a pointer and a tile would cost more than the value. Values are added where they are read; where rows have
// few edges, those of many rows are gathered first, and then added without asking where rows end.
#pragma once
#include "walker.h"

namespace weft {
namespace WEFT_ISA {

constexpr int64_t kFewEdges = 4;     // on average: rows then end too irregularly for the processor to foresee
constexpr int64_t kMostEdges = 256;  // of rows that are added together

template <class T, class I>
class Values {
  using A = Acc<T>;
  using Word = typename Signed<A>::type;

 public:
  Values(const Rows<I>& rows, const Features<T>& features) : rows_(rows), features_(features) {}

  // Adds positions lo .. hi in four chains; false if an id does not fit.
  bool add(int64_t lo, int64_t hi, A* sum) {
    const T *x = features_.x, *weight = features_.weight, *scale = features_.scale;
    const auto add = [&](const auto& row, const auto& place, auto weighted, auto scaled) {
      constexpr bool kWeighted = decltype(weighted)::value, kScaled = decltype(scaled)::value;
      A sums[4] = {};
      const auto add_edges = [&](int64_t p, auto count) {
        constexpr int kEdges = decltype(count)::value;
        uint64_t from[kEdges], at[kEdges];
        bool fit = true;
        for (int l = 0; l < kEdges; ++l) {
          from[l] = row(p + l), at[l] = place(p + l);
          fit &= from[l] < static_cast<uint64_t>(rows_.columns) && (!kWeighted || at[l] < static_cast<uint64_t>(rows_.edges));
        }
        if (__builtin_expect(!fit, 0)) return false;
        for (int l = 0; l < kEdges; ++l) {
          A value = widen(x[from[l]]);
          if (kScaled) value *= widen(scale[from[l]]);
          if (kWeighted) value *= widen(weight[at[l]]);
          sums[l] += value;
        }
        return true;
      };
      int64_t p = lo;
      while (p + 4 <= hi && add_edges(p, std::integral_constant<int, 4>())) p += 4;
      while (p < hi && add_edges(p, std::integral_constant<int, 1>())) ++p;
      if (__builtin_expect(p < hi, 0)) return fault = p, false;
      *sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
      return true;
    };
    const auto position = [](int64_t p) { return static_cast<uint64_t>(p); };
    const auto listed = [](const I* ids) { return [=](int64_t p) { return static_cast<uint64_t>(static_cast<int64_t>(ids[p])); }; };
    const auto add_scaled = [&](const auto& row, auto scaled) {
      if (!weight) return add(row, position, std::false_type(), scaled);
      return rows_.edge ? add(row, listed(rows_.edge), std::true_type(), scaled) : add(row, position, std::true_type(), scaled);
    };
    const auto add_rows = [&](const auto& row) {
      return scale ? add_scaled(row, std::true_type()) : add_scaled(row, std::false_type());
    };
    return rows_.source ? add_rows(listed(rows_.source)) : add_rows(position);
  }

  // Adds rows from `first` on, as many as are worth adding together, and gives the row behind them, or -1 if an id does not fit. `sums`
  // has room for kMostEdges of them.
  int64_t add_rows(int64_t first, int64_t end, A* sums) {
    const int64_t *indptr = rows_.indptr, lo = indptr[first];
    int64_t last = first + 1;
    while (last < end && last - first < kMostEdges && indptr[last + 1] - lo <= kMostEdges) ++last;
    const int64_t count = indptr[last] - lo;
    if (0 <= count && count <= smaller(kMostEdges, (last - first) * kFewEdges)) return add_few(first, last, lo, count, sums) ? last : -1;
    for (int64_t row = first; row < last; ++row)
      if (!add(indptr[row], indptr[row + 1], sums + row - first)) return -1;
    return last;
  }

  int64_t fault = -1;

 private:
  const Rows<I> rows_;
  const Features<T> features_;

  // One value after the other, without a branch that depends on where rows end: after each, its row has the sum so far.
  bool add_few(int64_t first, int64_t last, int64_t lo, int64_t count, A* sums) {
    constexpr int kLanes = 16 / sizeof(A);  // of which the first counts: what stays in a vector need not go through other registers
    A values[kMostEdges];
    if (!read(lo, lo + count, values)) return false;
    int64_t begins[kMostEdges + 1];
    find_begins(rows_.indptr, first, last, lo, count, begins);
    memset(sums, 0, (last - first) * sizeof(A));
    struct Run {
      int64_t at, row;
      Vec<A, kLanes> sum;
    };
    const auto step = [&](Run& run) {
      const int64_t k = run.at++;
      const auto goes_on = splat<Word, kLanes>(static_cast<Word>(begins[k] >> 63));
      run.sum = (goes_on ? run.sum : Vec<A, kLanes>{}) + splat<A, kLanes>(values[k]);
      run.row = larger(run.row, begins[k]);
      sums[run.row] = run.sum[0];
    };
    // Two runs of rows at a time, so that neither waits for its own sums.
    int64_t middle = count / 2;
    while (middle < count && begins[middle] < 0) ++middle;
    Run lower{0, 0, {}}, upper{middle, 0, {}};
    for (int64_t k = smaller(middle, count - middle); k > 0; --k) step(lower), step(upper);
    while (lower.at < middle) step(lower);
    while (upper.at < count) step(upper);
    return true;
  }

  // Gathers the values of positions lo .. hi, at most kMostEdges. Ids are copied before they are looked at, so that what is
  // followed is what was checked, whoever writes them meanwhile.
  WEFT_OUTLINE bool read(int64_t lo, int64_t hi, A* values) {
    const Rows<I> rows = rows_;  // copies, which no store can change
    const Features<T> features = features_;
    const int64_t count = hi - lo;
    int64_t from[kMostEdges];
    for (int64_t k = 0; k < count; ++k) from[k] = rows.source_at(lo + k);
    if (__builtin_expect(!all_fit(from, 0, count, rows.columns), 0)) return refuse(lo, hi);
    for (int64_t k = 0; k < count; ++k) values[k] = widen(features.x[from[k]]);
    for (int64_t k = 0; features.scale && k < count; ++k) values[k] *= widen(features.scale[from[k]]);
    if (!features.weight) return true;
    for (int64_t k = 0; k < count; ++k) from[k] = rows.edge_at(lo + k);
    if (__builtin_expect(!all_fit(from, 0, count, rows.edges), 0)) return refuse(lo, hi);
    for (int64_t k = 0; k < count; ++k) {
      fetch_listed(rows.edge, rows.edges, features.weight, sizeof(T), lo + k);
      values[k] *= widen(features.weight[from[k]]);
    }
    return true;
  }

  bool refuse(int64_t lo, int64_t hi) {
    fault = rows_.first_misfit(lo, hi, true, features_.weight);
    return false;
  }
};

}  // namespace WEFT_ISA
}  // namespace weft
