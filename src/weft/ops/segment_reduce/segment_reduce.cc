// Segments are rows whose sources are listed by `order`, or stand in sequence: the reduction of spmm does what it has kernels for, a
// fold of fold.h the rest, and long segments of single columns that lie together, which a fold walks in vectors.
#include "../coo_to_csc/counting.h"
#include "../spmm/arguments.h"
#include "fold.h"

constexpr int64_t kLong = 48;  // values of a segment, on average

struct Arguments : weft::Call {
  const int64_t* indptr;
  const void *x, *order;
  void *out, *winner;
  int64_t num_segments, num_rows, features, reduce;
};

extern "C" int WEFT_PASTE(weft, reduce, WEFT_ISA)(const void* arguments);

// Shared with segment_argreduce.cc, so that the kernels are compiled once.
extern "C" int WEFT_PASTE(weft, fold_segments, WEFT_ISA)(const void* arguments) {
  return weft::WEFT_ISA::fold_segments(*static_cast<const weft::FoldArguments*>(arguments));
}

WEFT_KERNEL(segment_reduce, "indptr x order out winner num_segments num_rows features reduce") {
  const Arguments& a = *static_cast<const Arguments*>(arguments);
  const bool is_flat = a.features == 1 && !a.winner && !a.order && a.num_rows >= kLong * a.num_segments;
  if (a.reduce > weft::kFoldMin || a.dtype >= weft::kI32 || is_flat) {
    const weft::FoldArguments fold{{a.isa, a.threads, a.dtype, a.ids}, a.indptr, a.x, a.order, a.out, a.winner,
                                   a.num_segments, a.num_rows, a.features, a.reduce, a.ids == weft::kI64, false};
    return WEFT_PASTE(weft, fold_segments, WEFT_ISA)(&fold);
  }
  const weft::ReduceArguments as_rows{
      {a.isa, a.threads, a.dtype, a.ids}, a.indptr, a.order, nullptr, a.x, nullptr, nullptr, nullptr, a.out, a.winner,
      a.num_segments, a.num_rows, a.num_rows, a.features, 0, a.reduce};
  const int status = WEFT_PASTE(weft, reduce, WEFT_ISA)(&as_rows);
  if (status != weft::kBadId) return status;
  return weft::WEFT_ISA::with_ids(a, [&](auto id) {  // says the same in this operator's words
    const auto* order = static_cast<const decltype(id)*>(a.order);
    int64_t at = 0;
    while (at + 1 < a.num_rows && order[at] >= 0 && order[at] < a.num_rows) ++at;
    return weft::WEFT_ISA::refuse_id("order", order, at, a.num_rows, "rows in `x`");
  });
}
