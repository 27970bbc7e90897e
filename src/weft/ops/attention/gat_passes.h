// The gradient of attention whose scores are numbers of nodes. With s[e] the slope of a score, its sum over the edges of a node needs no
// product of rows by edge: it is one of that node's own row with a weighted sum of the others,
//   delta[i] = grad[i] . (sum of p c z[j]),    grad_right[i] = grad[i] . (sum of s p c z[j]) - delta[i] (sum of s p),
//   grad_left[j] = z[j] . (sum of s p c grad[i]) - (sum of s p delta[i]),    grad_z[j] = sum of p c grad[i],
// so both walks read rows only to add them up, and the output is not needed.
#pragma once
#include "passes.h"

namespace weft {
namespace WEFT_ISA {

// What both walks have: two weighted sums of rows, and the sum of one more number of each edge and head.
template <class T, class I>
struct GatPass : Shape<T> {
  using A = Acc<T>;
  static constexpr bool kSumsScores = false, kSumsValues = true;
  using Shape<T>::heads;
  using Shape<T>::lanes;
  const Rows<I>& rows;
  const GatScore<T, I>& score;
  const EdgeFactors<T, I>& edges;
  const T* read;  // rows at the other end
  const Tiling<T, 2, Additions> tiling;

  GatPass(const Rows<I>& rows, const GatScore<T, I>& score, const EdgeFactors<T, I>& edges, int64_t width, const T* read)
      : Shape<T>(edges.heads, width), rows(rows), score(score), edges(edges), read(read), tiling(edges.heads * width, edges.heads, kSum, false) {}

  Table<T> scores() const { return score.table(); }
  Table<T> values() const { return {read, this->features()}; }
  bool checks_edges() const { return edges.any(); }
  bool has_memory() const { return tiling.tiles.data != nullptr; }
  int64_t state() const { return tiling.slots + heads; }

  struct Scratch : Arrays<A> {
    int64_t room;
    Scratch(const GatPass& pass, int64_t count)
        : Arrays<A>(8, pass.lanes.room(count * pass.heads), 4, larger(2 * pass.features(), pass.lanes.period())), room(this->run(1) - this->run(0)) {}
    A *weights() const { return this->run(0); }  // of both sums
    A *extra() const { return this->run(2); }
    A *bias() const { return this->run(3); }
    A *factor() const { return this->run(4); }
    A *drawn() const { return this->run(5); }
    A *lse() const { return this->run(6); }
    A *delta() const { return this->run(7); }
    A *own() const { return this->row(0); }
    A *spread() const { return this->row(1); }
    A *sums() const { return this->row(2); }
    A *spare() const { return this->row(3); }
  };

  // Loads what belongs to edges; then body(k, q, p, slope, factor) for the vectors of edges, p from lse(k, q).
  template <class Lse, class Body>
  WEFT_INLINE_MEMBER void weigh(const Block<T>& block, const Scratch& s, const Lse& lse, const Body& body) const {
    constexpr int L = Shape<T>::L;
    const int64_t stop = block.lo + block.count;
    const bool biased = edges.score, factored = edges.has_factor();
    score.compute(block, s.own(), s.extra());
    if (biased) edges.load_scores(block.lo, stop, block.end, s.bias());
    if (factored) edges.load_factors(block.lo, stop, block.end, s.factor(), s.drawn());
    this->vectors(block.count, [&](int64_t k, int64_t q) {
      const auto raw = load<L>(s.extra() + k), value = score.template value<L>(raw);
      const auto p = vexp<A, L>((biased ? value + load<L>(s.bias() + k) : value) - lse(k, q));
      body(k, p, score.template slope<L>(raw), factored ? p * load<L>(s.factor() + k) : p);
    });
  }

  void add_up(const Block<T>& block, const Scratch& s, A* state) const {
    Segment<T> segment = block.segment(block.values, s.weights(), heads, true);
    segment.apart = s.room;
    tiling.run(segment, state, nullptr);
    score.accumulate(block, s.own(), s.extra(), state + tiling.slots, s.spare());
  }

  void merge(A* state, const A* other) const {
    for (int64_t k = 0; k < this->state(); ++k) state[k] += other[k];
  }
};

template <class T, class I>
struct GatByTarget : GatPass<T, I> {
  using A = Acc<T>;
  using Base = GatPass<T, I>;
  using typename Base::Scratch;
  using Base::heads;
  static constexpr int L = Shape<T>::L;
  const T* grad;
  const A* lse;
  A* packed;
  int64_t stride;

  GatByTarget(const Rows<I>& rows, const GatScore<T, I>& score, const EdgeFactors<T, I>& edges, int64_t width, const T* z, const T* grad,
              const T*, const A* lse, A* packed, int64_t stride)
      : Base(rows, score, edges, width, z), grad(grad), lse(lse), packed(packed), stride(stride) {}

  void start(int64_t row, const Scratch& s) const {
    this->score.begin(row, s.own());
    this->lanes.spread(lse + row * heads, s.spread());
  }

  void add(const Block<T>& block, const Scratch& s, A* state) const {
    this->weigh(block, s, [&](int64_t, int64_t q) { return load<L>(s.spread() + q); },
                [&](int64_t k, auto p, auto slope, auto weight) {
                  store<L, A>(s.weights() + k, weight);
                  store<L, A>(s.weights() + s.room + k, slope * weight);
                  store<L, A>(s.extra() + k, slope * p);
                });
    this->add_up(block, s, state);
  }

  void finish(int64_t row, const Scratch& s, A* state) const {
    A *to = packed + row * stride, *delta = to + heads, *sums = s.spare();
    const T* mine = grad + row * this->features();
    memcpy(to, lse + row * heads, heads * sizeof(A));
    memcpy(to + 2 * heads, s.own(), heads * sizeof(A));
    this->tiling.unpack(state, s.sums());
    dot_rows<T>(mine, s.sums(), heads, this->width, delta);
    dot_rows<T>(mine, s.sums() + this->features(), heads, this->width, sums);
    for (int64_t h = 0; h < heads; ++h) this->score.grad[row * heads + h] = narrow<T>(sums[h] - delta[h] * state[this->tiling.slots + h]);
  }

  void clear(int64_t row) const { memset(this->score.grad + row * heads, 0, heads * sizeof(T)); }
};

template <class T, class I>
struct GatBySource : GatPass<T, I> {
  using A = Acc<T>;
  using Base = GatPass<T, I>;
  using typename Base::Scratch;
  using Base::heads;
  static constexpr int L = Shape<T>::L;
  const T* z;
  T* grad_z;
  const A* packed;
  int64_t stride;

  GatBySource(const Rows<I>& rows, const GatScore<T, I>& score, const EdgeFactors<T, I>& edges, int64_t width, const T* z, const T* grad,
              T* grad_z, const A* packed, int64_t stride)
      : Base(rows, score, edges, width, grad), z(z), grad_z(grad_z), packed(packed), stride(stride) {}

  void start(int64_t row, const Scratch& s) const { this->score.begin(row, s.own()); }

  void add(const Block<T>& block, const Scratch& s, A* state) const {
    gather_packed(this->rows, block, packed, stride, heads, s.lse(), s.delta());
    this->weigh(block, s, [&](int64_t k, int64_t) { return load<L>(s.lse() + k); },
                [&](int64_t k, auto p, auto slope, auto weight) {
                  store<L, A>(s.weights() + k, weight);
                  store<L, A>(s.weights() + s.room + k, slope * weight);
                  store<L, A>(s.extra() + k, slope * p * load<L>(s.delta() + k));
                });
    this->add_up(block, s, state);
  }

  void finish(int64_t row, const Scratch& s, A* state) const {
    const int64_t features = this->features();
    this->tiling.unpack(state, s.sums());
    for (int64_t k = 0; k < features; ++k) grad_z[row * features + k] = narrow<T>(s.sums()[k]);
    dot_rows<T>(z + row * features, s.sums() + features, heads, this->width, s.spare());
    for (int64_t h = 0; h < heads; ++h) this->score.grad[row * heads + h] = narrow<T>(s.spare()[h] - state[this->tiling.slots + h]);
  }

  void clear(int64_t row) const {
    memset(grad_z + row * this->features(), 0, this->features() * sizeof(T));
    memset(this->score.grad + row * heads, 0, heads * sizeof(T));
  }
};

}  // namespace WEFT_ISA
}  // namespace weft
