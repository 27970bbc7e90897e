// The reduction of weighted neighbour rows; see reduction.h for its memory traffic.
#include "reduction.h"

// Shared with segment_reduce.cc, so that the kernels are compiled once.
extern "C" int WEFT_PASTE(weft, reduce, WEFT_ISA)(const void* arguments) {
  return weft::WEFT_ISA::reduce(*static_cast<const weft::ReduceArguments*>(arguments));
}

WEFT_KERNEL(spmm, "indptr source edge x weight source_scale target_scale out winner num_targets num_sources num_edges features weights reduce") {
  return WEFT_PASTE(weft, reduce, WEFT_ISA)(arguments);
}
