// Edges one target after the other. Memory traffic: ids once (E), the row of the target from the first cache level, the row of the source once
// (E x F, prefetched), the result once, at its edge id. Every edge writes its own row, so tasks are plain ranges of positions.
#pragma once
#include "edges.h"

namespace weft {
namespace WEFT_ISA {
namespace by_target {

constexpr int64_t kBatch = 64;    // positions that are computed together while the next ones are fetched
constexpr int64_t kNearEdges = 8;

// Pointers to the operands and results of up to kBatch edges and, behind them, of the edges that come next.
// Right rows of a copy are null.
template <class T>
struct Batch {
  const T *left[2 * kBatch], *right[2 * kBatch];
  T* out[2 * kBatch];
  const T* const* moving;  // the operand whose rows come in any order, left or right; null for neither
  int64_t count, decoded, heads, width, near, result_bytes;

  WEFT_INLINE_MEMBER void fetch(int64_t j) const {
    const int64_t last = decoded - 1, far = smaller(j + kBatch, last), row_bytes = heads * width * sizeof(T);
    if (result_bytes) fetch_far(out[far], result_bytes);
    if (!moving) return;
    fetch_far(moving[far], row_bytes);
    fetch_near(moving[smaller(j + near, last)], row_bytes);
  }

  // Goes on to the edges that came next.
  void shift() {
    decoded -= count;
    memcpy(left, left + count, decoded * sizeof(T*));
    memcpy(right, right + count, decoded * sizeof(T*));
    memcpy(out, out + count, decoded * sizeof(T*));
  }
};

template <Op OP, class T, int N>
void combine(const Batch<T>& batch) {
  const int64_t width = batch.width;
  for (int64_t j = 0; j < batch.count; ++j) {
    const T *a = batch.left[j], *b = batch.right[j];
    T* out = batch.out[j];
    batch.fetch(j);
    combine_row<OP, T, N>(a, b, out, width);
  }
}

template <class T, int N>
void dots(const Batch<T>& batch) {
  const int64_t heads = batch.heads, width = batch.width;
  for (int64_t j = 0; j < batch.count; ++j) {
    batch.fetch(j);
    for (int64_t h = 0; h < heads; ++h)
      batch.out[j][h] = narrow<T>(dot<N>(batch.left[j] + h * width, batch.right[j] + h * width, width));
  }
}

// Rows of one value need neither pointers nor a loop.
template <Op OP, class T>
void combine_values(const Places<2 * kBatch>& places, int64_t count, const T* left, const int64_t* left_at, const T* right, const int64_t* right_at,
                    T* out) {
  for (int64_t j = 0; j < count; ++j) {
    const auto a = widen(left[left_at[j]]);
    out[places.edge[j]] = narrow<T>(apply<OP == kDot ? kMul : OP, Acc<T>, 1>(a, OP == kCopy ? a : widen(right[right_at[j]])));
  }
}

template <class T>
using Combine = void (*)(const Batch<T>&);

template <class T>
Combine<T> choose(int64_t op, int64_t width) {
  Combine<T> chosen = nullptr;
  with_lanes<Acc<T>>(width, [&](auto n) {
    constexpr int N = decltype(n)::count;
    chosen = with_op(op, [](auto known) -> Combine<T> {
      if constexpr (known == kDot) return dots<T, N>;
      else return combine<known, T, N>;
    });
  });
  return chosen;
}

template <class T, class I>
class Edges {
 public:
  explicit Edges(const Arguments& a)
      : a_(a), rows_{a.indptr, static_cast<const I*>(a.source), static_cast<const I*>(a.edge), a.num_targets, a.num_sources(), a.num_edges},
        row_(a.heads * a.width), result_(a.op == kDot ? a.heads : row_), combine_(choose<T>(a.op, a.width)) {}

  int run() {
    const Plan plan(rows_);
    if (plan.status != kOk) return plan.status;
    use_large_pages(a_.out, rows_.edges * result_ * sizeof(T));
    Faults faults;
    parallel_ranges(rows_.edges, kEdges, rows_.edges * row_ < kSerialWork ? 1 : a_.threads, [&](int64_t lo, int64_t hi) {
      const int64_t fault = row_ == 1 ? run_values(lo, hi) : run_rows(lo, hi);
      if (fault >= 0) faults.note(fault);
    });
    return rows_.outcome(faults);
  }

 private:
  const Arguments& a_;
  const Rows<I> rows_;
  const int64_t row_, result_;
  const Combine<T> combine_;

  bool reads_source() const { return a_.reads(kSource); }
  bool moves(int64_t end) const { return end == kSource || (end == kEdge && rows_.edge); }
  const T* left() const { return static_cast<const T*>(a_.left); }
  const T* right() const { return static_cast<const T*>(a_.right); }
  T* out() const { return static_cast<T*>(a_.out); }

  // Combines positions lo .. hi; gives the first whose ids do not fit, or -1.
  int64_t run_rows(int64_t lo, int64_t hi) const {
    Batch<T> batch;
    batch.heads = a_.heads;
    batch.width = a_.width;
    batch.near = rows_ahead(kNearBytes, row_ * sizeof(T), kNearEdges);
    batch.result_bytes = rows_.edge ? result_ * sizeof(T) : 0;
    batch.moving = moves(a_.left_from) ? batch.left : a_.op != kCopy && moves(a_.right_from) ? batch.right : nullptr;
    batch.decoded = 0;
    Places<2 * kBatch> places;
    int64_t target = row_of(lo), next = lo;
    for (int64_t p = lo; p < hi; p += batch.count, batch.shift()) {
      const int64_t end = smaller(p + 2 * kBatch, hi);
      if (next < end && !find(next, end, target, places)) return rows_.first_misfit(next, end, reads_source());
      for (int64_t k = 0; k < end - next; ++k) {
        const int64_t at = batch.decoded++;
        batch.left[at] = left() + places.of(a_.left_from)[k] * row_;
        batch.right[at] = a_.op == kCopy ? nullptr : right() + places.of(a_.right_from)[k] * row_;
        batch.out[at] = out() + places.edge[k] * result_;
      }
      next = end;
      batch.count = smaller(kBatch, hi - p);
      combine_(batch);
    }
    return -1;
  }

  int64_t run_values(int64_t lo, int64_t hi) const {
    const auto combine = with_op(a_.op, [](auto known) { return combine_values<known, T>; });
    const bool far_out = rows_.edges > static_cast<int64_t>(kNearCache / sizeof(T));
    const bool far_source = reads_source() && rows_.columns > static_cast<int64_t>(kNearCache / sizeof(T));
    const void* const sources = a_.left_from == kSource ? a_.left : a_.right;
    Places<2 * kBatch> places;
    int64_t target = row_of(lo);
    for (int64_t p = lo, end; p < hi; p = end) {
      end = smaller(p + 2 * kBatch, hi);
      for (int64_t q = p; far_out && q < end; ++q) fetch_listed(rows_.edge, rows_.edges, out(), sizeof(T), q);
      for (int64_t q = p; far_source && q < end; ++q) fetch_listed(rows_.source, rows_.edges, sources, sizeof(T), q);
      if (!find(p, end, target, places)) return rows_.first_misfit(p, end, reads_source());
      combine(places, end - p, left(), places.of(a_.left_from), right(), places.of(a_.right_from), out());
    }
    return -1;
  }

  // Finds the places of positions lo .. hi, of which `target` holds the first and then the last; false if ids do not fit.
  bool find(int64_t lo, int64_t hi, int64_t& target, Places<2 * kBatch>& places) const {
    const Rows<I> rows = rows_;  // a copy, which no store can change
    const int64_t count = hi - lo, first = target;
    int64_t begins[2 * kBatch + 1];
    for (int64_t k = 0; k < count; ++k) places.edge[k] = rows.edge_at(lo + k);
    for (int64_t k = 0; k < count; ++k) places.source[k] = reads_source() ? rows.source_at(lo + k) : 0;
    const bool fit = all_fit(places.edge, 0, count, rows.edges) && (!reads_source() || all_fit(places.source, 0, count, rows.columns));
    if (__builtin_expect(!fit, 0)) return false;
    while (target + 1 < rows.count && rows.indptr[target + 1] < hi) ++target;
    find_begins(rows.indptr, first, target + 1, lo, count, begins);
    for (int64_t k = 0, row = 0; k < count; ++k) places.target[k] = first + (row = larger(row, begins[k]));
    return true;
  }

  // The row that holds position p.
  int64_t row_of(int64_t p) const {
    int64_t lo = 0, hi = rows_.count;
    while (hi - lo > 1) {
      const int64_t middle = (lo + hi) / 2;
      (rows_.indptr[middle] <= p ? lo : hi) = middle;
    }
    return lo;
  }
};

}  // namespace by_target
}  // namespace WEFT_ISA
}  // namespace weft
