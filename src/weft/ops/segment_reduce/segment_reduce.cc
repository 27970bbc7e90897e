// Segments are rows whose sources are listed by `order`, or stand in sequence: the reduction of spmm does the rest.
#include "../spmm/arguments.h"

struct Arguments : weft::Call {
  const int64_t* indptr;
  const void *x, *order;
  void *out, *winner;
  int64_t num_segments, num_rows, features, reduce;
};

extern "C" int WEFT_PASTE(weft, reduce, WEFT_ISA)(const void* arguments);

WEFT_KERNEL(segment_reduce, "indptr x order out winner num_segments num_rows features reduce") {
  const Arguments& a = *static_cast<const Arguments*>(arguments);
  const weft::ReduceArguments as_rows{
      {a.isa, a.threads, a.dtype, a.ids}, a.indptr, a.order, nullptr, a.x, nullptr, a.out, a.winner,
      a.num_segments, a.num_rows, a.num_rows, 1, a.features, 0, a.reduce};
  return WEFT_PASTE(weft, reduce, WEFT_ISA)(&as_rows);
}
