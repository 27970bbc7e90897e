// Attention whose scores are a learned sum over leaky_relu of the features of both ends; see passes.h for its memory traffic.
#include "attention.h"

namespace weft {
namespace WEFT_ISA {
namespace {

template <class T>
int gatv2(const AttentionArguments& a) {
  const AttentionSizes& n = a.sizes;
  const AnyRows rows = rows_by_target(a);
  const Widened<T> factor(a.inputs[2], n.heads * n.width);
  if (!factor.has_memory(n.heads)) return rows.no_memory();
  const Gatv2Score<T, 1> score(n.heads, n.width, static_cast<const T*>(a.inputs[1]), static_cast<const T*>(a.inputs[0]), factor.data,
                               static_cast<Acc<T>>(bit_cast<double>(n.option)), nullptr, nullptr, 1);
  return attend<T>(a, rows, score, a.inputs[0]);
}

template <class T>
int gatv2_backward(const AttentionGradients& a) {
  using A = Acc<T>;
  const AttentionSizes& n = a.sizes;
  const int64_t features = n.heads * n.width, rows_of_part = rows_per_task(n.num_targets), parts = n.num_targets / rows_of_part + 1;
  const AnyRows in = rows_by_target(a), out = rows_by_source(a);
  const A slope = static_cast<A>(bit_cast<double>(n.option));
  const Widened<T> factor(a.inputs[2], features);
  Buffer<A> part(parts * features);
  if (!factor.has_memory(n.heads) || !part.data) return in.no_memory();
  memset(part.data, 0, parts * features * sizeof(A));
  const T *left = static_cast<const T*>(a.inputs[0]), *right = static_cast<const T*>(a.inputs[1]);
  const Gatv2Score<T, 2> of_target(n.heads, n.width, right, left, factor.data, slope, static_cast<T*>(a.grads[1]), part.data, rows_of_part);
  const Gatv2Score<T, 1> of_source(n.heads, n.width, left, right, factor.data, slope, nullptr, nullptr, 1);
  const int status = attend_backward<T>(a, in, out, of_target, of_source, left, a.grads[0]);
  for (int64_t p = 1; p < parts; ++p)
    for (int64_t k = 0; k < features; ++k) part[k] += part[p * features + k];
  for (int64_t k = 0; k < features; ++k) static_cast<T*>(a.grads[2])[k] = narrow<T>(part[k]);
  return status;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(gatv2_attention, "indptr source edge left right factor edge_score edge_weight seed out lse " WEFT_ATTENTION_SIZES) {
  using namespace weft;
  return WEFT_ISA::with_attention<AttentionArguments>(
      arguments, [](const auto& a, auto value) { return WEFT_ISA::gatv2<decltype(value)>(a); });
}

extern "C" int WEFT_PASTE(weft, gatv2_gradients, WEFT_ISA)(const void* arguments) {
  using namespace weft;
  return WEFT_ISA::with_attention<AttentionGradients>(
      arguments, [](const auto& a, auto value) { return WEFT_ISA::gatv2_backward<decltype(value)>(a); });
}
