// Memory traffic: the words once, the counts once.
#include "marks.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const uint64_t* marks;
  int64_t* out;
  int64_t num_words;
};

int count_marks(const Arguments& a) {
  int64_t before = 0;
  for (int64_t w = 0; w < a.num_words; ++w) {
    a.out[w] = before;
    before += __builtin_popcountll(a.marks[w]);
  }
  a.out[a.num_words] = before;
  return kOk;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(count_marks, "marks out num_words") {
  return weft::WEFT_ISA::count_marks(*static_cast<const weft::WEFT_ISA::Arguments*>(arguments));
}
