// Edges in the order of their ids, where their ends are listed so. Memory traffic: ids once (E), rows of sources and targets from anywhere
// (E x F each, prefetched), rows of edges and results one behind the other.
#pragma once
#include "edges.h"

namespace weft {
namespace WEFT_ISA {
namespace by_edge {

constexpr int64_t kBatch = 512;  // edges that are placed together
constexpr int64_t kAheadEdges = 24;

// What the edges of a batch combine.
template <class T>
struct Batch {
  const T *left, *right;
  const int64_t *left_at, *right_at;
  T* out;  // of the first edge
  bool left_moves, right_moves;  // whether rows come in any order
  int64_t count, heads, width, ahead;

  // Fetches what edge j reads.
  WEFT_INLINE_MEMBER void fetch(int64_t j, int64_t row) const {
    if (left_moves) fetch_near(left + left_at[j] * row, row * sizeof(T));
    if (right_moves) fetch_near(right + right_at[j] * row, row * sizeof(T));
  }

  // Calls body(left row, right row, edge) for each edge, while rows of `row` values are fetched for later ones.
  template <class Body>
  WEFT_INLINE_MEMBER void walk(int64_t row, const Body& body) const {
    for (int64_t j = 0; j < smaller(ahead, count); ++j) fetch(j, row);
    for (int64_t j = 0; j < count; ++j) {
      fetch(smaller(j + ahead, count - 1), row);
      body(left + left_at[j] * row, right + right_at[j] * row, j);
    }
  }
};

// Rows are WHOLE if each is one vector.
template <Op OP, class T, int N, bool WHOLE>
void combine(const Batch<T>& given) {
  const Batch<T> batch = given;  // a copy, which no store can change
  const int64_t row = WHOLE ? N : batch.width;
  batch.walk(row, [=, out = batch.out](const T* a, const T* b, int64_t j) {
    combine_row<OP, T, N>(a, b, out + j * row, row);
  });
}

template <class T, int N, bool WHOLE>
void dots(const Batch<T>& given) {
  const Batch<T> batch = given;
  const int64_t heads = WHOLE ? 1 : batch.heads, width = WHOLE ? N : batch.width;
  batch.walk(heads * width, [=, out = batch.out](const T* a, const T* b, int64_t j) {
    for (int64_t h = 0; h < heads; ++h) out[j * heads + h] = narrow<T>(dot<N>(a + h * width, b + h * width, width));
  });
}

// Rows of one value need neither vectors nor a loop.
template <Op OP, class T>
void combine_values(const Batch<T>& given) {
  const Batch<T> batch = given;
  const T *const left = batch.left, *const right = batch.right;
  T* __restrict const out = batch.out;
  for (int64_t j = 0; j < batch.count; ++j) {
    const auto a = widen(left[batch.left_at[j]]);
    out[j] = narrow<T>(apply<OP == kDot ? kMul : OP, Acc<T>, 1>(a, OP == kCopy ? a : widen(right[batch.right_at[j]])));
  }
}

template <class T>
using Combine = void (*)(const Batch<T>&);

template <class T, int N, bool WHOLE>
Combine<T> kernel_of(int64_t op) {
  return with_op(op, [](auto known) -> Combine<T> {
    if constexpr (N == 1 && WHOLE) return combine_values<known, T>;
    else if constexpr (known == kDot) return dots<T, N, WHOLE>;
    else return combine<known, T, N, WHOLE>;
  });
}

template <class T>
Combine<T> choose(int64_t op, int64_t heads, int64_t width) {
  Combine<T> chosen = nullptr;
  with_lanes<Acc<T>>(width, [&](auto n) {
    constexpr int N = decltype(n)::count;
    chosen = heads == 1 && width == N ? kernel_of<T, N, true>(op) : kernel_of<T, N, false>(op);
  });
  return chosen;
}

template <class T>
class Edges {
 public:
  explicit Edges(const Arguments& a)
      : a_(a), ends_{{list(kSource, a.source_of_edge), list(kTarget, a.target_of_edge)}, {a.num_sources(), a.num_targets}},
        row_(a.heads * a.width), result_(a.op == kDot ? a.heads : row_), combine_(choose<T>(a.op, a.heads, a.width)) {}

  int run() const {
    use_large_pages(a_.out, a_.num_edges * result_ * sizeof(T));
    Faults faults;
    parallel_ranges(a_.num_edges, kEdges, a_.num_edges * row_ < kSerialWork ? 1 : a_.threads, [&](int64_t lo, int64_t hi) {
      const int64_t fault = run(lo, hi);
      if (fault >= 0) faults.note(fault);
    });
    return faults.any() ? ends_.explain(faults.position) : kOk;
  }

 private:
  const Arguments& a_;
  const Ends ends_;
  const int64_t row_, result_;
  const Combine<T> combine_;

  AnyIds list(int64_t end, const void* ids) const { return {a_.reads(end) ? ids : nullptr, a_.wide_ends != 0}; }

  // Whether the rows of an end come in any order, and are not near enough to be read without fetching.
  bool moves(int64_t end, int64_t count) const { return end != kEdge && count * row_ * int64_t{sizeof(T)} > kNearCache; }

  // Combines edges lo .. hi; gives the first whose ids do not fit, or -1.
  int64_t run(int64_t lo, int64_t hi) const {
    const bool copies = a_.op == kCopy;  // then both sides are one, of which the right one is not read
    Places<kBatch> places;
    Batch<T> batch{static_cast<const T*>(a_.left), static_cast<const T*>(copies ? a_.left : a_.right),
                   places.of(a_.left_from), places.of(copies ? a_.left_from : a_.right_from), nullptr,
                   moves(a_.left_from, a_.num_left), !copies && moves(a_.right_from, a_.num_right),
                   0, a_.heads, a_.width, rows_ahead(kNearBytes, row_ * sizeof(T), kAheadEdges)};
    for (int64_t p = lo; p < hi; p += batch.count) {
      batch.count = smaller(kBatch, hi - p);
      for (int64_t k = 0; a_.reads(kEdge) && k < batch.count; ++k) places.edge[k] = p + k;
      if (!ends_.copy(kSource, p, batch.count, places.source) || !ends_.copy(kTarget, p, batch.count, places.target))
        return ends_.first_misfit(p, p + batch.count);
      batch.out = static_cast<T*>(a_.out) + p * result_;
      combine_(batch);
    }
    return -1;
  }
};

}  // namespace by_edge
}  // namespace WEFT_ISA
}  // namespace weft
