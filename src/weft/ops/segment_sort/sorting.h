// Sorting of one column of values, stable, by integer keys whose order is that of the values: torch's, with NaN above everything and
// both zeros equal. Short columns are ranked; longer ones are sorted by their bytes, lowest first.
#pragma once
#include <type_traits>

#include "ranks.h"
#include "weft/segments.h"

namespace weft {
namespace WEFT_ISA {

template <class T> using Key = std::conditional_t<sizeof(Acc<T>) == 8, int64_t, int32_t>;

// `flip` is 0, or -1 for descending order.
template <class T>
WEFT_INLINE Key<T> key_of(T value, Key<T> flip) {
  using K = Key<T>;
  if constexpr (std::is_integral<T>::value) {
    return value ^ flip;
  } else {
    const Acc<T> v = widen(value) + Acc<T>(0);  // of two zeros the negative one becomes the other
    K bits;
    memcpy(&bits, &v, sizeof bits);
    const K sign = bits >> (8 * sizeof(K) - 1);
    return (v != v ? kHighest<K> : bits ^ (sign & kHighest<K>)) ^ flip;
  }
}

// A key and the place it came from.
template <class K>
struct Entry {
  K key, at;
};

template <class K>
WEFT_INLINE int64_t digit_of(K key, int byte) {
  using U = std::make_unsigned_t<K>;
  const U ordered = static_cast<U>(key) ^ (U(1) << (8 * sizeof(K) - 1));  // of signed numbers the negative ones come first
  return static_cast<int64_t>(ordered >> (8 * byte) & 0xff);
}

// Sorts entries by their keys in passes over one byte each, between `entries` and `spare`; returns where they end, or null without
// memory. Chunks are counted and moved side by side; the result is exact, so that it does not depend on their number.
template <class K>
Entry<K>* sort_by_bytes(Entry<K>* entries, Entry<K>* spare, int64_t count, int64_t threads) {
  const int64_t chunks = count < kSerialWork ? 1 : threads, length = (count + chunks - 1) / chunks;
  Buffer<int64_t> places(chunks * 256);
  if (!places.data) return nullptr;
  for (int byte = 0; byte < static_cast<int>(sizeof(K)); ++byte) {
    parallel_tasks(chunks, chunks, [&](int64_t chunk) {
      int64_t* mine = places.data + chunk * 256;
      memset(mine, 0, 256 * sizeof(int64_t));
      for (int64_t i = chunk * length; i < smaller(count, (chunk + 1) * length); ++i) ++mine[digit_of(entries[i].key, byte)];
    });
    int64_t at = 0, most = 0;
    for (int64_t digit = 0; digit < 256; ++digit) {
      const int64_t begin = at;
      for (int64_t chunk = 0; chunk < chunks; ++chunk) {
        const int64_t here = places[chunk * 256 + digit];
        places[chunk * 256 + digit] = at;
        at += here;
      }
      most = larger(most, at - begin);
    }
    if (most == count) continue;  // all keys have the same byte here
    parallel_tasks(chunks, chunks, [&](int64_t chunk) {
      int64_t* mine = places.data + chunk * 256;
      for (int64_t i = chunk * length; i < smaller(count, (chunk + 1) * length); ++i) spare[mine[digit_of(entries[i].key, byte)]++] = entries[i];
    });
    Entry<K>* const moved = spare;
    spare = entries;
    entries = moved;
  }
  return entries;
}

// The places of entries in sorted order, as sort_by_bytes gives them; few entries are ranked.
template <class K>
Entry<K>* sort_entries(Entry<K>* entries, Entry<K>* spare, int64_t count, int64_t threads) {
  if (count > kRanked) return sort_by_bytes(entries, spare, count, threads);
  alignas(64) K keys[kRanked + 64], ranks[kRanked + 64];
  for (int64_t i = 0; i < count; ++i) keys[i] = entries[i].key;
  rank_keys(keys, count, ranks);
  for (int64_t i = 0; i < count; ++i) spare[ranks[i]] = entries[i];
  return spare;
}

}  // namespace WEFT_ISA
}  // namespace weft
