// The three walks of attention, for any Score. For the edge e = j -> i and the head h, with c the factors of edges,
//   p[e] = exp(score[e] - lse[i]),  out[i] = sum of p[e] c[e] value[j],  and in the gradient, with a[e] = grad[i] . value[j],
//   gradient of score[e] = p[e] (c[e] a[e] - delta[i]),  delta[i] = grad[i] . out[i].
// Memory traffic: forward and by target the rows of sources once an edge, by source those of targets, prefetched; results once. What is
// computed for single edges lives for one block.
#pragma once
#include "edge_factors.h"
#include "walk.h"
#include "weft/exp.h"

namespace weft {
namespace WEFT_ISA {

// What the passes share: sizes, the runs of edges by heads, the values of a head.
template <class T>
struct Shape {
  using A = Acc<T>;
  static constexpr int L = Lanewise<A>::kLanes;
  int64_t heads, width;
  Lanewise<A> lanes;
  Shape(int64_t heads, int64_t width) : heads(heads), width(width), lanes(heads) {}
  int64_t features() const { return heads * width; }

  // Calls body(k, q) for the vectors of `count` edges: k is their place in the run, q in a period of heads.
  template <class Body>
  WEFT_INLINE_MEMBER void vectors(int64_t count, const Body& body) const {
    for (int64_t q = 0; q < lanes.period(); q += L)
      for (int64_t k = q; k < count * heads; k += lanes.period()) body(k, q);
  }

  template <class Body>
  WEFT_INLINE_MEMBER void each_feature(const Body& body) const {
    for (int64_t h = 0, k = 0; h < heads; ++h)
      for (int64_t end = k + width; k < end; ++k) body(k, h);
  }
};

// Arrays of one block of edges, and of one row; each is followed by room for a vector.
template <class A>
class Arrays {
 public:
  Arrays(int64_t runs, int64_t run, int64_t rows, int64_t row) : run_(run + kSpare), row_(row + kSpare), runs_(runs), memory_(runs * run_ + rows * row_) {}
  bool has_memory() const { return memory_.data != nullptr; }
  A* run(int at) const { return memory_.data + at * run_; }
  A* row(int at) const { return memory_.data + runs_ * run_ + at * row_; }

 private:
  int64_t run_, row_, runs_;
  Buffer<A> memory_;
};

template <class T, class I, class Score>
struct Forward : Shape<T> {
  using A = Acc<T>;
  static constexpr bool kSumsScores = false, kSumsValues = true;
  using Shape<T>::L;
  using Shape<T>::heads;
  using Shape<T>::lanes;
  const Rows<I>& rows;
  const Score& score;
  const EdgeFactors<T, I>& edges;
  const T* value;
  T* out;
  A* lse;
  const Tiling<T, 1, Additions> tiling;

  Forward(const Rows<I>& rows, const Score& score, const EdgeFactors<T, I>& edges, int64_t width, const T* value, T* out, A* lse)
      : Shape<T>(edges.heads, width), rows(rows), score(score), edges(edges), value(value), out(out), lse(lse),
        tiling(edges.heads * width, edges.heads, kSum, false) {}

  Table<T> scores() const { return score.table(); }
  Table<T> values() const { return {value, this->features()}; }
  bool checks_edges() const { return edges.any(); }
  bool has_memory() const { return tiling.tiles.data && score.has_memory(); }
  int64_t state() const { return tiling.slots + 2 * heads + kSpare; }  // sums; the highest score and the sum of exp(score - highest) of heads
  A* top(A* state) const { return state + tiling.slots; }
  A* total(A* state) const { return top(state) + heads; }

  struct Scratch : Arrays<A> {
    Scratch(const Forward& pass, int64_t count)
        : Arrays<A>(3, pass.lanes.room(count * pass.heads), 4, larger(pass.features(), pass.score.features())) {}
    A *weight() const { return this->run(0); }
    A *factor() const { return this->run(1); }
    A *drawn() const { return this->run(2); }
    A *own() const { return this->row(0); }
    A *features() const { return this->row(1); }
    A *high() const { return this->row(2); }
    A *scale() const { return this->row(3); }
  };

  void start(int64_t row, const Scratch& s) const { score.begin(row, s.own()); }

  void add(const Block<T>& block, const Scratch& s, A* state) const {
    const int64_t count = block.count * heads, stop = block.lo + block.count;
    A* weight = s.weight();
    score.compute(block, s.own(), weight);
    if (edges.score) edges.load_scores(block.lo, stop, block.end, s.factor());
    if (edges.score || !Score::kIsPlain)
      this->vectors(block.count, [&](int64_t k, int64_t) {
        const auto v = score.template value<L>(load<L>(weight + k));
        store<L, A>(weight + k, edges.score ? v + load<L>(s.factor() + k) : v);
      });
    const int64_t padded = lanes.pad(weight, count, -__builtin_inf());
    lanes.fold(weight, padded, -__builtin_inf(), s.high(), [](auto best, auto v) { return v > best ? v : best; });
    const bool rescales = raise(block.fresh, s.high(), s.scale(), state);
    lanes.each(weight, weight, count, s.high(), [](auto v, auto high) { return vexp<A, L>(v - high); });
    lanes.fold(weight, padded, A(0), s.high(), [](auto sum, auto v) { return sum + v; });
    A* sums = total(state);
    for (int64_t h = 0; h < heads; ++h) sums[h] = block.fresh ? s.high()[h] : sums[h] * s.scale()[h] + s.high()[h];
    if (edges.has_factor()) {
      edges.load_factors(block.lo, stop, block.end, s.factor(), s.drawn());
      for (int64_t k = 0; k < count; ++k) weight[k] *= s.factor()[k];
    }
    if (rescales) rescale(s.scale(), state);
    tiling.run(block.segment(block.values, weight, heads, score.table().rows != value), state, nullptr);
  }

  void merge(A* state, A* other) const {
    for (int64_t h = 0; h < heads; ++h) {  // their highest scores become factors for a while
      const A high = larger_of(top(state)[h], top(other)[h]), base = measured_from(high);
      top(state)[h] = vexp<A, 1>(top(state)[h] - base);
      top(other)[h] = vexp<A, 1>(top(other)[h] - base);
      total(state)[h] = total(state)[h] * top(state)[h] + total(other)[h] * top(other)[h];
      total(other)[h] = high;
    }
    rescale(top(state), state);
    rescale(top(other), other);
    for (int64_t slot = 0; slot < tiling.slots; ++slot) state[slot] += other[slot];
    memcpy(top(state), total(other), heads * sizeof(A));
  }

  void finish(int64_t row, const Scratch& s, A* state) const {
    T* to = out + row * this->features();
    tiling.unpack(state, s.features());
    for (int64_t h = 0; h < heads; ++h) s.scale()[h] = A(1) / total(state)[h];
    this->each_feature([&](int64_t k, int64_t h) { to[k] = narrow<T>(s.features()[k] * s.scale()[h]); });
    if (!lse) return;
    for (int64_t h = 0; h < heads; h += L) store<L, A>(s.high() + h, vlog<A, L>(load<L>(total(state) + h)));
    for (int64_t h = 0; h < heads; ++h) lse[row * heads + h] = measured_from(top(state)[h]) + s.high()[h];
  }

  void clear(int64_t row) const {
    memset(out + row * this->features(), 0, this->features() * sizeof(T));
    if (lse) memset(lse + row * heads, 0, heads * sizeof(A));
  }

 private:
  static A larger_of(A a, A b) { return a > b ? a : b; }
  // Scores that are all -inf have nothing to be measured from; exp of each is 0, and the row becomes NaN in the end.
  static A measured_from(A high) { return high == -__builtin_inf() ? A(0) : high; }

  // Takes the highest scores of a block into account: `high` becomes what its scores are measured from, `scale` what earlier sums are
  // multiplied by; false if that is 1 everywhere.
  bool raise(bool fresh, A* high, A* scale, A* state) const {
    bool changed = false;
    for (int64_t h = 0; h < heads; ++h) {
      const A before = fresh ? -__builtin_inf() : top(state)[h], now = larger_of(high[h], before);
      top(state)[h] = now;
      high[h] = measured_from(now);
      scale[h] = now == before || fresh ? A(1) : vexp<A, 1>(before - high[h]);  // a row begins with sums of its own
      changed |= !fresh && now != before;
    }
    return changed;
  }

  void rescale(const A* scale, A* state) const {
    tiling.each([&](int64_t slot, int64_t feature, int64_t lanes) {
      for (int64_t l = 0, h = feature / this->width, left = (h + 1) * this->width - feature; l < lanes; ++l, --left) {
        if (left == 0) ++h, left = this->width;
        state[slot + l] *= scale[h];
      }
    });
  }
};

// The gradients of what belongs to targets, edges and heads; leaves lse and delta of each target in `packed` for the walk by source.
// Without `out` delta stands there already.
template <class T, class I, class Score>
struct ByTarget : Shape<T> {
  using A = Acc<T>;
  static constexpr bool kSumsScores = true, kSumsValues = false;
  using Shape<T>::L;
  using Shape<T>::heads;
  using Shape<T>::lanes;
  const Rows<I>& rows;
  const Score& score;
  const EdgeFactors<T, I>& edges;
  const T *value, *grad, *out;
  const A* lse;
  A* packed;
  int64_t stride;

  ByTarget(const Rows<I>& rows, const Score& score, const EdgeFactors<T, I>& edges, int64_t width, const T* value, const T* grad,
           const T* out, const A* lse, A* packed, int64_t stride)
      : Shape<T>(edges.heads, width), rows(rows), score(score), edges(edges), value(value), grad(grad), out(out), lse(lse),
        packed(packed), stride(stride) {}

  Table<T> scores() const { return score.table(); }
  Table<T> values() const { return {value, this->features()}; }
  bool checks_edges() const { return edges.any(); }
  bool has_memory() const { return score.has_memory(); }
  int64_t state() const { return score.sums(); }

  struct Scratch : Arrays<A> {
    Scratch(const ByTarget& pass, int64_t count)
        : Arrays<A>(5, pass.lanes.room(count * pass.heads), 6, larger(pass.lanes.period(), larger(pass.features(), 2 * pass.score.features()))) {}
    A *raw() const { return this->run(0); }
    A *dots() const { return this->run(1); }
    A *bias() const { return this->run(2); }
    A *factor() const { return this->run(3); }
    A *drawn() const { return this->run(4); }
    A *own() const { return this->row(0); }
    A *mine() const { return this->row(1); }
    A *lse() const { return this->row(2); }
    A *delta() const { return this->row(3); }
    A *deltas() const { return this->row(4); }
    A *spare() const { return this->row(5); }
  };

  void start(int64_t row, const Scratch& s) const {
    const int64_t features = this->features();
    score.begin(row, s.own());
    for (int64_t k = 0; k < features; ++k) s.mine()[k] = widen(grad[row * features + k]);
    if (out) dot_rows<T>(grad + row * features, out + row * features, heads, this->width, s.deltas());
    else memcpy(s.deltas(), packed + row * stride + heads, heads * sizeof(A));
    lanes.spread(lse + row * heads, s.lse());
    lanes.spread(s.deltas(), s.delta());
  }

  void add(const Block<T>& block, const Scratch& s, A* state) const {
    const int64_t stop = block.lo + block.count;
    const bool biased = edges.score, factored = edges.has_factor(), wanted = edges.wants_gradients();
    score.compute(block, s.own(), s.raw());
    dot_heads(block.values, this->width, s.mine(), s.dots());
    if (biased) edges.load_scores(block.lo, stop, block.end, s.bias());
    if (factored) edges.load_factors(block.lo, stop, block.end, s.factor(), s.drawn());
    this->vectors(block.count, [&](int64_t k, int64_t q) {
      const auto raw = load<L>(s.raw() + k), dot = load<L>(s.dots() + k);
      const auto value = score.template value<L>(raw);
      const auto p = vexp<A, L>((biased ? value + load<L>(s.bias() + k) : value) - load<L>(s.lse() + q));
      const auto gradient = p * ((factored ? dot * load<L>(s.factor() + k) : dot) - load<L>(s.delta() + q));
      if (wanted) {
        store<L, A>(s.bias() + k, gradient);
        store<L, A>(s.dots() + k, factored ? p * dot * load<L>(s.drawn() + k) : p * dot);
      }
      store<L, A>(s.raw() + k, gradient * score.template slope<L>(raw));
    });
    if (wanted) edges.store(block.lo, stop, s.bias(), s.dots());
    score.accumulate(block, s.own(), s.raw(), state, s.spare());
  }

  void merge(A* state, const A* other) const {
    for (int64_t k = 0; k < score.sums(); ++k) state[k] += other[k];
  }

  void finish(int64_t row, const Scratch& s, A* state) const {
    A* to = packed + row * stride;
    memcpy(to, lse + row * heads, heads * sizeof(A));
    memcpy(to + heads, s.deltas(), heads * sizeof(A));
    if (stride > 2 * heads) memcpy(to + 2 * heads, s.own(), heads * sizeof(A));
    score.finish(row, s.own(), state, nullptr, s.spare());
  }

  void clear(int64_t row) const { memset(score.grad + row * score.features(), 0, score.features() * sizeof(T)); }
};

// Copies what the walk by target has left at the other end of each edge.
template <class T, class I>
WEFT_INLINE void gather_packed(const Rows<I>& rows, const Block<T>& block, const Acc<T>* packed, int64_t stride, int64_t heads, Acc<T>* lse, Acc<T>* delta) {
  with_lanes<Acc<T>>(heads, [&](auto n) {
    for (int64_t j = 0; j < block.count; ++j) {
      fetch_listed(rows.source, block.end, packed, stride * sizeof(Acc<T>), block.lo + j);
      const Acc<T>* from = packed + rows.source_at(block.lo + j) * stride;
      widen_row<decltype(n)::count>(from, heads, lse + j * heads);
      widen_row<decltype(n)::count>(from + heads, heads, delta + j * heads);
    }
  });
}

// The gradients of what belongs to sources.
template <class T, class I, class Score>
struct BySource : Shape<T> {
  using A = Acc<T>;
  static constexpr bool kSumsScores = true, kSumsValues = true;
  using Shape<T>::L;
  using Shape<T>::heads;
  using Shape<T>::lanes;
  const Rows<I>& rows;
  const Score& score;
  const EdgeFactors<T, I>& edges;
  const T *value, *grad;
  T* grad_value;
  const A* packed;
  int64_t stride;
  const Tiling<T, 1, Additions> tiling;

  BySource(const Rows<I>& rows, const Score& score, const EdgeFactors<T, I>& edges, int64_t width, const T* value, const T* grad,
           T* grad_value, const A* packed, int64_t stride)
      : Shape<T>(edges.heads, width), rows(rows), score(score), edges(edges), value(value), grad(grad), grad_value(grad_value),
        packed(packed), stride(stride), tiling(edges.heads * width, edges.heads, kSum, false) {}

  Table<T> scores() const { return score.table(); }
  Table<T> values() const { return {grad, this->features()}; }
  bool checks_edges() const { return edges.any(); }
  bool has_memory() const { return tiling.tiles.data && score.has_memory(); }
  int64_t state() const { return tiling.slots + score.sums(); }

  struct Scratch : Arrays<A> {
    Scratch(const BySource& pass, int64_t count)
        : Arrays<A>(7, pass.lanes.room(count * pass.heads), 4, larger(pass.features(), 2 * pass.score.features())) {}
    A *raw() const { return this->run(0); }
    A *dots() const { return this->run(1); }
    A *bias() const { return this->run(2); }
    A *factor() const { return this->run(3); }
    A *drawn() const { return this->run(4); }
    A *lse() const { return this->run(5); }
    A *delta() const { return this->run(6); }
    A *own() const { return this->row(0); }
    A *mine() const { return this->row(1); }
    A *features() const { return this->row(2); }
    A *spare() const { return this->row(3); }
  };

  void start(int64_t row, const Scratch& s) const {
    score.begin(row, s.own());
    for (int64_t k = 0; k < this->features(); ++k) s.mine()[k] = widen(value[row * this->features() + k]);
  }

  void add(const Block<T>& block, const Scratch& s, A* state) const {
    const int64_t stop = block.lo + block.count;
    const bool biased = edges.score, factored = edges.has_factor();
    score.compute(block, s.own(), s.raw());
    dot_heads(block.values, this->width, s.mine(), s.dots());
    gather_packed(rows, block, packed, stride, heads, s.lse(), s.delta());
    if (biased) edges.load_scores(block.lo, stop, block.end, s.bias());
    if (factored) edges.load_factors(block.lo, stop, block.end, s.factor(), s.drawn());
    this->vectors(block.count, [&](int64_t k, int64_t) {
      const auto raw = load<L>(s.raw() + k), dot = load<L>(s.dots() + k);
      const auto value = score.template value<L>(raw);
      const auto p = vexp<A, L>((biased ? value + load<L>(s.bias() + k) : value) - load<L>(s.lse() + k));
      const auto gradient = p * ((factored ? dot * load<L>(s.factor() + k) : dot) - load<L>(s.delta() + k));
      store<L, A>(s.dots() + k, factored ? p * load<L>(s.factor() + k) : p);
      store<L, A>(s.raw() + k, gradient * score.template slope<L>(raw));
    });
    tiling.run(block.segment(block.values, s.dots(), heads), state, nullptr);
    score.accumulate(block, s.own(), s.raw(), state + tiling.slots, s.spare());
  }

  void merge(A* state, const A* other) const {
    for (int64_t k = 0; k < this->state(); ++k) state[k] += other[k];
  }

  void finish(int64_t row, const Scratch& s, A* state) const {
    tiling.unpack(state, s.features());
    score.finish(row, s.own(), state + tiling.slots, s.features(), s.spare());
    for (int64_t k = 0; k < this->features(); ++k) grad_value[row * this->features() + k] = narrow<T>(s.features()[k]);
  }

  void clear(int64_t row) const {
    memset(grad_value + row * this->features(), 0, this->features() * sizeof(T));
    if (score.grad) memset(score.grad + row * score.features(), 0, score.features() * sizeof(T));
  }
};

}  // namespace WEFT_ISA
}  // namespace weft
