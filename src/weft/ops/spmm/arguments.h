// What a reduction reads. Scales, one a source and one a target, are factors of whole rows, null for none. Each of the `weights` of an edge, 0 for none, counts for features / weights values of a row; a null `source` or `edge` is the position itself.
#pragma once
#include "weft/abi.h"

namespace weft {

struct ReduceArguments : Call {
  const int64_t* indptr;
  const void *source, *edge, *x, *weight, *source_scale, *target_scale;
  void *out, *winner;
  int64_t num_targets, num_sources, num_edges, features, weights, reduce;
};

}  // namespace weft
