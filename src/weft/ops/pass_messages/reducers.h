// What becomes of a value at the end of its row. An output keeps a state while edges come in: `width` values, and behind
// them what its kind needs. Pieces of a hub keep one each, and merge in order.
#pragma once
#include "machine.h"

namespace weft {
namespace WEFT_ISA {

// As `_program.py` numbers them.
enum Kind : int64_t { kSum, kMean, kMax, kMin, kProduct, kVariance, kAttend, kStore };

// Calls body(constant<lanes>, first column), with full vectors as long as they fit, shorter ones and single values for the rest.
template <class A, int N = kVectorBytes / sizeof(A), class Body>
WEFT_INLINE void columns(int64_t width, const Body& body, int64_t from = 0) {
  for (; from + N <= width; from += N) body(Lanes<N>{}, from);
  if constexpr (N > 1)
    if (from < width) columns<A, (N / 2 * sizeof(A) < 16 ? 1 : N / 2)>(width, body, from);
}

template <class T>
class Reducer {
  using A = Acc<T>;
  using S = typename Signed<A>::type;

 public:
  Reducer(const Output& output, A* state) : o_(output), values_(state), more_(state + output.width) {}

  void start() const {
    const A first = o_.kind == kProduct ? A(1) : o_.kind == kMax ? -__builtin_inf() : o_.kind == kMin ? __builtin_inf() : A(0);
    for (int64_t k = 0; k < o_.width; ++k) values_[k] = first;
    if (o_.kind == kMax || o_.kind == kMin || o_.kind == kVariance) memset(more_, 0, o_.width * sizeof(A));
    if (o_.kind == kAttend)
      for (int64_t h = 0; h < o_.heads; ++h) top()[h] = -__builtin_inf(), sum()[h] = 0;
  }

  // Takes the values, and scores, of `count` edges; `before` edges of the row came earlier. `scratch` has room for all scores.
  void add(const A* values, const A* scores, int64_t count, int64_t before, A* scratch) const {
    switch (o_.kind) {
      case kProduct: return each(values, count, [](auto product, auto v) { return product * v; });
      case kMax: return select<true>(values, count, before);
      case kMin: return select<false>(values, count, before);
      case kVariance: return spread(values, count, before);
      case kAttend: return attend(values, scores, count, scratch);
      default: return each(values, count, [](auto sum, auto v) { return sum + v; });
    }
  }

  // Takes the state of the next `count` edges, after `before`.
  void merge(const Reducer& other, int64_t count, int64_t before) const {
    if (o_.kind == kAttend) return merge_attention(other);
    const A share = A(count) / A(count + before);
    for (int64_t k = 0; k < o_.width; ++k) {
      const A v = other.values_[k];
      if (o_.kind == kMax ? wins<A, 1, true>(v, values_[k]) : o_.kind == kMin ? wins<A, 1, false>(v, values_[k]) : false) {
        values_[k] = v;
        store<1, S>(winners() + k, load<1>(other.winners() + k) + static_cast<S>(before));
      } else if (o_.kind == kProduct) {
        values_[k] *= v;
      } else if (o_.kind == kVariance) {
        const A away = v - values_[k];
        more_[k] += other.more_[k] + away * away * share * A(before);
        values_[k] += away * share;
      } else if (o_.kind == kSum || o_.kind == kMean) {
        values_[k] += v;
      }
    }
  }

  // Writes the results of a row that has `degree` edges.
  void finish(int64_t degree, T* out) const {
    out += o_.column;
    if (o_.kind == kAttend) return finish_attention(out);
    const A divisor = o_.kind == kMean || o_.kind == kVariance ? static_cast<A>(degree) : A(1);
    const A* from = o_.kind == kVariance ? more_ : values_;
    columns<A>(o_.width, [&](auto n, int64_t k) {
      constexpr int N = decltype(n)::count;
      store<N>(out + k, load<N>(from + k) / splat<A, N>(divisor));
    });
  }

  // Calls set(column, edge) with the edges that a row chose, which begins at position `begin`.
  template <class Set>
  void winners_of(const AnyRows& rows, int64_t begin, const Set& set) const {
    if (o_.kind == kMax || o_.kind == kMin)
      for (int64_t k = 0; k < o_.width; ++k) set(k, static_cast<int64_t>(rows.edge_at(begin + load<1>(winners() + k))));
  }

 private:
  const Output& o_;
  A *const values_, *const more_;

  S* winners() const { return reinterpret_cast<S*>(more_); }  // read and written by load and store alone
  A* top() const { return more_; }
  A* sum() const { return more_ + o_.heads; }

  template <class With>
  void each(const A* values, int64_t count, const With& with) const {
    columns<A>(o_.width, [&](auto n, int64_t k) {
      constexpr int N = decltype(n)::count;
      Vec<A, N> total = load<N>(values_ + k);
      for (int64_t j = 0; j < count; ++j) total = with(total, load<N>(values + j * o_.width + k));
      store<N, A>(values_ + k, total);
    });
  }

  template <bool MAX>
  void select(const A* values, int64_t count, int64_t before) const {
    columns<A>(o_.width, [&](auto n, int64_t k) {
      constexpr int N = decltype(n)::count;
      Vec<A, N> best = load<N>(values_ + k);
      Mask<A, N> winner = load<N>(winners() + k);
      for (int64_t j = 0; j < count; ++j) {
        const Vec<A, N> v = load<N>(values + j * o_.width + k);
        const auto taken = wins<A, N, MAX>(v, best);
        best = taken ? v : best;
        winner = taken ? splat<S, N>(static_cast<S>(before + j)) : winner;
      }
      store<N, A>(values_ + k, best);
      store<N, S>(winners() + k, winner);
    });
  }

  // Mean and sum of squared distances from it, edge by edge (Welford, 1962).
  void spread(const A* values, int64_t count, int64_t before) const {
    columns<A>(o_.width, [&](auto n, int64_t k) {
      constexpr int N = decltype(n)::count;
      Vec<A, N> mean = load<N>(values_ + k), squares = load<N>(more_ + k);
      for (int64_t j = 0; j < count; ++j) {
        const Vec<A, N> v = load<N>(values + j * o_.width + k), away = v - mean;
        mean += away / splat<A, N>(A(before + j + 1));
        squares += away * (v - mean);
      }
      store<N, A>(values_ + k, mean);
      store<N, A>(more_ + k, squares);
    });
  }

  // Scores that are all -inf have nothing to be measured from; exp of each is 0, and the row becomes NaN in the end.
  template <int L>
  static Vec<A, L> origin(Vec<A, L> top) { return top == splat<A, L>(-__builtin_inf()) ? Vec<A, L>{} : top; }

  // The softmax so far is measured from the highest score so far, and shrinks when a higher one comes.
  void attend(const A* values, const A* scores, int64_t count, A* weights) const {
    constexpr int N = kVectorBytes / sizeof(A);
    const int64_t heads = o_.heads, depth = o_.width / heads;
    columns<A>(heads, [&](auto n, int64_t h) {
      constexpr int L = decltype(n)::count;
      const Vec<A, L> before = load<L>(top() + h);
      Vec<A, L> best = before;
      for (int64_t j = 0; j < count; ++j) {
        const Vec<A, L> score = load<L>(scores + j * heads + h);
        best = score > best ? score : best;
      }
      const Vec<A, L> shrink = vexp<A, L>(before - origin<L>(best));
      store<L, A>(top() + h, best);
      store<L, A>(sum() + h, load<L>(sum() + h) * shrink);
      store<L, A>(weights + h, shrink);
    });
    for (int64_t h = 0; h < heads; ++h) {
      const A shrink = weights[h];
      if (shrink != 1)
        columns<A>(depth, [&](auto n, int64_t k) {
          constexpr int L = decltype(n)::count;
          A* at = values_ + h * depth + k;
          store<L, A>(at, load<L>(at) * splat<A, L>(shrink));
        });
    }
    for (int64_t j = 0; j < count; ++j)
      for (int64_t h = 0; h < heads; ++h) weights[j * heads + h] = scores[j * heads + h] - origin<1>(top()[h]);
    for (int64_t k = 0; k < count * heads; k += N) store<N, A>(weights + k, vexp<A, N>(load<N>(weights + k)));
    for (int64_t j = 0; j < count; ++j)
      for (int64_t h = 0; h < heads; ++h) sum()[h] += weights[j * heads + h];
    if (depth == 1) {
      columns<A>(heads, [&](auto n, int64_t k) {
        constexpr int L = decltype(n)::count;
        Vec<A, L> total = load<L>(values_ + k);
        for (int64_t j = 0; j < count; ++j) total = fma<A, L>(load<L>(weights + j * heads + k), load<L>(values + j * heads + k), total);
        store<L, A>(values_ + k, total);
      });
      return;
    }
    for (int64_t h = 0; h < heads; ++h)
      columns<A>(depth, [&](auto n, int64_t k) {
        constexpr int L = decltype(n)::count;
        Vec<A, L> total = load<L>(values_ + h * depth + k);
        for (int64_t j = 0; j < count; ++j)
          total = fma<A, L>(splat<A, L>(weights[j * heads + h]), load<L>(values + j * o_.width + h * depth + k), total);
        store<L, A>(values_ + h * depth + k, total);
      });
  }

  void merge_attention(const Reducer& other) const {
    const int64_t depth = o_.width / o_.heads;
    for (int64_t h = 0; h < o_.heads; ++h) {
      const A best = other.top()[h] > top()[h] ? other.top()[h] : top()[h], from = origin<1>(best);
      const A mine = vexp<A, 1>(top()[h] - from), theirs = vexp<A, 1>(other.top()[h] - from);
      top()[h] = best;
      sum()[h] = sum()[h] * mine + other.sum()[h] * theirs;
      for (int64_t k = h * depth; k < (h + 1) * depth; ++k) values_[k] = values_[k] * mine + other.values_[k] * theirs;
    }
  }

  // The weighted sums, and behind them the logarithm of the sum of exp(score) of each head.
  void finish_attention(T* out) const {
    const int64_t depth = o_.width / o_.heads;
    for (int64_t h = 0; h < o_.heads; ++h) {
      const A scale = A(1) / sum()[h];
      for (int64_t k = h * depth; k < (h + 1) * depth; ++k) out[k] = narrow<T>(values_[k] * scale);
      out[o_.width + h] = narrow<T>(origin<1>(top()[h]) + natural_log(sum()[h]));
    }
  }
};

}  // namespace WEFT_ISA
}  // namespace weft
