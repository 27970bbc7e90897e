// Memory traffic: the words and counts once, the ids once; every word knows where its ids go.
#include "marks.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const uint64_t* marks;
  const int64_t* before;
  int64_t* out;
  int64_t num_words, total;
};

constexpr int64_t kGrain = 4096;

int list_marks(const Arguments& a) {
  if (a.before[0] != 0 || a.before[a.num_words] != a.total)
    return fail(kBadPointer, "`before` runs from %lld to %lld, expected 0 to %lld", static_cast<long long>(a.before[0]),
                static_cast<long long>(a.before[a.num_words]), static_cast<long long>(a.total));
  Faults misfits;
  parallel_ranges(a.num_words, kGrain, a.total < kSerialWork ? 1 : a.threads, [&](int64_t first, int64_t last) {
    for (int64_t w = first; w < last; ++w) {
      uint64_t bits = a.marks[w];
      const int64_t begin = a.before[w], end = a.before[w + 1];
      if (__builtin_expect(begin < 0 || end < begin || end > a.total || end - begin != __builtin_popcountll(bits), 0)) return misfits.note(w);
      for (int64_t p = begin; p < end; ++p, bits &= bits - 1) a.out[p] = w * 64 + __builtin_ctzll(bits);
    }
  });
  if (!misfits.any()) return kOk;
  return fail(kBadPointer, "`before` does not count the marks of word %lld", static_cast<long long>(misfits.position));
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(list_marks, "marks before out num_words total") {
  return weft::WEFT_ISA::list_marks(*static_cast<const weft::WEFT_ISA::Arguments*>(arguments));
}
