// The three walks of attention, for any Score. For the edge e = j -> i and the head h, with c the factors of edges,
//   p[e] = exp(score[e] - lse[i]),  out[i] = sum of p[e] c[e] value[j],  and in the gradient, with a[e] = grad[i] . value[j],
//   gradient of score[e] = p[e] (c[e] a[e] - delta[i]),  delta[i] = grad[i] . out[i].
// Memory traffic: forward and by target the rows of sources once an edge, by source those of targets, prefetched; results once. What is
// computed for single edges lives for one block.
#pragma once
#include "../spmm/row_tiles.h"
#include "pass.h"
#include "walk.h"

namespace weft {
namespace WEFT_ISA {

template <class T, class Score>
struct Forward : Pass<T, Score> {
  using Base = Pass<T, Score>;
  using typename Base::A;
  using Base::L, Base::edges, Base::features, Base::heads, Base::score, Base::width;
  static constexpr bool kSumsScores = false, kSumsValues = true, kFinishesRows = true;
  const T* value;
  T* out;
  A* lse;
  const Tiling<T, 1, Additions> tiling;  // of parts of a row
  const Tiling<T, 1, RowSums> row_tiling;

  Forward(const AnyRows& rows, const Score& score, const EdgeFactors<T>& edges, int64_t width, const T* value, T* out, A* lse)
      : Base(rows, score, edges, width), value(value), out(out), lse(lse), tiling(this->features, this->heads, kSum, false),
        row_tiling(this->features, this->heads, kSum, false) {}

  Table<T> values() const { return {value, features}; }
  bool has_memory() const { return tiling.tiles.data && row_tiling.tiles.data && score.has_memory(); }
  int64_t state() const { return tiling.slots + 2 * heads + kSpare; }  // sums; the highest score and the sum of exp(score - highest) of heads
  A* top(A* state) const { return state + tiling.slots; }
  const A* top(const A* state) const { return state + tiling.slots; }
  A* total(A* state) const { return top(state) + heads; }

  struct Scratch : Base::Scratch {
    Scratch(const Forward& pass, int64_t count) : Base::Scratch(pass, count, 3, 0, larger(pass.features, pass.heads), 2) {}
    A* tops() const { return this->run(Base::Scratch::kRuns); }  // the highest score of heads, of each row
    A* totals() const { return this->run(Base::Scratch::kRuns + 1); }
    A* bases() const { return this->run(Base::Scratch::kRuns + 2); }  // what the scores of edges are measured from
    A* sums() const { return this->row(0); }
    A* scale() const { return this->row(1); }
  };

  void prepare(const Block<T>& block, const Scratch& s, const A* state) const {
    const int64_t count = block.count * heads, rows = block.rows * heads;
    A* weight = s.raw();
    this->read_edges(block, s);
    if (edges.score || !Score::kIsPlain)
      for (int64_t k = 0; k < count; k += L) {
        const auto v = score.template value<L>(load<L>(weight + k));
        store<L, A>(weight + k, edges.score ? v + load<L>(s.bias() + k) : v);
      }
    for (int64_t r = 0; r < block.rows; ++r)
      fold_edges(block, r, weight, heads, -static_cast<A>(__builtin_inf()), s.tops() + r * heads, [](auto best, auto v) { return v > best ? v : best; });
    for (int64_t h = 0; h < heads && !block.fresh; ++h) s.tops()[h] = larger_of(s.tops()[h], top(state)[h]);
    for (int64_t k = 0; k < rows; ++k) s.totals()[k] = measured_from(s.tops()[k]);
    repeat_for_edges(block, heads, s.bases(), [&](int64_t r) { return s.totals() + r * heads; });
    for (int64_t k = 0; k < count; k += L) store<L, A>(weight + k, vexp<A, L>(load<L>(weight + k) - load<L>(s.bases() + k)));
    for (int64_t r = 0; r < block.rows; ++r)
      fold_edges(block, r, weight, heads, A(0), s.totals() + r * heads, [](auto sum, auto v) { return sum + v; });
    for (int64_t k = 0; edges.has_factor() && k < count; ++k) weight[k] *= s.factor()[k];
  }

  void finish_rows(const Block<T>& block, const Scratch& s) const {
    const int64_t count = block.count * heads, first = block.row[0];
    A *weight = s.raw(), *shares = s.bases();
    for (int64_t k = 0; k < block.rows * heads; k += L) store<L, A>(s.bias() + k, splat<A, L>(1) / load<L>(s.totals() + k));
    repeat_for_edges(block, heads, shares, [&](int64_t r) { return s.bias() + r * heads; });
    for (int64_t k = 0; k < count; k += L) store<L, A>(weight + k, load<L>(weight + k) * load<L>(shares + k));
    const Segment<T> segment{block.values.rows, weight, heads, block.count, block.values.far, score.table().rows != value ? block.values.near : 0, true};
    row_tiling.run(RowSegment<T>{segment, this->rows.indptr, block.lo, first, block.row[block.rows - 1] + 1, false, out, nullptr, false, features,
                                 nullptr, false},
                   nullptr, nullptr);
    if (!lse) return;
    for (int64_t k = 0; k < block.rows * heads; k += L) store<L, A>(s.totals() + k, vlog<A, L>(load<L>(s.totals() + k)));
    for (int64_t r = 0, k = 0; r < block.rows; ++r)
      for (A *to = lse + block.row[r] * heads, *const end = to + heads; to < end; ++to, ++k) *to = measured_from(s.tops()[k]) + s.totals()[k];
  }

  void add(const Block<T>& block, int64_t r, const Scratch& s, A* state) const {
    const A *tops = s.tops() + r * heads, *totals = s.totals() + r * heads;
    if (block.fresh) memcpy(total(state), totals, heads * sizeof(A));
    else if (falls_behind(tops, s.scale(), state)) rescale(s.scale(), state);
    for (int64_t h = 0; h < heads && !block.fresh; ++h) total(state)[h] = total(state)[h] * s.scale()[h] + totals[h];
    memcpy(top(state), tops, heads * sizeof(A));
    tiling.run(block.segment(r, block.values, s.raw(), heads, score.table().rows != value), state, nullptr);
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

  WEFT_OUTLINE void finish(const Block<T>& block, int64_t r, const Scratch& s, A* state) const {
    const int64_t row = block.row[r];
    T* to = out + row * features;
    tiling.unpack(state, s.sums());
    for (int64_t h = 0, k = 0; h < heads; ++h) {
      const A scale = A(1) / total(state)[h];
      for (const int64_t end = k + width; k < end; ++k) to[k] = narrow<T>(s.sums()[k] * scale);
    }
    if (!lse) return;
    for (int64_t h = 0; h < heads; h += L) store<L, A>(s.scale() + h, vlog<A, L>(load<L>(total(state) + h)));
    for (int64_t h = 0; h < heads; ++h) lse[row * heads + h] = measured_from(top(state)[h]) + s.scale()[h];
  }

  void clear(int64_t row) const {
    memset(out + row * features, 0, features * sizeof(T));
    if (lse) memset(lse + row * heads, 0, heads * sizeof(A));
  }

 private:
  static A larger_of(A a, A b) { return a > b ? a : b; }
  // Scores that are all -inf have nothing to be measured from; exp of each is 0, and the row becomes NaN in the end.
  static A measured_from(A high) { return high == -__builtin_inf() ? A(0) : high; }

  // What earlier sums are multiplied by once there are these highest scores; false if that is 1 everywhere.
  bool falls_behind(const A* tops, A* scale, const A* state) const {
    bool changed = false;
    for (int64_t h = 0; h < heads; ++h) {
      const A before = top(state)[h];
      scale[h] = tops[h] == before ? A(1) : vexp<A, 1>(before - measured_from(tops[h]));
      changed |= tops[h] != before;
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
  using Base::L, Base::edges, Base::features, Base::heads, Base::score, Base::width;
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
    Scratch(const ByTarget& pass, int64_t count) : Base::Scratch(pass, count, 4, pass.features, 2 * pass.score.features(), 1) {}
    A* dots() const { return this->run(Base::Scratch::kRuns); }
    A* deltas() const { return this->run(Base::Scratch::kRuns + 1); }  // of rows
    A* delta() const { return this->run(Base::Scratch::kRuns + 2); }   // of edges
    A* lse() const { return this->run(Base::Scratch::kRuns + 3); }
    A* spare() const { return this->row(0); }
  };

  WEFT_OUTLINE void begin(const Block<T>& block, const Scratch& s) const {
    Base::begin(block, s);
    for (int64_t r = 0; r < block.rows; ++r) {
      const int64_t row = block.row[r];
      s.rows_of(1)[r] = widened(grad + row * features, features, s.table(1) + r * features);
      if (out) dot_rows<T>(grad + row * features, out + row * features, heads, width, s.deltas() + r * heads);
      else memcpy(s.deltas() + r * heads, packed + row * stride + heads, heads * sizeof(A));
    }
  }

  void prepare(const Block<T>& block, const Scratch& s, const A*) const {
    const bool wanted = edges.wants_gradients();
    repeat_for_edges(block, heads, s.lse(), [&](int64_t r) { return lse + block.row[r] * heads; });
    repeat_for_edges(block, heads, s.delta(), [&](int64_t r) { return s.deltas() + r * heads; });
    dot_heads(block.values, s.edges_of(block, 1), width, s.dots());
    this->weigh(block, s, s.lse(), [&](int64_t k, auto raw, auto p, auto c) {
      const auto dot = load<L>(s.dots() + k), gradient = p * (dot * c - load<L>(s.delta() + k));
      if (wanted) {
        store<L, A>(s.bias() + k, gradient);
        store<L, A>(s.dots() + k, edges.drops ? p * dot * load<L>(s.drawn() + k) : p * dot);
      }
      store<L, A>(s.raw() + k, gradient * score.template slope<L>(raw));
    });
    if (wanted) edges.store(block.lo, block.lo + block.count, s.bias(), s.dots());
  }

  void add(const Block<T>& block, int64_t r, const Scratch& s, A* state) const {
    score.accumulate(block, r, this->own(s, r), s.raw(), state, s.spare());
  }

  WEFT_OUTLINE void merge(A* state, const A* other) const { Base::add_up(state, other, this->state()); }

  WEFT_OUTLINE void finish(const Block<T>& block, int64_t r, const Scratch& s, A* state) const {
    const int64_t row = block.row[r];
    if (out) memcpy(packed + row * stride, lse + row * heads, heads * sizeof(A));
    if (out) memcpy(packed + row * stride + heads, s.deltas() + r * heads, heads * sizeof(A));
    score.finish(row, this->own(s, r), state, nullptr, s.spare());
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
    Scratch(const BySource& pass, int64_t count)
        : Base::Scratch(pass, count, 3, pass.features, larger(pass.features, 2 * pass.score.features()), 2) {}
    A* dots() const { return this->run(Base::Scratch::kRuns); }
    A* lse() const { return this->run(Base::Scratch::kRuns + 1); }
    A* delta() const { return this->run(Base::Scratch::kRuns + 2); }
    A* sums() const { return this->row(0); }
    A* spare() const { return this->row(1); }
  };

  WEFT_OUTLINE void begin(const Block<T>& block, const Scratch& s) const {
    Base::begin(block, s);
    for (int64_t r = 0; r < block.rows; ++r)
      s.rows_of(1)[r] = widened(value + block.row[r] * features, features, s.table(1) + r * features);
  }

  void prepare(const Block<T>& block, const Scratch& s, const A*) const {
    dot_heads(block.values, s.edges_of(block, 1), width, s.dots());
    gather_packed(this->rows, block, packed, stride, heads, s.lse(), s.delta());
    this->weigh(block, s, s.lse(), [&](int64_t k, auto raw, auto p, auto c) {
      const auto gradient = p * (load<L>(s.dots() + k) * c - load<L>(s.delta() + k));
      store<L, A>(s.dots() + k, p * c);
      store<L, A>(s.raw() + k, gradient * score.template slope<L>(raw));
    });
  }

  void add(const Block<T>& block, int64_t r, const Scratch& s, A* state) const {
    tiling.run(block.segment(r, block.values, s.dots(), heads), state, nullptr);
    score.accumulate(block, r, this->own(s, r), s.raw(), state + tiling.slots, s.spare());
  }

  WEFT_OUTLINE void merge(A* state, const A* other) const { Base::add_up(state, other, this->state()); }

  WEFT_OUTLINE void finish(const Block<T>& block, int64_t r, const Scratch& s, A* state) const {
    const int64_t row = block.row[r];
    tiling.unpack(state, s.sums());
    score.finish(row, this->own(s, r), state + tiling.slots, s.sums(), s.spare());
    for (int64_t k = 0; k < features; ++k) grad_value[row * features + k] = narrow<T>(s.sums()[k]);
  }

  void clear(int64_t row) const {
    memset(grad_value + row * features, 0, features * sizeof(T));
    if (score.grad) memset(score.grad + row * score.features(), 0, score.features() * sizeof(T));
  }
};

}  // namespace WEFT_ISA
}  // namespace weft
