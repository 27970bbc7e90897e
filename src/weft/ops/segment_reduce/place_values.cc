// Memory traffic: the result is written once with zeros and once where a value goes; ids and values are read once.
#include <cstring>
#include <type_traits>

#include "../coo_to_csc/counting.h"
#include "weft/vector.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const void *index, *values;
  void* out;
  int64_t num_rows, count, features;
};

constexpr int64_t kTask = 65536;  // bytes, or places, of a task

// Values move as bytes: Word is as wide as they are.
template <class Word, class I>
int place_values(const Arguments& a) {
  const I* index = static_cast<const I*>(a.index);
  const Word* values = static_cast<const Word*>(a.values);
  Word* out = static_cast<Word*>(a.out);
  const int64_t places = a.num_rows * a.features, threads = places < kSerialWork ? 1 : a.threads;
  use_large_pages(out, places * sizeof(Word));
  parallel_ranges(places, kTask, threads, [&](int64_t lo, int64_t hi) { memset(out + lo, 0, (hi - lo) * sizeof(Word)); });
  Faults faults;
  parallel_ranges(a.count, larger(1, kTask / larger(1, a.features)), threads, [&](int64_t lo, int64_t hi) {
    for (int64_t r = lo; r < hi; ++r)
      for (int64_t k = 0; k < a.features; ++k) {
        const int64_t row = static_cast<int64_t>(index[r * a.features + k]);
        if (row == -1) continue;
        if (__builtin_expect(static_cast<uint64_t>(row) >= static_cast<uint64_t>(a.num_rows), 0)) return faults.note(r * a.features + k);
        out[row * a.features + k] = values[r * a.features + k];
      }
  });
  return faults.any() ? refuse_id("index", index, faults.position, a.num_rows, "rows") : kOk;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(place_values, "index values out num_rows count features") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  return WEFT_ISA::with_types(a, [&](auto value, auto id) {
    using Word = std::conditional_t<sizeof(value) == 2, uint16_t, std::conditional_t<sizeof(value) == 4, uint32_t, uint64_t>>;
    return WEFT_ISA::place_values<Word, decltype(id)>(a);
  });
}
