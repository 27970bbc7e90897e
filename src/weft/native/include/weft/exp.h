// exp for vectors of any length: 2^n times a Taylor polynomial on |r| <= ln(2) / 2, within 1 ulp of the true value, or 1.2 ulp where
// multiplications and additions do not fuse. No more than those two, so that no libm of another machine decides a bit.
#pragma once
#include <type_traits>

#include "weft/vector.h"

namespace weft {
namespace WEFT_ISA {

template <class A> struct ExpConstants;
template <> struct ExpConstants<float> {
  static constexpr float lowest = -104.0f, highest = 89.0f, log2e = 1.44269504f, ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
  static constexpr float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer that stands in the low bits
  static constexpr int mantissa = 23, bias = 127, degree = 7;
};
template <> struct ExpConstants<double> {
  static constexpr double lowest = -746.0, highest = 710.0, log2e = 1.4426950408889634, ln2_high = 0.693147180369123816490,
                          ln2_low = 1.90821492927058770002e-10;
  static constexpr double magic = 6755399441055744.0;
  static constexpr int mantissa = 52, bias = 1023, degree = 13;
};

template <class A>
constexpr A factorial(int k) {
  A product = 1;
  for (int i = 2; i <= k; ++i) product *= A(i);
  return product;
}

template <class To, class From>
WEFT_INLINE To bit_cast(From from) {
  To to;
  static_assert(sizeof(To) == sizeof(From), "the same bits");
  memcpy(&to, &from, sizeof to);
  return to;
}

template <class A, int N>
WEFT_INLINE Vec<A, N> vexp(Vec<A, N> x) {
  using C = ExpConstants<A>;
  using V = Vec<A, N>;
  using M = Mask<A, N>;
  using S = typename Signed<A>::type;
  const V low = splat<A, N>(C::lowest), high = splat<A, N>(C::highest);
  x = x < low ? low : x;  // false for NaN, which passes through
  x = x > high ? high : x;
  const V shifted = fma<A, N>(x, splat<A, N>(C::log2e), splat<A, N>(C::magic));
  const V n = splat<A, N>(C::magic) - shifted;
  const V r = fma<A, N>(n, splat<A, N>(C::ln2_low), fma<A, N>(n, splat<A, N>(C::ln2_high), x));
  V sum = splat<A, N>(A(1) / factorial<A>(C::degree));
  for (int k = C::degree - 1; k >= 0; --k) sum = fma<A, N>(sum, r, splat<A, N>(A(1) / factorial<A>(k)));
  // Two factors, each a normal number, so that results below the normal range round once.
  const M whole = bit_cast<M>(shifted) - splat<S, N>(bit_cast<S>(C::magic)), half = whole >> 1;
  // As unsigned: the bits of a NaN may be shifted out.
  using U = Vec<std::make_unsigned_t<S>, N>;
  const auto power = [](M exponent) { return bit_cast<V>(bit_cast<U>(exponent + splat<S, N>(C::bias)) << C::mantissa); };
  return sum * power(half) * power(whole - half);
}

// The natural logarithm of normal numbers or 0, within 2 ulp of it or of 1, whichever is larger: with v = m * 2^n and
// f = (m - 1) / (m + 1), log v = n * ln 2 + 2 (f + f^3 / 3 + f^5 / 5 + ...).
template <class A, int N>
WEFT_INLINE Vec<A, N> vlog(Vec<A, N> v) {
  using C = ExpConstants<A>;
  using V = Vec<A, N>;
  using M = Mask<A, N>;
  using S = typename Signed<A>::type;
  M n = (bit_cast<M>(v) >> C::mantissa) - splat<S, N>(C::bias);
  using U = Vec<std::make_unsigned_t<S>, N>;  // a negative number, which has no logarithm, may run over
  V m = bit_cast<V>(bit_cast<U>(v) - (bit_cast<U>(n) << C::mantissa));
  const auto above = m > splat<A, N>(A(1.41421356));
  n = above ? n + splat<S, N>(1) : n;
  m = above ? m * splat<A, N>(A(0.5)) : m;
  const V one = splat<A, N>(1), f = (m - one) / (m + one);
  V sum{};
  for (int k = 2 * C::degree + 1; k > 0; k -= 2) sum = splat<A, N>(A(1) / A(k)) + f * f * sum;
  V whole;
  if constexpr (N == 1) whole = static_cast<A>(n);
  else whole = __builtin_convertvector(n, V);
  const V log = whole * splat<A, N>(A(0.69314718055994530942)) + splat<A, N>(2) * f * sum;
  const V zero{};
  return v > zero ? log : v == zero ? splat<A, N>(-__builtin_inf()) : v;
}

template <class A>
WEFT_INLINE A natural_log(A v) { return vlog<A, 1>(v); }

}  // namespace WEFT_ISA
}  // namespace weft
