// Edges of a stretch of positions, sorted by type in the first cache levels; within a type they stay in the order of targets, so that all edges of
// one target and one type stand side by side: a run. The sum of a run is one row of a dense product with the matrix of the type.
#pragma once
#include "../segment_matmul/segments.h"

namespace weft {
namespace WEFT_ISA {

constexpr int64_t kBlockEdges = 16384;  // positions of a stretch at most

// Up to kRowsAtOnce runs of one type: run r holds sorted edges start[r] .. start[r + 1] and belongs to row row[r] of the stretch.
struct Runs {
  int64_t count, start[kRowsAtOnce + 1], row[kRowsAtOnce];
};

template <class T, class I>
class TypedEdges {
  using A = Acc<T>;

 public:
  struct Edge {
    int64_t source;
    A weight;
    int32_t row;
  };

  // `weight` may be null for ones.
  TypedEdges(const Rows<I>& rows, const I* type, int64_t num_types, const T* weight, bool keeps_ids)
      : rows_(rows), type_(type), num_types_(num_types), weight_(weight), keeps_ids_(keeps_ids), first_(num_types + 2),
        types_(kBlockEdges), weights_(weight ? kBlockEdges : 1), edges_(kBlockEdges),
        given_ids_(keeps_ids ? kBlockEdges : 0), ids_(keeps_ids ? kBlockEdges : 0) {}

  bool has_memory() const {
    return first_.data && types_.data && weights_.data && edges_.data && (!keeps_ids_ || (given_ids_.data && ids_.data));
  }

  // Sorts positions lo .. hi, the first of which lies in row `row`; false if an id does not fit.
  bool open(int64_t row, int64_t lo, int64_t hi) {
    count_ = hi - lo;
    int64_t* place = first_.data + 1;
    memset(first_.data, 0, (num_types_ + 2) * sizeof(int64_t));
    for (int64_t p = lo; p < hi; ++p) {
      fetch_listed(rows_.edge, hi, type_, sizeof(I), p, kFarIds, kNearIds);
      if (weight_) fetch_listed(rows_.edge, hi, weight_, sizeof(T), p, kFarIds, kNearIds);
      const uint64_t edge = rows_.edge_at(p);
      const uint64_t type = edge < static_cast<uint64_t>(rows_.edges) ? static_cast<uint64_t>(static_cast<int64_t>(type_[edge])) : ~uint64_t{0};
      if (__builtin_expect(type >= static_cast<uint64_t>(num_types_), 0)) return refuse(p);
      types_[p - lo] = static_cast<int32_t>(type);
      if (weight_) weights_[p - lo] = widen(weight_[edge]);
      if (keeps_ids_) given_ids_[p - lo] = edge;
      ++place[type + 1];
    }
    for (int64_t t = 0; t < num_types_; ++t) place[t + 1] += place[t];
    const int64_t from = row;
    for (int64_t p = lo; p < hi; ++p) {
      while (rows_.indptr[row + 1] <= p) ++row;
      const uint64_t source = rows_.source_at(p);
      if (__builtin_expect(source >= static_cast<uint64_t>(rows_.columns), 0)) return refuse(p);
      const int64_t at = place[types_[p - lo]]++;
      edges_[at] = {static_cast<int64_t>(source), weight_ ? weights_[p - lo] : A(1), static_cast<int32_t>(row - from)};
      if (keeps_ids_) ids_[at] = given_ids_[p - lo];
    }
    return true;
  }

  // body(type, runs) for all runs, in batches of one type.
  template <class Body>
  void each_batch(const Body& body) const {
    Runs runs;
    for (int64_t type = 0; type < num_types_; ++type) {
      for (int64_t q = first_[type]; q < first_[type + 1];) {
        runs.count = 0;
        while (q < first_[type + 1] && runs.count < kRowsAtOnce) {
          const int32_t row = edges_[q].row;
          runs.start[runs.count] = q;
          runs.row[runs.count++] = row;
          while (++q < first_[type + 1] && edges_[q].row == row) {
          }
        }
        runs.start[runs.count] = q;
        body(type, runs);
      }
    }
  }

  // Weighted sums of columns first .. first + columns of the rows of x that runs name, one after the other to `to`.
  void sum(const Runs& runs, const T* x, int64_t width, int64_t first, int64_t columns, A* to) const {
    const Ahead ahead(columns * sizeof(T));
    with_lanes<A>(columns, [&](auto lanes) {
      for (int64_t r = 0; r < runs.count; ++r)
        sum_run<decltype(lanes)::count>(runs.start[r], runs.start[r + 1], x + first, width, columns, ahead, to + r * columns);
    });
  }

  // The dot product of row r of `left` with the row of x of every edge of run r, to the edge's place in `out`.
  void dot_runs(const Runs& runs, const T* x, int64_t width, const A* left, T* out) const {
    const Ahead ahead(width * sizeof(T));
    with_lanes<A>(width, [&](auto lanes) {
      for (int64_t r = 0; r < runs.count; ++r)
        for (int64_t q = runs.start[r]; q < runs.start[r + 1]; ++q) {
          fetch(q, x, width, ahead);
          out[ids_[q]] = narrow<T>(dot<decltype(lanes)::count>(left + r * width, x + edges_[q].source * width, width));
        }
    });
  }

  int64_t fault = -1;

 private:
  static constexpr int64_t kFarIds = 96, kNearIds = 24;
  const Rows<I> rows_;
  const I* type_;
  const int64_t num_types_;
  const T* weight_;
  const bool keeps_ids_;
  int64_t count_ = 0;
  Buffer<int64_t> first_;
  Buffer<int32_t> types_;  // by position, as are the next ones
  Buffer<A> weights_;
  Buffer<Edge> edges_;  // sorted
  Buffer<int64_t> given_ids_, ids_;  // of edges by position, and sorted

  bool refuse(int64_t p) {
    fault = p;
    return false;
  }

  struct Ahead {
    int64_t bytes, far, near;
    explicit Ahead(int64_t row_bytes)
        : bytes(row_bytes), far(rows_ahead(kFarBytes, bytes, kFarRows)), near(rows_ahead(kNearBytes, bytes, kNearRows)) {}
  };

  WEFT_INLINE_MEMBER void fetch(int64_t q, const T* x, int64_t width, const Ahead& ahead) const {
    if (q + ahead.far < count_) fetch_far(x + edges_[q + ahead.far].source * width, ahead.bytes);
    if (q + ahead.near < count_) fetch_near(x + edges_[q + ahead.near].source * width, ahead.bytes);
  }

  template <int N>
  WEFT_INLINE_MEMBER void sum_run(int64_t begin, int64_t end, const T* x, int64_t width, int64_t columns, const Ahead& ahead, A* to) const {
    constexpr int kWide = 4;
    for (int64_t q = begin; q < end; ++q) fetch(q, x, width, ahead);
    int64_t k = 0;
    for (; k + kWide * N <= columns; k += kWide * N) sum_columns<N, kWide>(begin, end, x + k, width, to + k);
    for (; k + N <= columns; k += N) sum_columns<N, 1>(begin, end, x + k, width, to + k);
    for (; k < columns; ++k) sum_columns<1, 1>(begin, end, x + k, width, to + k);
  }

  template <int N, int V>
  WEFT_INLINE_MEMBER void sum_columns(int64_t begin, int64_t end, const T* x, int64_t width, A* to) const {
    Vec<A, N> total[V] = {};
    for (int64_t q = begin; q < end; ++q) {
      const T* row = x + edges_[q].source * width;
      const Vec<A, N> weight = splat<A, N>(edges_[q].weight);
      for (int v = 0; v < V; ++v) total[v] = fma<A, N>(weight, load<N>(row + v * N), total[v]);
    }
    for (int v = 0; v < V; ++v) store<N, A>(to + v * N, total[v]);
  }
};

// Names the id at position p that does not fit.
template <class I>
WEFT_INLINE int refuse_edge(const Rows<I>& rows, const I* type, int64_t num_types, int64_t p) {
  if (!rows.edge_fits(p) || !rows.source_fits(p)) return rows.explain(p);
  const long long edge = rows.edge_at(p);
  return fail(kBadId, "`edge_type` holds %lld at edge %lld, but there are %lld types", static_cast<long long>(type[edge]), edge,
              static_cast<long long>(num_types));
}

// The row that holds position p.
WEFT_INLINE int64_t row_of(const int64_t* indptr, int64_t count, int64_t p) {
  int64_t lo = 0, hi = count;
  while (hi - lo > 1) {
    const int64_t middle = (lo + hi) / 2;
    (indptr[middle] <= p ? lo : hi) = middle;
  }
  return lo;
}

}  // namespace WEFT_ISA
}  // namespace weft
