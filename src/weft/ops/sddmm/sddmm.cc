// Every edge combines features of its ends, or of itself: in the order of ids where the ends are listed so, else one target after the other.
#include "by_edge.h"
#include "by_target.h"

namespace weft {
namespace WEFT_ISA {
namespace {

int sddmm(const Arguments& a) {
  if (a.num_edges == 0 || a.heads == 0 || (a.width == 0 && a.op != kDot)) return kOk;
  return with_types(a, [&](auto value, auto id) {
    using T = decltype(value);
    const int64_t target_bytes = a.reads(kTarget) ? a.heads * a.width * sizeof(T) : 0;
    return a.source_of_edge && walks_by_edge(a.edge, a.reads(kEdge), target_bytes) ? by_edge::Edges<T>(a).run() : by_target::Edges<T, decltype(id)>(a).run();
  });
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(sddmm,
            "indptr source edge source_of_edge target_of_edge left right out num_targets num_edges num_left num_right heads width op left_from "
            "right_from wide_ends") {
  return weft::WEFT_ISA::sddmm(*static_cast<const weft::WEFT_ISA::Arguments*>(arguments));
}
