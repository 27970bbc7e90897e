// The three walks of attention, for any Score. For the edge e = j -> i and the head h, with c the factors of edges,
//   p[e] = exp(score[e] - lse[i]),  out[i] = sum of p[e] c[e] value[j],  and in the gradient, with a[e] = grad[i] . value[j],
//   gradient of score[e] = p[e] (c[e] a[e] - delta[i]),  delta[i] = grad[i] . out[i].
// Memory traffic: forward and by target the rows of sources once an edge, by source those of targets, prefetched; results once. What is
// computed for single edges lives for one block.
#pragma once
#include "pass.h"
#include "walk.h"

namespace weft {
namespace WEFT_ISA {

template <class T, class Score>
struct Forward : Pass<T, Score> {
  using Base = Pass<T, Score>;
  using typename Base::A;
  using Base::L, Base::edges, Base::features, Base::heads, Base::lanes, Base::score, Base::width;
  static constexpr bool kSumsScores = false, kSumsValues = true;
  const T* value;
  T* out;
  A* lse;
  const Tiling<T, 1, Additions> tiling;

  Forward(const AnyRows& rows, const Score& score, const EdgeFactors<T>& edges, int64_t width, const T* value, T* out, A* lse)
      : Base(rows, score, edges, width), value(value), out(out), lse(lse), tiling(this->features, this->heads, kSum, false) {}

  Table<T> values() const { return {value, features}; }
  bool has_memory() const { return tiling.tiles.data && score.has_memory(); }
  int64_t state() const { return tiling.slots + 2 * heads + kSpare; }  // sums; the highest score and the sum of exp(score - highest) of heads
  A* top(A* state) const { return state + tiling.slots; }
  A* total(A* state) const { return top(state) + heads; }

  struct Scratch : Base::Scratch {
    Scratch(const Forward& pass, int64_t count) : Base::Scratch(pass, count, 0, 3, pass.features) {}
    A* sums() const { return this->row(1); }
    A* high() const { return this->row(2); }
    A* scale() const { return this->row(3); }
  };

  WEFT_OUTLINE void start(int64_t row, const Scratch& s) const { score.begin(row, s.own()); }

  void add(const Block<T>& block, const Scratch& s, A* state) const {
    const int64_t count = block.count * heads;
    A *weight = s.raw(), *sums = total(state);
    this->read_edges(block, s);
    if (edges.score || !Score::kIsPlain)
      this->vectors(block.count, [&](int64_t k, int64_t) {
        const auto v = score.template value<L>(load<L>(weight + k));
        store<L, A>(weight + k, edges.score ? v + load<L>(s.bias() + k) : v);
      });
    const int64_t padded = lanes.pad(weight, count, -__builtin_inf());
    lanes.fold(weight, padded, -__builtin_inf(), s.high(), [](auto best, auto v) { return v > best ? v : best; });
    const bool rescales = raise(block.fresh, s.high(), s.scale(), state);
    lanes.each(weight, weight, count, s.high(), [](auto v, auto high) { return vexp<A, L>(v - high); });
    lanes.fold(weight, padded, A(0), s.high(), [](auto sum, auto v) { return sum + v; });
    for (int64_t h = 0; h < heads; ++h) sums[h] = block.fresh ? s.high()[h] : sums[h] * s.scale()[h] + s.high()[h];
    for (int64_t k = 0; edges.has_factor() && k < count; ++k) weight[k] *= s.factor()[k];
    if (rescales) rescale(s.scale(), state);
    tiling.run(block.segment(block.values, weight, heads, score.table().rows != value), state, nullptr);
  }

  WEFT_OUTLINE void merge(A* state, A* other) const {
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

  WEFT_OUTLINE void finish(int64_t row, const Scratch& s, A* state) const {
    T* to = out + row * features;
    tiling.unpack(state, s.sums());
    for (int64_t h = 0, k = 0; h < heads; ++h) {
      const A scale = A(1) / total(state)[h];
      for (const int64_t end = k + width; k < end; ++k) to[k] = narrow<T>(s.sums()[k] * scale);
    }
    if (!lse) return;
    for (int64_t h = 0; h < heads; h += L) store<L, A>(s.high() + h, vlog<A, L>(load<L>(total(state) + h)));
    for (int64_t h = 0; h < heads; ++h) lse[row * heads + h] = measured_from(top(state)[h]) + s.high()[h];
  }

  void clear(int64_t row) const {
    memset(out + row * features, 0, features * sizeof(T));
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
      for (int64_t l = 0, h = feature / width, left = (h + 1) * width - feature; l < lanes; ++l, --left) {
        if (left == 0) ++h, left = width;
        state[slot + l] *= scale[h];
      }
    });
  }
};

// The gradients of what belongs to targets, edges and heads; leaves lse and delta of each target in `packed` for the walk by source.
// Without `out` they stand there already.
template <class T, class Score>
struct ByTarget : Pass<T, Score> {
  using Base = Pass<T, Score>;
  using typename Base::A;
  using Base::L, Base::edges, Base::features, Base::heads, Base::lanes, Base::score, Base::width;
  static constexpr bool kSumsScores = true, kSumsValues = false;
  const T *value, *grad, *out;
  const A* lse;
  A* packed;
  const int64_t stride;

  ByTarget(const AnyRows& rows, const Score& score, const EdgeFactors<T>& edges, int64_t width, const T* value, const T* grad,
           const T* out, const A* lse, A* packed, int64_t stride)
      : Base(rows, score, edges, width), value(value), grad(grad), out(out), lse(lse), packed(packed), stride(stride) {}

  Table<T> values() const { return {value, features}; }
  bool has_memory() const { return score.has_memory(); }
  int64_t state() const { return score.sums(); }

  struct Scratch : Base::Scratch {
    Scratch(const ByTarget& pass, int64_t count)
        : Base::Scratch(pass, count, 1, 5, larger(pass.lanes.period(), larger(pass.features, 2 * pass.score.features()))) {}
    A* dots() const { return this->run(Base::Scratch::kRuns); }
    A* mine() const { return this->row(1); }
    A* lse() const { return this->row(2); }
    A* delta() const { return this->row(3); }
    A* deltas() const { return this->row(4); }
    A* spare() const { return this->row(5); }
  };

  WEFT_OUTLINE void start(int64_t row, const Scratch& s) const {
    score.begin(row, s.own());
    for (int64_t k = 0; k < features; ++k) s.mine()[k] = widen(grad[row * features + k]);
    if (out) dot_rows<T>(grad + row * features, out + row * features, heads, width, s.deltas());
    else memcpy(s.deltas(), packed + row * stride + heads, heads * sizeof(A));
    lanes.spread(lse + row * heads, s.lse());
    lanes.spread(s.deltas(), s.delta());
  }

  void add(const Block<T>& block, const Scratch& s, A* state) const {
    const bool wanted = edges.wants_gradients();
    dot_heads(block.values, width, s.mine(), s.dots());
    this->weigh(block, s, [&](int64_t, int64_t q) { return load<L>(s.lse() + q); }, [&](int64_t k, int64_t q, auto raw, auto p, auto c) {
      const auto dot = load<L>(s.dots() + k), gradient = p * (dot * c - load<L>(s.delta() + q));
      if (wanted) {
        store<L, A>(s.bias() + k, gradient);
        store<L, A>(s.dots() + k, edges.drops ? p * dot * load<L>(s.drawn() + k) : p * dot);
      }
      store<L, A>(s.raw() + k, gradient * score.template slope<L>(raw));
    });
    if (wanted) edges.store(block.lo, block.lo + block.count, s.bias(), s.dots());
    score.accumulate(block, s.own(), s.raw(), state, s.spare());
  }

  WEFT_OUTLINE void merge(A* state, const A* other) const { Base::add_up(state, other, this->state()); }

  WEFT_OUTLINE void finish(int64_t row, const Scratch& s, A* state) const {
    if (out) memcpy(packed + row * stride, lse + row * heads, heads * sizeof(A));
    if (out) memcpy(packed + row * stride + heads, s.deltas(), heads * sizeof(A));
    score.finish(row, s.own(), state, nullptr, s.spare());
  }

  void clear(int64_t row) const { memset(score.grad + row * score.features(), 0, score.features() * sizeof(T)); }
};

// The gradients of what belongs to sources.
template <class T, class Score>
struct BySource : Pass<T, Score> {
  using Base = Pass<T, Score>;
  using typename Base::A;
  using Base::L, Base::features, Base::heads, Base::score, Base::width;
  static constexpr bool kSumsScores = true, kSumsValues = true;
  const T *value, *grad;
  T* grad_value;
  const A* packed;
  const int64_t stride;
  const Tiling<T, 1, Additions> tiling;

  BySource(const AnyRows& rows, const Score& score, const EdgeFactors<T>& edges, int64_t width, const T* value, const T* grad,
           T* grad_value, const A* packed, int64_t stride)
      : Base(rows, score, edges, width), value(value), grad(grad), grad_value(grad_value), packed(packed), stride(stride),
        tiling(this->features, this->heads, kSum, false) {}

  Table<T> values() const { return {grad, features}; }
  bool has_memory() const { return tiling.tiles.data && score.has_memory(); }
  int64_t state() const { return tiling.slots + score.sums(); }

  struct Scratch : Base::Scratch {
    Scratch(const BySource& pass, int64_t count) : Base::Scratch(pass, count, 3, 3, larger(pass.features, 2 * pass.score.features())) {}
    A* dots() const { return this->run(Base::Scratch::kRuns); }
    A* lse() const { return this->run(Base::Scratch::kRuns + 1); }
    A* delta() const { return this->run(Base::Scratch::kRuns + 2); }
    A* mine() const { return this->row(1); }
    A* sums() const { return this->row(2); }
    A* spare() const { return this->row(3); }
  };

  WEFT_OUTLINE void start(int64_t row, const Scratch& s) const {
    score.begin(row, s.own());
    for (int64_t k = 0; k < features; ++k) s.mine()[k] = widen(value[row * features + k]);
  }

  void add(const Block<T>& block, const Scratch& s, A* state) const {
    dot_heads(block.values, width, s.mine(), s.dots());
    gather_packed(this->rows, block, packed, stride, heads, s.lse(), s.delta());
    this->weigh(block, s, [&](int64_t k, int64_t) { return load<L>(s.lse() + k); }, [&](int64_t k, int64_t, auto raw, auto p, auto c) {
      const auto gradient = p * (load<L>(s.dots() + k) * c - load<L>(s.delta() + k));
      store<L, A>(s.dots() + k, p * c);
      store<L, A>(s.raw() + k, gradient * score.template slope<L>(raw));
    });
    tiling.run(block.segment(block.values, s.dots(), heads), state, nullptr);
    score.accumulate(block, s.own(), s.raw(), state + tiling.slots, s.spare());
  }

  WEFT_OUTLINE void merge(A* state, const A* other) const { Base::add_up(state, other, this->state()); }

  WEFT_OUTLINE void finish(int64_t row, const Scratch& s, A* state) const {
    tiling.unpack(state, s.sums());
    score.finish(row, s.own(), state + tiling.slots, s.sums(), s.spare());
    for (int64_t k = 0; k < features; ++k) grad_value[row * features + k] = narrow<T>(s.sums()[k]);
  }

  void clear(int64_t row) const {
    memset(grad_value + row * features, 0, features * sizeof(T));
    if (score.grad) memset(score.grad + row * score.features(), 0, score.features() * sizeof(T));
  }
};

}  // namespace WEFT_ISA
}  // namespace weft
