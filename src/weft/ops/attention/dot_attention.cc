// Attention whose scores are scaled dot products of queries and keys; see passes.h for its memory traffic.
#include "attention.h"

namespace weft {
namespace WEFT_ISA {
namespace {

template <class T>
int dots(const AttentionArguments& a) {
  const AttentionSizes& n = a.sizes;
  const AnyRows rows = rows_by_target(a);
  const DotScore<T> score(n.heads, n.score_width, static_cast<const T*>(a.inputs[0]), static_cast<const T*>(a.inputs[1]),
                          static_cast<Acc<T>>(bit_cast<double>(n.option)), nullptr);
  return attend<T>(a, rows, score, a.inputs[2]);
}

template <class T>
int dots_backward(const AttentionGradients& a) {
  using A = Acc<T>;
  const AttentionSizes& n = a.sizes;
  const AnyRows in = rows_by_target(a), out = rows_by_source(a);
  const A scale = static_cast<A>(bit_cast<double>(n.option));
  const T *query = static_cast<const T*>(a.inputs[0]), *key = static_cast<const T*>(a.inputs[1]);
  const DotScore<T> of_target(n.heads, n.score_width, query, key, scale, static_cast<T*>(a.grads[0]));
  const DotScore<T> of_source(n.heads, n.score_width, key, query, scale, static_cast<T*>(a.grads[1]));
  return attend_backward<T>(a, in, out, of_target, of_source, a.inputs[2], a.grads[2]);
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(dot_attention, "indptr source edge query key value edge_score edge_weight seed out lse " WEFT_ATTENTION_SIZES) {
  using namespace weft;
  return WEFT_ISA::with_attention<AttentionArguments>(
      arguments, [](const auto& a, auto value) { return WEFT_ISA::dots<decltype(value)>(a); });
}

extern "C" int WEFT_PASTE(weft, dot_gradients, WEFT_ISA)(const void* arguments) {
  using namespace weft;
  return WEFT_ISA::with_attention<AttentionGradients>(
      arguments, [](const auto& a, auto value) { return WEFT_ISA::dots_backward<decltype(value)>(a); });
}
