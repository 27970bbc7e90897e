// The gradient of each kind of attention stands beside its forward walk.
#include "attention.h"

extern "C" int WEFT_PASTE(weft, gat_gradients, WEFT_ISA)(const void* arguments);
extern "C" int WEFT_PASTE(weft, gatv2_gradients, WEFT_ISA)(const void* arguments);
extern "C" int WEFT_PASTE(weft, dot_gradients, WEFT_ISA)(const void* arguments);

WEFT_KERNEL(attention_backward,
            "indptr source edge by_source_indptr by_source by_source_edge a b c edge_score edge_weight seed lse grad result grad_a grad_b "
            "grad_c grad_edge_score grad_edge_weight " WEFT_ATTENTION_SIZES " kind") {
  switch (static_cast<const weft::AttentionGradients*>(arguments)->kind) {
    case weft::kGat: return WEFT_PASTE(weft, gat_gradients, WEFT_ISA)(arguments);
    case weft::kGatv2: return WEFT_PASTE(weft, gatv2_gradients, WEFT_ISA)(arguments);
    default: return WEFT_PASTE(weft, dot_gradients, WEFT_ISA)(arguments);
  }
}
