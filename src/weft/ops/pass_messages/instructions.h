// The steps of a program on registers: `count` edges by `width` values, one edge after the other. Loops run in whole vectors; what
// they compute past the last edge is never read.
#pragma once
#include "weft/exp.h"
#include "weft/philox.h"

namespace weft {
namespace WEFT_ISA {

// As `_instructions.py` numbers them.
enum Op : int64_t {
  kAdd, kSub, kMul, kDiv, kNeg, kRelu, kPositive, kLeaky, kExp, kLog, kSigmoid, kTanh, kSqrt, kAbs, kSign, kIsZero,
  kConstant, kExpand, kFold, kWon, kKeep,
};

// expand writes each of `outer` runs of `inner` values `repeat` times; fold adds `repeat` runs up. Slots are in values of an edge.
struct Step {
  int64_t op, out, a, b, width, outer, repeat, inner, invariant;
  double number;
};

template <class A, class Body>
WEFT_INLINE void each_vector(int64_t count, A* out, const Body& body) {
  constexpr int N = kVectorBytes / sizeof(A);
  for (int64_t k = 0; k < count; k += N) store<N, A>(out + k, body(k));
}

template <class A, int N>
WEFT_INLINE Vec<A, N> reciprocal(Vec<A, N> v) { return splat<A, N>(1) / v; }

WEFT_INLINE float square_root(float v) { return __builtin_sqrtf(v); }
WEFT_INLINE double square_root(double v) { return __builtin_sqrt(v); }

// tanh by exp(-2 |x|), which cannot overflow.
template <class A, int N>
WEFT_INLINE Vec<A, N> hyperbolic_tangent(Vec<A, N> x) {
  const Vec<A, N> one = splat<A, N>(1), size = x < Vec<A, N>{} ? -x : x, e = vexp<A, N>(size * splat<A, N>(-2)), t = (one - e) / (one + e);
  return x < Vec<A, N>{} ? -t : t;
}

template <class A>
void expand(const Step& s, int64_t count, const A* a, A* out) {
  constexpr int N = kVectorBytes / sizeof(A);
  for (int64_t i = 0; i < count * s.outer; ++i, a += s.inner)
    for (int64_t r = 0; r < s.repeat;) {
      if (s.inner == 1 && r + N <= s.repeat) {
        store<N, A>(out, splat<A, N>(*a));
        out += N, r += N;
      } else {
        for (int64_t k = 0; k < s.inner; ++k) *out++ = a[k];
        ++r;
      }
    }
}

// Sums along contiguous values add up in lanes first.
template <class A>
void fold(const Step& s, int64_t count, const A* a, A* out) {
  constexpr int N = kVectorBytes / sizeof(A);
  for (int64_t i = 0; i < count * s.outer; ++i, a += s.repeat * s.inner, out += s.inner) {
    if (s.inner == 1) {
      Vec<A, N> sum{};
      int64_t r = 0;
      for (; r + N <= s.repeat; r += N) sum += load<N>(a + r);
      A total = r ? sum_lanes<A, N>(sum) : A(0);
      for (; r < s.repeat; ++r) total += a[r];
      *out = total;
      continue;
    }
    for (int64_t k = 0; k < s.inner; ++k) out[k] = a[k];
    for (int64_t r = 1; r < s.repeat; ++r)
      for (int64_t k = 0; k < s.inner; ++k) out[k] += a[r * s.inner + k];
  }
}

// Every step that reads nothing but registers.
template <class A>
void compute(const Step& s, int64_t count, const A* a, const A* b, A* out) {
  constexpr int N = kVectorBytes / sizeof(A);
  using V = Vec<A, N>;
  const V zero{}, one = splat<A, N>(1), number = splat<A, N>(static_cast<A>(s.number));
  const int64_t n = count * s.width;
  const auto x = [&](int64_t k) { return load<N>(a + k); };
  const auto y = [&](int64_t k) { return load<N>(b + k); };
  const auto each = [&](const auto& body) { each_vector(n, out, body); };
  switch (s.op) {
    case kAdd: return each([&](int64_t k) { return x(k) + y(k); });
    case kSub: return each([&](int64_t k) { return x(k) - y(k); });
    case kMul: return each([&](int64_t k) { return x(k) * y(k); });
    case kDiv: return each([&](int64_t k) { return x(k) / y(k); });
    case kNeg: return each([&](int64_t k) { return -x(k); });
    case kRelu: return each([&](int64_t k) { const V v = x(k); return v <= zero ? zero : v; });
    case kPositive: return each([&](int64_t k) { return x(k) > zero ? one : number; });
    case kLeaky: return each([&](int64_t k) { const V v = x(k); return v > zero ? v : v * number; });
    case kExp: return each([&](int64_t k) { return vexp<A, N>(x(k)); });
    case kSigmoid: return each([&](int64_t k) { return reciprocal<A, N>(one + vexp<A, N>(-x(k))); });
    case kTanh: return each([&](int64_t k) { return hyperbolic_tangent<A, N>(x(k)); });
    case kAbs: return each([&](int64_t k) { const V v = x(k); return v < zero ? -v : v; });
    case kSign: return each([&](int64_t k) { const V v = x(k); return v > zero ? one : v < zero ? -one : v; });
    case kIsZero: return each([&](int64_t k) { return x(k) == zero ? one : zero; });
    case kConstant: return each([&](int64_t) { return number; });
    case kLog: for (int64_t k = 0; k < n; ++k) out[k] = natural_log(a[k]); return;
    case kSqrt: for (int64_t k = 0; k < n; ++k) out[k] = square_root(a[k]); return;
    case kExpand: return expand(s, count, a, out);
    case kFold: return fold(s, count, a, out);
    default: return;
  }
}

}  // namespace WEFT_ISA
}  // namespace weft
