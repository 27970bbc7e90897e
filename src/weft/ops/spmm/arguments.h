// What a reduction reads. The features of a row are heads x width values; a null `source` or `edge` is the position itself.
#pragma once
#include "weft/abi.h"

namespace weft {

struct ReduceArguments : Call {
  const int64_t* indptr;
  const void *source, *edge, *x, *weight;
  void *out, *winner;
  int64_t num_targets, num_sources, num_edges, heads, width, weight_heads, reduce;
};

}  // namespace weft
