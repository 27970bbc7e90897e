// What every walk of attention has: the score, what belongs to edges, and arrays for the edges of a block.
#pragma once
#include "edge_factors.h"
#include "scores.h"
#include "weft/exp.h"

namespace weft {
namespace WEFT_ISA {

// Runs of numbers for the edges of a block, and for a row; room for a vector follows each.
template <class A>
class Arrays {
 public:
  Arrays(int64_t runs, int64_t run, int64_t rows, int64_t row) : run_(run + kSpare), row_(row + kSpare), runs_(runs), memory_(runs * run_ + rows * row_) {}
  bool has_memory() const { return memory_.data != nullptr; }
  A* run(int64_t at) const { return memory_.data + at * run_; }
  A* row(int64_t at) const { return memory_.data + runs_ * run_ + at * row_; }
  int64_t stride() const { return run_; }

 private:
  int64_t run_, row_, runs_;
  Buffer<A> memory_;
};

template <class T, class Score>
struct Pass {
  using A = Acc<T>;
  static constexpr int L = Lanewise<A>::kLanes;
  const AnyRows& rows;
  const Score& score;
  const EdgeFactors<T>& edges;
  const int64_t heads, width, features;  // of a value
  const Lanewise<A> lanes;

  Pass(const AnyRows& rows, const Score& score, const EdgeFactors<T>& edges, int64_t width)
      : rows(rows), score(score), edges(edges), heads(edges.heads), width(width), features(edges.heads * width), lanes(edges.heads) {}

  Table<T> scores() const { return score.table(); }
  bool checks_edges() const { return edges.any(); }

  // Passes take further runs behind kRuns, and further rows behind kRows, each with room for `row` numbers or the values of the row itself.
  struct Scratch : Arrays<A> {
    static constexpr int64_t kRuns = 4, kRows = 1;
    Scratch(const Pass& pass, int64_t count, int64_t runs, int64_t rows, int64_t row)
        : Arrays<A>(kRuns + runs, pass.lanes.room(count * pass.heads), kRows + rows, larger(row, pass.score.features())) {}
    A* raw() const { return this->run(0); }
    A* bias() const { return this->run(1); }
    A* factor() const { return this->run(2); }
    A* drawn() const { return this->run(3); }
    A* own() const { return this->row(0); }
  };

  // Calls body(k, q) for the vectors of `count` edges: k is their place in the run, q in a period of heads.
  template <class Body>
  WEFT_INLINE_MEMBER void vectors(int64_t count, const Body& body) const {
    for (int64_t q = 0; q < lanes.period(); q += L)
      for (int64_t k = q; k < count * heads; k += lanes.period()) body(k, q);
  }

  // Numbers of the scores, and what edges add to them and multiply.
  void read_edges(const Block<T>& block, const Scratch& s) const {
    const int64_t stop = block.lo + block.count;
    score.compute(block, s.own(), s.raw());
    if (edges.score) edges.load_scores(block.lo, stop, block.end, s.bias());
    if (edges.has_factor()) edges.load_factors(block.lo, stop, block.end, s.factor(), s.drawn());
  }

  // The same, and then body(k, q, number, p, c) for the vectors: p = exp(score - lse(k, q)), c the factor.
  template <class Lse, class Body>
  WEFT_INLINE_MEMBER void weigh(const Block<T>& block, const Scratch& s, const Lse& lse, const Body& body) const {
    read_edges(block, s);
    const bool biased = edges.score, factored = edges.has_factor();
    vectors(block.count, [&](int64_t k, int64_t q) {
      const auto raw = load<L>(s.raw() + k), value = score.template value<L>(raw);
      const auto p = vexp<A, L>((biased ? value + load<L>(s.bias() + k) : value) - lse(k, q));
      body(k, q, raw, p, factored ? load<L>(s.factor() + k) : splat<A, L>(1));
    });
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
