// A distance and an id as one integer: one comparison ranks by distance and decides ties by the lowest id.
#pragma once
#include <algorithm>

#include "weft/parallel.h"
#include "weft/vector.h"

namespace weft {
namespace WEFT_ISA {

template <class A> struct KeyType { using type = uint64_t; };
template <> struct KeyType<double> { using type = unsigned __int128; };
template <class A> using Key = typename KeyType<A>::type;
template <class A> using Bits = std::make_unsigned_t<typename Signed<A>::type>;

template <class A> WEFT_INLINE Bits<A> bits_of(A value) {
  Bits<A> bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

// The bits of a float that is not negative rise with its value.
template <class A> WEFT_INLINE Key<A> make_key(A distance, uint32_t id) { return static_cast<Key<A>>(bits_of(distance)) << 32 | id; }
template <class A> WEFT_INLINE uint32_t id_of(Key<A> key) { return static_cast<uint32_t>(key); }
template <class A> WEFT_INLINE A distance_of(Key<A> key) {
  const Bits<A> bits = static_cast<Bits<A>>(key >> 32);
  A distance;
  memcpy(&distance, &bits, sizeof distance);
  return distance;
}

// The same for a coordinate of either sign.
template <class A> WEFT_INLINE Key<A> make_signed_key(A value, uint32_t id) {
  constexpr int kSign = 8 * sizeof(A) - 1;
  const Bits<A> bits = bits_of(value), flip = (Bits<A>{0} - (bits >> kSign)) | Bits<A>{1} << kSign;
  return static_cast<Key<A>>(static_cast<Bits<A>>(bits ^ flip)) << 32 | id;
}

// One bit for each lane of a comparison.
template <class A, int N> WEFT_INLINE unsigned lane_bits(Mask<A, N> mask) {
  if constexpr (N == 1) return mask ? 1 : 0;
#if defined(__AVX512F__)
  else if constexpr (sizeof(mask) == 64 && sizeof(A) == 4) return _mm512_movepi32_mask(reinterpret_cast<__m512i>(mask));
  else if constexpr (sizeof(mask) == 64) return _mm512_movepi64_mask(reinterpret_cast<__m512i>(mask));
#endif
#if defined(__AVX2__)
  else if constexpr (sizeof(mask) == 32 && sizeof(A) == 4) return _mm256_movemask_ps(reinterpret_cast<__m256>(mask));
  else if constexpr (sizeof(mask) == 32) return _mm256_movemask_pd(reinterpret_cast<__m256d>(mask));
#endif
#if defined(__SSE2__)
  else if constexpr (sizeof(mask) == 16 && sizeof(A) == 4) return _mm_movemask_ps(reinterpret_cast<__m128>(mask));
  else if constexpr (sizeof(mask) == 16) return _mm_movemask_pd(reinterpret_cast<__m128d>(mask));
#endif
  else {
    unsigned bits = 0;
    for (int l = 0; l < N; ++l) bits |= (mask[l] ? 1u : 0u) << l;
    return bits;
  }
}

template <class K> WEFT_INLINE void sort_few(K* keys, int64_t count) {
  for (int64_t i = 1; i < count; ++i) {
    const K key = keys[i];
    int64_t at = i;
    for (; at > 0 && keys[at - 1] > key; --at) keys[at] = keys[at - 1];
    keys[at] = key;
  }
}

// The key of rank `rank` among distinct keys, which are moved about. Pivots come from a sample, partitions have no branch;
// after many unlucky pivots the library's selection takes over, whose worst case is bounded.
template <class K> K select_key(K* keys, int64_t count, int64_t rank) {
  constexpr int64_t kFew = 24, kSample = 32;
  for (int rounds = 0; count > kFew; ++rounds) {
    if (rounds == 48) {
      std::nth_element(keys, keys + rank, keys + count);
      return keys[rank];
    }
    K sample[kSample];
    const int64_t size = count < 256 ? 5 : kSample;
    for (int64_t s = 0; s < size; ++s) sample[s] = keys[(2 * s + 1) * count / (2 * size)];
    sort_few(sample, size);
    const K pivot = sample[rank * size / count];
    int64_t below = 0, pivot_at = 0;
    for (int64_t i = 0; i < count; ++i) {
      const K key = keys[i];
      keys[i] = keys[below];
      keys[below] = key;
      below += key < pivot;
    }
    if (rank < below) {
      count = below;
      continue;
    }
    keys += below, rank -= below, count -= below;
    if (below > 0) continue;
    while (keys[pivot_at] != pivot) ++pivot_at;  // the pivot was the lowest: it leaves, so that the next round is shorter
    if (rank == 0) return pivot;
    keys[pivot_at] = keys[0];
    ++keys, --rank, --count;
  }
  sort_few(keys, count);
  return keys[rank];
}

}  // namespace WEFT_ISA
}  // namespace weft
