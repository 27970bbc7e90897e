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
template <class T>
struct GatPass : Pass<T, GatScore<T>> {
  using Base = Pass<T, GatScore<T>>;
  using typename Base::A;
  using Base::L, Base::features, Base::heads, Base::score;
  static constexpr bool kSumsScores = false, kSumsValues = true;
  const T* read;  // rows at the other end
  const Tiling<T, 2, Additions> tiling;

  GatPass(const AnyRows& rows, const GatScore<T>& score, const EdgeFactors<T>& edges, int64_t width, const T* read)
      : Base(rows, score, edges, width), read(read), tiling(this->features, this->heads, kSum, false) {}

  Table<T> values() const { return {read, features}; }
  bool has_memory() const { return tiling.tiles.data != nullptr; }
  int64_t state() const { return tiling.slots + heads; }

  struct Scratch : Base::Scratch {
    Scratch(const GatPass& pass, int64_t count) : Base::Scratch(pass, count, 4, 0, larger(2 * pass.features, pass.heads), 2) {}
    A* weights() const { return this->run(Base::Scratch::kRuns); }  // of both sums
    A* lse() const { return this->run(Base::Scratch::kRuns + 2); }
    A* delta() const { return this->run(Base::Scratch::kRuns + 3); }
    A* sums() const { return this->row(0); }
    A* spare() const { return this->row(1); }
  };

  // For the rows of a block, the weights p c and s p c, and s p times extra(k).
  template <class Extra>
  WEFT_INLINE_MEMBER void weigh_rows(const Block<T>& block, const Scratch& s, const Extra& extra) const {
    this->weigh(block, s, s.lse(), [&](int64_t k, auto raw, auto p, auto c) {
      const auto slope = score.template slope<L>(raw);
      store<L, A>(s.weights() + k, p * c);
      store<L, A>(s.weights() + s.stride() + k, slope * (p * c));
      store<L, A>(s.raw() + k, slope * p * extra(k));
    });
  }

  void add(const Block<T>& block, int64_t r, const Scratch& s, A* state) const {
    Segment<T> segment = block.segment(r, block.values, s.weights(), heads, true);
    segment.apart = s.stride();
    tiling.run(segment, state, nullptr);
    score.accumulate(block, r, nullptr, s.raw(), state + tiling.slots, s.spare());
  }

  WEFT_OUTLINE void merge(A* state, const A* other) const { Base::add_up(state, other, this->state()); }

  // Writes the gradient of the row's numbers: own row . second sum - factor * extra sum.
  void write_numbers(int64_t row, const T* own, const Scratch& s, const A* state, const A* factor) const {
    dot_rows<T>(own + row * features, s.sums() + features, heads, this->width, s.spare());
    for (int64_t h = 0; h < heads; ++h)
      score.grad[row * heads + h] = narrow<T>(s.spare()[h] - (factor ? factor[h] : A(1)) * state[tiling.slots + h]);
  }
};

template <class T>
struct GatByTarget : GatPass<T> {
  using Base = GatPass<T>;
  using typename Base::A, typename Base::Scratch;
  using Base::L, Base::features, Base::heads;
  const T* grad;
  const A* lse;
  A* packed;
  const int64_t stride;

  GatByTarget(const AnyRows& rows, const GatScore<T>& score, const EdgeFactors<T>& edges, int64_t width, const T* z, const T* grad,
              const T*, const A* lse, A* packed, int64_t stride)
      : Base(rows, score, edges, width, z), grad(grad), lse(lse), packed(packed), stride(stride) {}

  void prepare(const Block<T>& block, const Scratch& s, const A*) const {
    repeat_for_edges(block, heads, s.lse(), [&](int64_t r) { return lse + block.row[r] * heads; });
    this->weigh_rows(block, s, [](int64_t) { return splat<A, L>(1); });
  }

  WEFT_OUTLINE void finish(const Block<T>& block, int64_t r, const Scratch& s, A* state) const {
    const int64_t row = block.row[r];
    A *to = packed + row * stride, *delta = to + heads;
    memcpy(to, lse + row * heads, heads * sizeof(A));
    memcpy(to + 2 * heads, this->own(s, r), heads * sizeof(A));
    this->tiling.unpack(state, s.sums());
    dot_rows<T>(grad + row * features, s.sums(), heads, this->width, delta);
    this->write_numbers(row, grad, s, state, delta);
  }

  void clear(int64_t row) const { memset(this->score.grad + row * heads, 0, heads * sizeof(T)); }
};

template <class T>
struct GatBySource : GatPass<T> {
  using Base = GatPass<T>;
  using typename Base::A, typename Base::Scratch;
  using Base::L, Base::features, Base::heads;
  const T* z;
  T* grad_z;
  const A* packed;
  const int64_t stride;

  GatBySource(const AnyRows& rows, const GatScore<T>& score, const EdgeFactors<T>& edges, int64_t width, const T* z, const T* grad,
              T* grad_z, const A* packed, int64_t stride)
      : Base(rows, score, edges, width, grad), z(z), grad_z(grad_z), packed(packed), stride(stride) {}

  void prepare(const Block<T>& block, const Scratch& s, const A*) const {
    gather_packed(this->rows, block, packed, stride, heads, s.lse(), s.delta());
    this->weigh_rows(block, s, [&](int64_t k) { return load<L>(s.delta() + k); });
  }

  WEFT_OUTLINE void finish(const Block<T>& block, int64_t r, const Scratch& s, A* state) const {
    const int64_t row = block.row[r];
    this->tiling.unpack(state, s.sums());
    for (int64_t k = 0; k < features; ++k) grad_z[row * features + k] = narrow<T>(s.sums()[k]);
    this->write_numbers(row, z, s, state, nullptr);
  }

  void clear(int64_t row) const {
    memset(grad_z + row * features, 0, features * sizeof(T));
    memset(this->score.grad + row * heads, 0, heads * sizeof(T));
  }
};

}  // namespace WEFT_ISA
}  // namespace weft
