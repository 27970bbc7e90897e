// Vectors of N lanes in the accumulation type, loaded from and stored to any feature type.
// float16 and bfloat16 are widened to float32 on load and rounded to nearest even on store.
#pragma once
#include <cstring>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "weft/abi.h"

namespace weft {
namespace WEFT_ISA {

struct bf16 {
  uint16_t bits;
};
struct f16 {
  uint16_t bits;
};

template <class T> struct Accumulator { using type = T; };
template <> struct Accumulator<bf16> { using type = float; };
template <> struct Accumulator<f16> { using type = float; };
template <class T> using Acc = typename Accumulator<T>::type;

template <class A> struct Signed;
template <> struct Signed<float> { using type = int32_t; };
template <> struct Signed<double> { using type = int64_t; };
template <> struct Signed<int32_t> { using type = int32_t; };
template <> struct Signed<int64_t> { using type = int64_t; };

template <class A, int N> struct VecType { typedef A type __attribute__((vector_size(N * sizeof(A)))); };
template <class A> struct VecType<A, 1> { using type = A; };
template <class A, int N> using Vec = typename VecType<A, N>::type;
template <class A, int N> using Mask = Vec<typename Signed<A>::type, N>;

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

WEFT_INLINE float bits_to_float(uint32_t bits) { float v; memcpy(&v, &bits, 4); return v; }
WEFT_INLINE uint32_t float_to_bits(float v) { uint32_t bits; memcpy(&bits, &v, 4); return bits; }

WEFT_INLINE float widen(bf16 v) { return bits_to_float(static_cast<uint32_t>(v.bits) << 16); }
WEFT_INLINE float widen(f16 v) {
#if defined(__F16C__)
  return _cvtsh_ss(v.bits);
#else
  const uint32_t sign = static_cast<uint32_t>(v.bits & 0x8000) << 16, body = v.bits & 0x7fff;
  if (body >= 0x7c00) return bits_to_float(sign | 0x7f800000 | (body & 0x3ff) << 13);
  // 2^112 rescales the exponent; subnormals come out right because the product is exact.
  return bits_to_float(sign | float_to_bits(bits_to_float(body << 13) * 5.192296858534828e33f));
#endif
}
template <class A> WEFT_INLINE A widen(A v) { return v; }

template <class T> WEFT_INLINE T narrow(Acc<T> v) { return v; }
template <> inline __attribute__((always_inline)) bf16 narrow<bf16>(float v) {
  const uint32_t bits = float_to_bits(v);
  if (v != v) return bf16{0x7fc0};
  return bf16{static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}
template <> inline __attribute__((always_inline)) f16 narrow<f16>(float v) {
#if defined(__F16C__)
  return f16{static_cast<uint16_t>(_cvtss_sh(v, _MM_FROUND_TO_NEAREST_INT))};
#else
  const uint32_t bits = float_to_bits(v), sign = bits >> 16 & 0x8000, body = bits & 0x7fffffff;
  if (body > 0x7f800000) return f16{static_cast<uint16_t>(sign | 0x7e00)};
  if (body >= 0x477ff000) return f16{static_cast<uint16_t>(sign | 0x7c00)};  // rounds to infinity
  if (body < 0x38800000) {  // subnormal: adding 0.5 leaves the rounded bits at the end of the mantissa
    const float shifted = bits_to_float(body) + 0.5f;
    return f16{static_cast<uint16_t>(sign | (float_to_bits(shifted) - 0x3f000000))};
  }
  return f16{static_cast<uint16_t>(sign | (body - 0x38000000 + 0xfff + (body >> 13 & 1)) >> 13)};
#endif
}

template <class A, int N> WEFT_INLINE Vec<A, N> splat(A v) {
  if constexpr (N == 1) return v;
  else return v - Vec<A, N>{};
}

template <int N, class T> WEFT_INLINE Vec<Acc<T>, N> load(const T* p) {
  if constexpr (N == 1) return widen(*p);
  else { Vec<T, N> v; memcpy(&v, p, sizeof v); return v; }
}
template <int N> WEFT_INLINE Vec<float, N> load(const bf16* p) {
  if constexpr (N == 1) return widen(*p);
#if defined(__AVX512BW__)
  else if constexpr (N == 16) {  // half k becomes the upper half of lane k, in one step
    Vec<uint32_t, N> from;
    for (uint32_t k = 0; k < N; ++k) from[k] = k << 16;
    const __m512i halves = _mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
    return reinterpret_cast<Vec<float, N>>(_mm512_maskz_permutexvar_epi16(0xAAAAAAAA, reinterpret_cast<__m512i>(from), halves));
  }
#endif
  else {
    Vec<uint16_t, N> half; memcpy(&half, p, sizeof half);
    const Vec<uint32_t, N> w = __builtin_convertvector(half, Vec<uint32_t, N>) << 16;
    Vec<float, N> v; memcpy(&v, &w, sizeof v); return v;
  }
}
template <int N> WEFT_INLINE Vec<float, N> load(const f16* p) {
  if constexpr (N == 1) return widen(*p);
#if defined(__AVX512F__)
  else if constexpr (N == 16) return _mm512_maskz_cvtph_ps(0xffff, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
#endif
#if defined(__F16C__)
  else if constexpr (N == 8) return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  else if constexpr (N == 4) return _mm_cvtph_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
#endif
  else {
    Vec<float, N> v{};
    for (int l = 0; l < N; ++l) v[l] = widen(p[l]);
    return v;
  }
}

// Lanes as `narrow` makes them, all at once.
template <int N> WEFT_INLINE void store_narrow(bf16* p, Vec<float, N> v) {
  Vec<uint32_t, N> bits;
  memcpy(&bits, &v, sizeof bits);
  const Vec<uint32_t, N> rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16, nan = Vec<uint32_t, N>{} + 0x7fc0;
  const Vec<uint16_t, N> half = __builtin_convertvector(v != v ? nan : rounded, Vec<uint16_t, N>);
  memcpy(p, &half, sizeof half);
}
template <int N> WEFT_INLINE void store_narrow(f16* p, Vec<float, N> v) {
#if defined(__AVX512F__)
  if constexpr (N == 16) return _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_maskz_cvtps_ph(0xffff, v, _MM_FROUND_TO_NEAREST_INT));
#endif
#if defined(__F16C__)
  if constexpr (N == 8) return _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
  if constexpr (N == 4) return _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
#endif
  for (int l = 0; l < N; ++l) p[l] = narrow<f16>(v[l]);
}

template <int N, class T> WEFT_INLINE void store(T* p, Vec<Acc<T>, N> v) {
  if constexpr (N == 1) *p = narrow<T>(v);
  else if constexpr (sizeof(T) == sizeof(Acc<T>)) memcpy(p, &v, sizeof v);
  else store_narrow<N>(p, v);
}

// Copies `count` values, at least N of them, in vectors of N lanes; the last vector may overlap the one before it.
template <int N, class T> WEFT_INLINE void widen_row(const T* from, int64_t count, Acc<T>* to) {
  int64_t k = 0;
  for (; k + N <= count; k += N) store<N, Acc<T>>(to + k, load<N>(from + k));
  if (k < count) store<N, Acc<T>>(to + count - N, load<N>(from + count - N));
}

// Lane l of the result is lane index[l] of v.
template <class A, int N> WEFT_INLINE Vec<A, N> pick_lanes(Vec<A, N> v, Mask<A, N> index) {
  if constexpr (N == 1) return v;
#if defined(__AVX512F__)
  else if constexpr (sizeof(v) == 64 && sizeof(A) == 4) return _mm512_maskz_permutexvar_ps(0xffff, reinterpret_cast<__m512i>(index), v);
  else if constexpr (sizeof(v) == 64) return _mm512_maskz_permutexvar_pd(0xff, reinterpret_cast<__m512i>(index), v);
  else if constexpr (sizeof(v) == 32 && sizeof(A) == 8) return _mm256_permutexvar_pd(reinterpret_cast<__m256i>(index), v);
#endif
#if defined(__AVX2__)
  else if constexpr (sizeof(v) == 32 && sizeof(A) == 4) return _mm256_permutevar8x32_ps(v, reinterpret_cast<__m256i>(index));
  else if constexpr (sizeof(v) == 16 && sizeof(A) == 4) return _mm_permutevar_ps(v, reinterpret_cast<__m128i>(index));
#endif
  else { Vec<A, N> picked; for (int l = 0; l < N; ++l) picked[l] = v[index[l]]; return picked; }
}

template <class A, int N> WEFT_INLINE Vec<A, N> fma(Vec<A, N> a, Vec<A, N> b, Vec<A, N> c) {
#if defined(__FMA__)
  if constexpr (N == 1 && sizeof(A) == 4) return __builtin_fmaf(a, b, c);
  else if constexpr (N == 1) return __builtin_fma(a, b, c);
  else if constexpr (sizeof(a) == 16 && sizeof(A) == 4) return _mm_fmadd_ps(a, b, c);
  else if constexpr (sizeof(a) == 16) return _mm_fmadd_pd(a, b, c);
  else if constexpr (sizeof(a) == 32 && sizeof(A) == 4) return _mm256_fmadd_ps(a, b, c);
  else if constexpr (sizeof(a) == 32) return _mm256_fmadd_pd(a, b, c);
#if defined(__AVX512F__)
  else if constexpr (sizeof(A) == 4) return _mm512_fmadd_ps(a, b, c);
  else return _mm512_fmadd_pd(a, b, c);
#endif
  __builtin_unreachable();
#else
  return a * b + c;
#endif
}

// A later value wins only if it is strictly better, or is the first NaN: ties go to the lowest edge, NaN stays.
template <class A, int N, bool MAX>
WEFT_INLINE Mask<A, N> wins(Vec<A, N> value, Vec<A, N> best) {
  const auto better = MAX ? value > best : value < best;
  return (better | (value != value)) & (best == best);
}

// Whether a comparison held in any lane.
template <class A, int N>
WEFT_INLINE bool any_lane(Mask<A, N> mask) {
  if constexpr (N == 1) return mask != 0;
  else {
    typename Signed<A>::type any = 0;
    for (int l = 0; l < N; ++l) any |= mask[l];
    return any != 0;
  }
}

// The sum of all lanes as a tree of halves, the same on every instruction set of equal N.
template <class A, int N>
WEFT_INLINE A sum_lanes(Vec<A, N> v) {
  if constexpr (N == 1) return v;
  else if constexpr (N == 2) return v[0] + v[1];
  else {
    Vec<A, N / 2> low, high;
    memcpy(&low, &v, sizeof low);
    memcpy(&high, reinterpret_cast<const char*>(&v) + sizeof low, sizeof high);
    return sum_lanes<A, N / 2>(low + high);
  }
}

// The dot product of two runs of values in two chains of vectors; the lanes add up as a fixed tree.
template <int N, class S, class T>
WEFT_INLINE Acc<S> dot(const S* a, const T* b, int64_t width) {
  using A = Acc<S>;
  Vec<A, N> sum[2] = {};
  int64_t k = 0;
  for (; k + 2 * N <= width; k += 2 * N)
    for (int c = 0; c < 2; ++c) sum[c] = fma<A, N>(load<N>(a + k + c * N), load<N>(b + k + c * N), sum[c]);
  if (k + N <= width) {
    sum[0] = fma<A, N>(load<N>(a + k), load<N>(b + k), sum[0]);
    k += N;
  }
  A rest = 0;
  for (; k < width; ++k) rest += widen(a[k]) * widen(b[k]);
  return sum_lanes<A, N>(sum[0] + sum[1]) + rest;
}

// Calls body(constant<N>) for the longest vector of at most `width` lanes of A: 16, 8 or 4 floats, 8, 4 or 2 doubles, or 1.
template <int N> struct Lanes { static constexpr int count = N; };
template <class A, class Body> WEFT_INLINE void with_lanes(int64_t width, const Body& body) {
  constexpr int kMost = kVectorBytes / sizeof(A);
  if (kMost >= 16 && width >= 16) return body(Lanes<kMost >= 16 ? 16 : 1>{});
  if (kMost >= 8 && width >= 8) return body(Lanes<kMost >= 8 ? 8 : 1>{});
  if (kMost >= 4 && width >= 4) return body(Lanes<kMost >= 4 ? 4 : 1>{});
  if (kMost == 2 && width >= 2) return body(Lanes<kMost == 2 ? 2 : 1>{});
  return body(Lanes<1>{});
}

// Status of body(T{}) for the feature type that the call names, with ids of either width.
template <class Body> WEFT_INLINE int with_features(const Call& call, const Body& body) {
  if (call.ids == kI32 || call.ids == kI64) switch (call.dtype) {
      case kF32: return body(float{});
      case kF64: return body(double{});
      case kBF16: return body(bf16{});
      case kF16: return body(f16{});
      default: break;
    }
  return fail(kBadDtype, "no kernel for dtype %lld with ids %lld", static_cast<long long>(call.dtype),
              static_cast<long long>(call.ids));
}

// Status of body(T{}, I{}) for the feature and id types that the call names.
template <class Body> WEFT_INLINE int with_types(const Call& call, const Body& body) {
  return with_features(call, [&](auto value) { return call.ids == kI32 ? body(value, int32_t{}) : body(value, int64_t{}); });
}

}  // namespace WEFT_ISA
}  // namespace weft
