// Few keys are ranked: every key is compared with every other, in vectors and without a branch, which up to a hundred or two takes less
// time than any sort that moves them.
#pragma once
#include "weft/rows.h"
#include "weft/vector.h"

namespace weft {
namespace WEFT_ISA {

template <class K> constexpr K kHighest = sizeof(K) == 8 ? static_cast<K>(INT64_MAX) : static_cast<K>(INT32_MAX);

constexpr int64_t kRanked = 160;  // the most keys that are ranked

// ranks[i] = how many keys are below keys[i], or equal and before it. Both have room for whole vectors.
template <class K>
void rank_keys(K* keys, int64_t count, K* ranks) {
  constexpr int N = kVectorBytes / sizeof(K);
  using V = Vec<K, N>;
  const int64_t padded = (count + N - 1) / N * N;
  for (int64_t i = count; i < padded; ++i) keys[i] = kHighest<K>;
  V lanes;
  for (int l = 0; l < N; ++l) lanes[l] = l;
  for (int64_t first = 0; first < padded; first += N) {
    const V mine = load<N>(keys + first);
    const int64_t last = smaller(first + N, count);
    V found[2] = {};
    for (int64_t j = 0; j < first; j += 2)  // vectors are even
      for (int c = 0; c < 2; ++c) found[c] -= splat<K, N>(keys[j + c]) <= mine;
    for (int64_t j = first; j < last; ++j) {
      const V other = splat<K, N>(keys[j]);
      found[0] -= (other < mine) | ((other == mine) & (lanes > splat<K, N>(static_cast<K>(j - first))));
    }
    int64_t j = last;
    for (; j + 2 <= count; j += 2)
      for (int c = 0; c < 2; ++c) found[c] -= splat<K, N>(keys[j + c]) < mine;
    if (j < count) found[0] -= splat<K, N>(keys[j]) < mine;
    store<N, K>(ranks + first, found[0] + found[1]);
  }
}

}  // namespace WEFT_ISA
}  // namespace weft
