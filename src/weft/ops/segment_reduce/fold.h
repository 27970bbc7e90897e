// Folds of segments without weights: products, variances, integers, and which row won. Memory traffic: each row once (twice in a variance,
// the second time from the cache), results once. A segment is walked in windows of rows whose places are checked and kept; values of
// a tile of columns stay in registers meanwhile. Long segments are cut into pieces that combine in order.
#pragma once
#include <type_traits>

#include "weft/segments.h"

namespace weft {

// Numbered as the reducers of segment_reduce.py are.
enum FoldKind : int64_t { kFoldSum, kFoldMean, kFoldMax, kFoldMin, kFoldMul, kFoldVar, kFoldStd };

struct FoldArguments : Call {
  const int64_t* indptr;
  const void *x, *order;
  void *out, *winner;  // each may be null
  int64_t num_segments, num_rows, features, reduce;
  bool winner_is_wide, winner_is_row;  // int64 or int32; the row that won or its position
};

namespace WEFT_ISA {

// What a value adds to the total of its column; spreads are measured from the first row, so that equal rows have none at all.
struct AddStep {
  template <class V> static V with(V total, V value, V, V) { return total + value; }
  template <class V> static V join(V a, V b) { return a + b; }
};
struct MultiplyStep {
  template <class V> static V with(V product, V value, V, V) { return product * value; }
  template <class V> static V join(V a, V b) { return a * b; }
};
struct AwayStep {
  template <class V> static V with(V total, V value, V origin, V) { return total + (value - origin); }
  template <class V> static V join(V a, V b) { return a + b; }
};
struct SquareStep {
  template <class V> static V with(V total, V value, V origin, V mean) {
    const V away = value - origin - mean;
    return total + away * away;
  }
  template <class V> static V join(V a, V b) { return a + b; }
};

template <bool MAX>
struct SelectStep {
  template <class V> static V with(V best, V value, V, V) { return ((MAX ? value > best : value < best) | (value != value)) & (best == best) ? value : best; }
  template <class V> static V join(V a, V b) { return with(a, b, a, a); }
};

template <int N, int V> struct TileShape { static constexpr int lanes = N, vectors = V; };

// Calls body(shape, first column) for tiles of four vectors, of one, of a short one and of single values.
template <class A, class Body>
WEFT_INLINE void each_tile(int64_t width, const Body& body) {
  constexpr int N = kVectorBytes / sizeof(A), kShort = 16 / sizeof(A);
  int64_t k = 0;
  for (; k + 4 * N <= width; k += 4 * N) body(TileShape<N, 4>{}, k);
  for (; k + N <= width; k += N) body(TileShape<N, 1>{}, k);
  for (; kShort < N && k + kShort <= width; k += kShort) body(TileShape<kShort, 1>{}, k);
  for (; k < width; ++k) body(TileShape<1, 1>{}, k);
}

template <class T>
class Fold {
  using A = Acc<T>;
  using S = typename Signed<A>::type;
  static constexpr int64_t kWindow = 128, kState = 3;  // rows; values a column

 public:
  explicit Fold(const FoldArguments& a)
      : a_(a), width_(a.features), x_(static_cast<const T*>(a.x)), selects_(a.reduce == kFoldMax || a.reduce == kFoldMin),
        spreads_(a.reduce == kFoldVar || a.reduce == kFoldStd), is_flat_(a.features == 1 && !a.order),
        lists_sums_(a.features == 1 && a.order && !a.winner && (a.reduce == kFoldSum || a.reduce == kFoldMean)),
        rows_{a.indptr, nullptr, nullptr, a.num_segments, a.num_rows, a.num_rows}, listing_(a.order, a.ids, a.num_rows), plan_(rows_),
        pieces_(plan_.pieces * kState * a.features) {}

  int run() {
    if (plan_.status != kOk) return plan_.status;
    if (plan_.pieces && !pieces_.data) return rows_.no_memory();
    if (a_.out) use_large_pages(a_.out, rows_.count * width_ * sizeof(T));
    const bool small = (rows_.edges + rows_.count) * width_ < kSerialWork;
    for_rows(rows_, plan_, small ? 1 : a_.threads,
             [&](int64_t piece, int64_t lo, int64_t hi) { fold(lo, hi, pieces_.data + piece * kState * width_); },
             [&](int64_t begin, int64_t end) {
               if (lists_sums_) return a_.ids == kI64 ? sum_listed<int64_t>(begin, end) : sum_listed<int32_t>(begin, end);
               const Buffer<A> state(kState * width_);
               if (!state.data) return faults_.starve();
               for (int64_t row = begin; row < end; ++row) {
                 if (rows_.degree(row) == 0) clear(row);
                 else if (fold(a_.indptr[row], a_.indptr[row + 1], state.data)) finish(row, state.data, nullptr);
                 else return;
               }
             });
    if (const int status = listing_.outcome(faults_)) return status;
    for (int64_t hub = 0; hub < plan_.hubs; ++hub) combine(hub);
    return listing_.outcome(faults_);
  }

 private:
  const FoldArguments& a_;
  const int64_t width_;
  const T* const x_;
  const bool selects_, spreads_, is_flat_, lists_sums_;
  const Rows<int64_t> rows_;
  const Listing listing_;
  const Plan plan_;
  const Buffer<A> pieces_;  // states: values, behind them winners or sums of squares, and origins
  Faults faults_;

  S* winners(A* state) const { return reinterpret_cast<S*>(state + width_); }  // read and written by load and store alone

  // The state of positions lo .. hi; false if an id does not fit.
  bool fold(int64_t lo, int64_t hi, A* state) {
    if (selects_ && is_flat_ && !a_.winner) {
      const A first = widen(x_[lo]);
      *state = a_.reduce == kFoldMax ? walk_flat<SelectStep<true>>(x_ + lo, hi - lo, first, 0, 0) : walk_flat<SelectStep<false>>(x_ + lo, hi - lo, first, 0, 0);
      return true;
    }
    if (selects_) return a_.reduce == kFoldMax ? select<true>(lo, hi, state) : select<false>(lo, hi, state);
    if (a_.reduce == kFoldMul) return walk<MultiplyStep>(lo, hi, A(1), nullptr, nullptr, state);
    if constexpr (!std::is_integral<A>::value)
      if (spreads_) {
        int64_t row = 0;
        if (!listing_.read(lo, lo + 1, &row, faults_)) return false;
        A *mean = state, *squares = state + width_, *origin = state + 2 * width_;
        for (int64_t k = 0; k < width_; ++k) origin[k] = widen(x_[row * width_ + k]);
        if (!walk<AwayStep>(lo, hi, A(0), origin, nullptr, mean)) return false;
        for (int64_t k = 0; k < width_; ++k) mean[k] /= static_cast<A>(hi - lo);
        return walk<SquareStep>(lo, hi, A(0), origin, mean, squares);
      }
    return walk<AddStep>(lo, hi, A(0), nullptr, nullptr, state);
  }

  // Sums of single values in the order of a list, as `walk` adds them: most segments are a value or two, and no state is kept.
  template <class I>
  void sum_listed(int64_t begin, int64_t end) {
    const I* order = static_cast<const I*>(a_.order);
    T* out = static_cast<T*>(a_.out);
    for (int64_t row = begin; row < end; ++row) {
      const int64_t last = a_.indptr[row + 1];
      A sum = 0;
      for (int64_t p = a_.indptr[row]; p < last; ++p) {
        fetch_listed(order, a_.num_rows, x_, sizeof(T), p);
        const uint64_t at = static_cast<uint64_t>(static_cast<int64_t>(order[p]));
        if (__builtin_expect(at >= static_cast<uint64_t>(a_.num_rows), 0)) return faults_.note(p);
        sum += widen(x_[at]);
      }
      if (a_.reduce == kFoldMean) sum /= static_cast<A>(larger(1, rows_.degree(row)));
      out[row] = narrow<T>(sum);
    }
  }

  // Calls body(pointers, count, first position) for windows of rows.
  template <class Body>
  bool windows(int64_t lo, int64_t hi, const Body& body) {
    const T* pointers[kWindow];
    for (int64_t at = lo; at < hi; at += kWindow) {
      const int64_t count = smaller(kWindow, hi - at);
      for (int64_t j = 0; j < count; ++j) {
        const int64_t row = listing_.at(at + j);
        if (__builtin_expect(static_cast<uint64_t>(row) >= static_cast<uint64_t>(a_.num_rows), 0)) return faults_.note(at + j), false;
        pointers[j] = x_ + row * width_;
        if (a_.order) fetch_near(pointers[j], width_ * sizeof(T));
      }
      body(pointers, count, at);
    }
    return true;
  }

  template <class Step>
  bool walk(int64_t lo, int64_t hi, A first, const A* origin, const A* mean, A* to) {
    if (is_flat_) return *to = walk_flat<Step>(x_ + lo, hi - lo, first, origin ? *origin : A(0), mean ? *mean : A(0)), true;
    return windows(lo, hi, [&](const T* const* rows, int64_t count, int64_t at) {
      each_tile<A>(width_, [&](auto shape, int64_t k) {
        constexpr int N = decltype(shape)::lanes, V = decltype(shape)::vectors;
        Vec<A, N> total[V], from[V], about[V];
        for (int v = 0; v < V; ++v) {
          total[v] = at == lo ? splat<A, N>(first) : load<N>(to + k + v * N);
          from[v] = origin ? load<N>(origin + k + v * N) : Vec<A, N>{};
          about[v] = mean ? load<N>(mean + k + v * N) : Vec<A, N>{};
        }
        for (int64_t j = 0; j < count; ++j)
          for (int v = 0; v < V; ++v) total[v] = Step::with(total[v], load<N>(rows[j] + k + v * N), from[v], about[v]);
        for (int v = 0; v < V; ++v) store<N, A>(to + k + v * N, total[v]);
      });
    });
  }

  // A single column that lies together: lanes take turns, and add up in their order.
  template <class Step>
  static A walk_flat(const T* x, int64_t count, A first, A origin, A mean) {
    constexpr int N = kVectorBytes / sizeof(A);
    Vec<A, N> total[2] = {splat<A, N>(first), splat<A, N>(first)};
    const Vec<A, N> from = splat<A, N>(origin), about = splat<A, N>(mean);
    int64_t j = 0;
    for (; j + 2 * N <= count; j += 2 * N)
      for (int c = 0; c < 2; ++c) total[c] = Step::with(total[c], load<N>(x + j + c * N), from, about);
    if (j + N <= count) total[0] = Step::with(total[0], load<N>(x + j), from, about), j += N;
    A all = first;
    for (; j < count; ++j) all = Step::with(all, widen(x[j]), origin, mean);
    if (count < N) return all;
    total[0] = Step::join(total[0], total[1]);
    for (int l = 0; l < N; ++l) all = Step::join(all, total[0][l]);
    return all;
  }

  template <bool MAX>
  bool select(int64_t lo, int64_t hi, A* state) {
    return windows(lo, hi, [&](const T* const* rows, int64_t count, int64_t at) {
      each_tile<A>(width_, [&](auto shape, int64_t k) {
        constexpr int N = decltype(shape)::lanes, V = decltype(shape)::vectors;
        Vec<A, N> best[V];
        Mask<A, N> winner[V];
        for (int v = 0; v < V; ++v) {
          best[v] = at == lo ? load<N>(rows[0] + k + v * N) : load<N>(state + k + v * N);
          winner[v] = at == lo ? Mask<A, N>{} : load<N>(winners(state) + k + v * N);
        }
        for (int64_t j = at == lo; j < count; ++j)
          for (int v = 0; v < V; ++v) {
            const Vec<A, N> value = load<N>(rows[j] + k + v * N);
            const auto taken = wins<A, N, MAX>(value, best[v]);
            best[v] = taken ? value : best[v];
            winner[v] = taken ? splat<S, N>(static_cast<S>(at + j - lo)) : winner[v];
          }
        for (int v = 0; v < V; ++v) {
          store<N, A>(state + k + v * N, best[v]);
          store<N, S>(winners(state) + k + v * N, winner[v]);
        }
      });
    });
  }

  void clear(int64_t row) const {
    if (a_.out) memset(static_cast<T*>(a_.out) + row * width_, 0, width_ * sizeof(T));
    for (int64_t k = 0; a_.winner && k < width_; ++k) write_winner(row * width_ + k, -1);
  }

  void write_winner(int64_t at, int64_t value) const {
    if (a_.winner_is_wide) static_cast<int64_t*>(a_.winner)[at] = value;
    else static_cast<int32_t*>(a_.winner)[at] = static_cast<int32_t>(value);
  }

  // Writes the results of a row from its state; `places` are the winners of a hub.
  void finish(int64_t row, A* state, const int64_t* places) const {
    for (int64_t k = 0; a_.out && k < width_; ++k) {
      A value = spreads_ ? state[width_ + k] : state[k];
      if (spreads_ || a_.reduce == kFoldMean) value /= static_cast<A>(rows_.degree(row));
      if constexpr (!std::is_integral<A>::value)
        if (a_.reduce == kFoldStd) value = sizeof(A) == 4 ? __builtin_sqrtf(value) : __builtin_sqrt(value);
      static_cast<T*>(a_.out)[row * width_ + k] = narrow<T>(value);
    }
    for (int64_t k = 0; a_.winner && k < width_; ++k) {
      const int64_t position = rows_.indptr[row] + (places ? places[k] : load<1>(winners(state) + k));
      write_winner(row * width_ + k, a_.winner_is_row ? listing_.at(position) : position);
    }
  }

  // Joins the pieces of a hub in their order.
  void combine(int64_t hub) {
    const int64_t row = plan_.row[hub], first = plan_.first[hub];
    A* state = pieces_.data + first * kState * width_;
    Buffer<int64_t> places(a_.winner ? width_ : 0);
    if (a_.winner && !places.data) return faults_.starve();
    for (int64_t k = 0; a_.winner && k < width_; ++k) places[k] = load<1>(winners(state) + k);
    for (int64_t piece = first + 1; piece < plan_.first[hub + 1]; ++piece) {
      int64_t lo, hi;
      plan_.piece(piece, &lo, &hi);
      A* next = pieces_.data + piece * kState * width_;
      const int64_t before = (piece - first) * kPiece, count = hi - lo;
      for (int64_t k = 0; k < width_; ++k) {
        const A v = next[k];
        if (selects_) {
          if (!(a_.reduce == kFoldMax ? wins<A, 1, true>(v, state[k]) : wins<A, 1, false>(v, state[k]))) continue;
          state[k] = v;
          if (a_.winner) places[k] = before + load<1>(winners(next) + k);
        } else if (spreads_) {
          join_spreads(state + k, next + k, static_cast<A>(before), static_cast<A>(count));
        } else {
          state[k] = a_.reduce == kFoldMul ? state[k] * v : state[k] + v;
        }
      }
    }
    finish(row, state, places.data);
  }

  // Means, each from its origin, and sums of squares of two parts (Chan, Golub and LeVeque, 1979).
  void join_spreads(A* mine, const A* other, A before, A count) const {
    const A away = other[2 * width_] - mine[2 * width_] + (other[0] - mine[0]), share = count / (before + count);
    mine[width_] += other[width_] + away * away * share * before;
    mine[0] += away * share;
  }
};

WEFT_INLINE int fold_segments(const FoldArguments& a) {
  if (a.features == 0) return kOk;
  return with_values(a, [&](auto value) { return Fold<decltype(value)>(a).run(); });
}

}  // namespace WEFT_ISA
}  // namespace weft
