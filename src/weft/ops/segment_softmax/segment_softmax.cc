// Rows of a segment are edges that enter one target: edge_softmax does the work.
#include "../coo_to_csc/counting.h"

struct SegmentArguments : weft::Call {
  const int64_t* indptr;
  const void *x, *order;
  void* out;
  int64_t num_segments, num_rows, features;
};

struct EdgeArguments : weft::Call {
  const int64_t* indptr;
  const void *source, *edge, *score;
  void* out;
  int64_t num_targets, num_edges, heads;
};

extern "C" int WEFT_PASTE(weft_edge, softmax, WEFT_ISA)(const void* arguments);

WEFT_KERNEL(segment_softmax, "indptr x order out num_segments num_rows features") {
  const auto& a = *static_cast<const SegmentArguments*>(arguments);
  const EdgeArguments edges{{a.isa, a.threads, a.dtype, a.ids}, a.indptr, nullptr, a.order, a.x, a.out, a.num_segments, a.num_rows, a.features};
  const int status = WEFT_PASTE(weft_edge, softmax, WEFT_ISA)(&edges);
  if (status != weft::kBadId) return status;
  return weft::WEFT_ISA::with_ids(a, [&](auto id) {  // says the same in this operator's words
    const auto* order = static_cast<const decltype(id)*>(a.order);
    int64_t at = 0;
    while (at + 1 < a.num_rows && order[at] >= 0 && order[at] < a.num_rows) ++at;
    return weft::WEFT_ISA::refuse_id("order", order, at, a.num_rows, "rows in `x`");
  });
}
