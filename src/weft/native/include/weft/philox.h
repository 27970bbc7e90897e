// Counter-based random bits: Philox-4x32-10 (Salmon, Moraes, Dror and Shaw, 2011, Parallel random numbers: as easy as 1, 2, 3).
// The same key and counter give the same bits on every machine.
#pragma once
#include "weft/abi.h"

namespace weft {
namespace WEFT_ISA {

struct Draws {
  uint32_t bits[4];
};

// The key is the seed; the counter holds two numbers of 64 bits, low words first.
WEFT_INLINE Draws philox(uint64_t seed, uint64_t first, uint64_t second) {
  uint32_t key[2] = {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)};
  uint32_t c[4] = {static_cast<uint32_t>(first), static_cast<uint32_t>(first >> 32), static_cast<uint32_t>(second),
                   static_cast<uint32_t>(second >> 32)};
  for (int round = 0; round < 10; ++round) {
    const uint64_t left = uint64_t{0xD2511F53} * c[0], right = uint64_t{0xCD9E8D57} * c[2];
    const uint32_t next[4] = {static_cast<uint32_t>(right >> 32) ^ c[1] ^ key[0], static_cast<uint32_t>(right),
                              static_cast<uint32_t>(left >> 32) ^ c[3] ^ key[1], static_cast<uint32_t>(left)};
    for (int l = 0; l < 4; ++l) c[l] = next[l];
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return Draws{{c[0], c[1], c[2], c[3]}};
}

// Values of edges that are kept at random, decided by seed, edge id and place, four places a draw: out[j * width + k] is `scale` if
// the draw is below `limit`, of 2^32, and else 0. id(j) is the id of edge j.
template <class A, class Id>
WEFT_INLINE void draw_kept(uint64_t seed, uint64_t limit, A scale, int64_t count, int64_t width, const Id& id, A* out) {
  for (int64_t j = 0; j < count; ++j)
    for (int64_t k = 0; k < width; k += 4) {
      const Draws draws = philox(seed, static_cast<uint64_t>(id(j)), static_cast<uint64_t>(k / 4));
      for (int64_t l = 0; l < 4 && k + l < width; ++l) *out++ = draws.bits[l] < limit ? scale : A(0);
    }
}

}  // namespace WEFT_ISA
}  // namespace weft
