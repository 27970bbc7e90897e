// Sums over the features of each head, for many edges at once. A vector holds features of one head, or of several if its lanes are a
// multiple of their width; once there are enough vectors, a tree of shuffles adds up the lanes of all of them together.
#pragma once
#include "weft/rows.h"
#include "weft/vector.h"

namespace weft {
namespace WEFT_ISA {

// Lane l of a pair: of groups of G lanes in a and then in b, the first (HALF 0) or last half of each, one behind the other.
template <class A, int N, int G, int HALF>
WEFT_INLINE Vec<A, N> halves(Vec<A, N> a, Vec<A, N> b) {
  Mask<A, N> index{};
  for (int l = 0; l < N; ++l) index[l] = l / (G / 2) * G + HALF * (G / 2) + l % (G / 2);
  return __builtin_shuffle(a, b, index);
}

// Adds up groups of G lanes in G vectors: group g of vector v ends in lane v * N / G + g. Each sum is the tree of `sum_lanes`.
template <class A, int N, int G>
WEFT_INLINE Vec<A, N> sum_groups(Vec<A, N>* v) {
  if constexpr (G == 1) return v[0];
  else {
    for (int pair = 0; pair < G / 2; ++pair)
      v[pair] = halves<A, N, G, 0>(v[2 * pair], v[2 * pair + 1]) + halves<A, N, G, 1>(v[2 * pair], v[2 * pair + 1]);
    return sum_groups<A, N, G / 2>(v);
  }
}

// Rows of features that are read in order, and how many rows to fetch ahead. If the rows are summed later, `far` is left to the sums:
// memory then works while either stage computes.
template <class T>
struct Read {
  const T* const* rows;
  int64_t count, features, far, near;
  bool sums;

  WEFT_INLINE_MEMBER const T* row(int64_t j) const {
    if (far && !sums) fetch_far(rows[j + far], features * sizeof(T));
    fetch_near(rows[j + near], features * sizeof(T));
    return rows[j];
  }
};

// The sum of `term` over the features of one head of an edge and of its row, from `begin` on; VECTORS of them if it is not 0.
template <int N, int VECTORS, class T, class Term>
WEFT_INLINE Vec<Acc<T>, N> sum_head(const T* x, const Acc<T>* own, int64_t begin, int64_t width, const Term& term) {
  using A = Acc<T>;
  Vec<A, N> sum{};
  if constexpr (VECTORS) {
    for (int v = 0; v < VECTORS; ++v) sum = term(load<N>(x + begin + v * N), own, begin + v * N, sum);
    return sum;
  }
  const int64_t end = begin + width;
  int64_t k = begin;
  for (; k + N <= end; k += N) sum = term(load<N>(x + k), own, k, sum);
  if constexpr (N > 1)
    if (k < end) {  // the last vector overlaps the one before it: lanes that were there already count for nothing
      using S = typename Signed<A>::type;
      Mask<A, N> lane;
      for (int l = 0; l < N; ++l) lane[l] = l;
      const Vec<A, N> last = term(load<N>(x + end - N), own, end - N, Vec<A, N>{});
      sum += lane >= splat<S, N>(static_cast<S>(N - (end - k))) ? last : Vec<A, N>{};
    }
  return sum;
}

// Sums `step` features to a vector, and G of those to a result of N lanes.
template <int N, int G, int VECTORS, class T, class Term>
WEFT_INLINE void sum_heads(const Read<T>& read, const Acc<T>* const* owns, int64_t step, const Term& term, Acc<T>* to) {
  using V = Vec<Acc<T>, N>;
  const int64_t vectors = read.count * (read.features / step);
  const T* x = nullptr;
  const Acc<T>* own = nullptr;
  int64_t done = 0, j = 0, k = read.features;
  const auto part = [&]() __attribute__((always_inline)) {
    if (k == read.features) x = read.row(j), own = owns[j++], k = 0;
    const V sum = sum_head<N, VECTORS>(x, own, k, step, term);
    k += step;
    return sum;
  };
  for (; done + G <= vectors; done += G, to += N) {
    V parts[G];
    if constexpr (VECTORS == 1) {  // the parts stay in registers
#pragma GCC unroll 16
      for (int p = 0; p < G; ++p) parts[p] = part();
    } else {
#pragma GCC unroll 4
      for (int p = 0; p < G; ++p) parts[p] = part();
    }
    store<N, Acc<T>>(to, sum_groups<Acc<T>, N, G>(parts));
  }
  if (done == vectors) return;
  V rest[G] = {};
#pragma GCC unroll 1
  for (int p = 0; p < vectors - done; ++p) rest[p] = part();
  store<N, Acc<T>>(to, sum_groups<Acc<T>, N, G>(rest));
}

// Heads narrower than a vector, if the rows are whole vectors of N lanes, or of a half or a quarter of them; false if they are not.
template <int N, class T, class Term>
WEFT_INLINE bool sum_narrow_heads(const Read<T>& read, const Acc<T>* const* owns, int64_t width, const Term& term, Acc<T>* to) {
  if (read.features % N == 0) {
    if (width == 8 && N > 8) return sum_heads<N, N < 8 ? N : 8, 1>(read, owns, N, term, to), true;
    if (width == 4 && N > 4) return sum_heads<N, N < 4 ? N : 4, 1>(read, owns, N, term, to), true;
    if (width == 2 && N > 2) return sum_heads<N, 2, 1>(read, owns, N, term, to), true;
    if (width == 1) return sum_heads<N, 1, 1>(read, owns, N, term, to), true;
  } else if constexpr (N * sizeof(Acc<T>) > 16) {
    return sum_narrow_heads<N / 2>(read, owns, width, term, to);
  }
  return false;
}

// to[j * heads + h] = the sum over the features of head h of edge j, where term(values, own, first feature, sum) adds vectors of them and of
// what the row of the edge has of its own, owns[j]. Behind `to` there is room for one vector more.
template <class T, class Term>
WEFT_INLINE void sum_heads(const Read<T>& read, const Acc<T>* const* owns, int64_t width, const Term& term, Acc<T>* to) {
  constexpr int N = kVectorBytes / sizeof(Acc<T>);
  if (width < N && sum_narrow_heads<N>(read, owns, width, term, to)) return;
  if (width == N) return sum_heads<N, N, 1>(read, owns, width, term, to);
  if (width == 2 * N) return sum_heads<N, N, 2>(read, owns, width, term, to);
  if (width == 4 * N) return sum_heads<N, N, 4>(read, owns, width, term, to);
  with_lanes<Acc<T>>(width, [&](auto n) { sum_heads<decltype(n)::count, decltype(n)::count, 0>(read, owns, width, term, to); });
}

// The same of products, compiled in heads.cc.
template <class T>
void dot_heads(const Read<T>& read, const Acc<T>* const* owns, int64_t width, Acc<T>* to);

// result[h] = the dot product of head h of two rows.
template <class T, class U>
WEFT_INLINE void dot_rows(const T* a, const U* b, int64_t heads, int64_t width, Acc<T>* result) {
  with_lanes<Acc<T>>(width, [&](auto n) __attribute__((always_inline)) {
    for (int64_t h = 0; h < heads; ++h) result[h] = dot<decltype(n)::count>(a + h * width, b + h * width, width);
  });
}

}  // namespace WEFT_ISA
}  // namespace weft
