// What every walk of attention has: the score, what belongs to edges, and arrays for the edges and the rows of a block.
#pragma once
#include "edge_factors.h"
#include "scores.h"
#include "weft/exp.h"

namespace weft {
namespace WEFT_ISA {

// Runs of numbers, for each head of the edges or rows of a block; values of the rows; and single rows of values. Room for a vector follows each.
template <class A>
class Arrays {
 public:
  Arrays(int64_t count, int64_t heads, int64_t runs, int64_t values, int64_t tables, int64_t row, int64_t rows)
      : run_(count * heads + kSpare), table_(count * values + kSpare), row_(row + kSpare), runs_(runs), tables_(tables), count_(count), pointers_(3 * count),
        memory_(runs * run_ + tables * table_ + rows * row_) {}
  bool has_memory() const { return memory_.data && pointers_.data; }
  A* run(int64_t at) const { return memory_.data + at * run_; }
  A* table(int64_t at) const { return memory_.data + runs_ * run_ + at * table_; }
  A* row(int64_t at) const { return memory_.data + runs_ * run_ + tables_ * table_ + at * row_; }
  int64_t stride() const { return run_; }

  // Where the values of each row of a block lie: of table 0, of table 1, or where they were already.
  const A** rows_of(int64_t table) const { return pointers_.data + table * count_; }

  // The same for each edge.
  template <class T>
  const A* const* edges_of(const Block<T>& block, int64_t table) const {
    const A** const to = pointers_.data + 2 * count_;
    for (int64_t r = 0; r < block.rows; ++r)
      for (int64_t j = block.begin(r); j < block.ends[r]; ++j) to[j] = rows_of(table)[r];
    return to;
  }

 private:
  int64_t run_, table_, row_, runs_, tables_, count_;
  Buffer<const A*> pointers_;
  Buffer<A> memory_;
};

template <class T, class Score>
struct Pass {
  using A = Acc<T>;
  static constexpr int L = kVectorBytes / sizeof(A);
  static constexpr bool kFinishesRows = false;
  const AnyRows& rows;
  const Score& score;
  const EdgeFactors<T>& edges;
  const int64_t heads, width, features;  // of a value

  Pass(const AnyRows& rows, const Score& score, const EdgeFactors<T>& edges, int64_t width)
      : rows(rows), score(score), edges(edges), heads(edges.heads), width(width), features(edges.heads * width) {}

  Table<T> scores() const { return score.table(); }
  bool checks_edges() const { return edges.any(); }

  // Passes take further runs behind kRuns, tables of `values` behind what rows have of their own for scores, and rows.
  struct Scratch : Arrays<A> {
    static constexpr int64_t kRuns = 4;
    Scratch(const Pass& pass, int64_t count, int64_t runs, int64_t values, int64_t row, int64_t rows)
        : Arrays<A>(count, pass.heads, kRuns + runs, larger(values, pass.score.features()), values ? 2 : 1, row, rows) {}
    A* raw() const { return this->run(0); }
    A* bias() const { return this->run(1); }
    A* factor() const { return this->run(2); }
    A* drawn() const { return this->run(3); }
  };

  const A* own(const Scratch& s, int64_t r) const { return s.rows_of(0)[r]; }

  // What the rows of a block have of their own, unless another block of the same row has brought it.
  void begin(const Block<T>& block, const Scratch& s) const {
    for (int64_t r = 0; r < block.rows; ++r) s.rows_of(0)[r] = score.begin(block.row[r], s.table(0) + r * score.features());
  }

  // Numbers of the scores, and what edges add to them and multiply.
  void read_edges(const Block<T>& block, const Scratch& s) const {
    const int64_t stop = block.lo + block.count;
    score.compute(block, s.edges_of(block, 0), s.raw());
    if (edges.score) edges.load_scores(block.lo, stop, block.end, s.bias());
    if (edges.has_factor()) edges.load_factors(block.lo, stop, block.end, s.factor(), s.drawn());
  }

  // The same, and then body(k, number, p, c) for vectors of edges and heads: p = exp(score - lse[k]), c the factor.
  template <class Body>
  WEFT_INLINE_MEMBER void weigh(const Block<T>& block, const Scratch& s, const A* lse, const Body& body) const {
    read_edges(block, s);
    const bool biased = edges.score, factored = edges.has_factor();
    for (int64_t k = 0; k < block.count * heads; k += L) {
      const auto raw = load<L>(s.raw() + k), value = score.template value<L>(raw);
      const auto p = vexp<A, L>((biased ? value + load<L>(s.bias() + k) : value) - load<L>(lse + k));
      body(k, raw, p, factored ? load<L>(s.factor() + k) : splat<A, L>(1));
    }
  }

  static void add_up(A* state, const A* other, int64_t count) {
    for (int64_t k = 0; k < count; ++k) state[k] += other[k];
  }
};

// Copies what the walk by target has left at the other end of each edge. Rows come by value, which no store can change.
template <class T>
WEFT_INLINE void gather_packed(const AnyRows rows, const Block<T>& block, const Acc<T>* packed, int64_t stride, int64_t heads, Acc<T>* lse, Acc<T>* delta) {
  with_lanes<Acc<T>>(heads, [&](auto n) {
    for (int64_t j = 0; j < block.count; ++j) {
      fetch_listed(rows.source, block.end, packed, stride * sizeof(Acc<T>), block.lo + j);
      const Acc<T>* from = packed + rows.known_source(block.lo + j) * stride;
      widen_row<decltype(n)::count>(from, heads, lse + j * heads);
      widen_row<decltype(n)::count>(from + heads, heads, delta + j * heads);
    }
  });
}

}  // namespace WEFT_ISA
}  // namespace weft
