// The folds of segment_reduce that select, without their values; see fold.h for the memory traffic.
#include "../segment_reduce/fold.h"

struct ArgArguments : weft::Call {
  const int64_t* indptr;
  const void *x, *order;
  void* out;
  int64_t num_segments, num_rows, features, reduce;
};

extern "C" int WEFT_PASTE(weft, fold_segments, WEFT_ISA)(const void* arguments);

WEFT_KERNEL(segment_argreduce, "indptr x order out num_segments num_rows features reduce") {
  const auto& a = *static_cast<const ArgArguments*>(arguments);
  const weft::FoldArguments fold{{a.isa, a.threads, a.dtype, a.ids}, a.indptr, a.x, a.order, nullptr, a.out,
                                 a.num_segments, a.num_rows, a.features, a.reduce, true, true};
  return WEFT_PASTE(weft, fold_segments, WEFT_ISA)(&fold);
}
