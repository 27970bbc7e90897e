// Memory traffic: the ids and their ranks once, a word and a count for each id wherever they are.
#include "marks.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const uint64_t* marks;
  const int64_t* before;
  const void* x;
  const int64_t* index;
  void* out;
  int64_t num_words, num_ids, count;
};

constexpr int64_t kGrain = 1 << 14;

template <class I>
int rank_marks(const Arguments& a) {
  const Marks marks{a.marks, a.num_words};
  const I* x = static_cast<const I*>(a.x);
  I* out = static_cast<I*>(a.out);
  Faults outside, missing;
  parallel_ranges(a.count, kGrain, a.count < kSerialWork ? 1 : a.threads, [&](int64_t lo, int64_t hi) {
    for (int64_t i = lo; i < hi; ++i) {
      fetch_listed(a.index, hi, x, sizeof(I), i);
      const uint64_t at = a.index ? static_cast<uint64_t>(a.index[i]) : static_cast<uint64_t>(i);
      if (__builtin_expect(at >= static_cast<uint64_t>(a.num_ids), 0)) return outside.note(i);
      const uint64_t id = unsigned_id(x[at]);
      if (__builtin_expect(!marks.fits(id), 0)) return missing.note(static_cast<int64_t>(at));
      const uint64_t word = marks.words[id >> 6];
      const int64_t rank = a.before[id >> 6] + __builtin_popcountll(word & ((uint64_t{1} << (id & 63)) - 1));
      out[i] = static_cast<I>(word >> (id & 63) & 1 ? rank : -1);
    }
  });
  if (outside.any()) return refuse_id("index", a.index, outside.position, a.num_ids, "ids in `x`");
  return missing.any() ? refuse_id("x", x, missing.position, marks.ids(), "marks") : kOk;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(rank_marks, "marks before x index out num_words num_ids count") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  return WEFT_ISA::with_ids(a, [&](auto id) { return WEFT_ISA::rank_marks<decltype(id)>(a); });
}
