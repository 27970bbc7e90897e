// Marks: bit i of word w stands for id 64 w + i.
#pragma once
#include "../coo_to_csc/counting.h"

namespace weft {
namespace WEFT_ISA {

struct Marks {
  const uint64_t* words;
  int64_t count;  // of words

  int64_t ids() const { return count * 64; }
  bool has(uint64_t id) const { return words[id >> 6] >> (id & 63) & 1; }
  // As unsigned, so that one comparison also refuses negative ids.
  bool fits(uint64_t id) const { return id < static_cast<uint64_t>(ids()); }
};

template <class I>
WEFT_INLINE uint64_t unsigned_id(I id) { return static_cast<uint64_t>(static_cast<int64_t>(id)); }

}  // namespace WEFT_ISA
}  // namespace weft
