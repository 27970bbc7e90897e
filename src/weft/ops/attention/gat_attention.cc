// Attention whose scores are leaky_relu of a number of each end; see passes.h for its memory traffic.
#include "attention.h"
#include "gat_passes.h"

namespace weft {
namespace WEFT_ISA {
namespace {

template <class T>
int gat(const AttentionArguments& a) {
  const AttentionSizes& n = a.sizes;
  const AnyRows rows = rows_by_target(a);
  const Widened<T> left(a.inputs[1], n.num_sources * n.heads), right(a.inputs[2], n.num_targets * n.heads);
  if (!left.has_memory(n.num_sources) || !right.has_memory(n.num_targets)) return rows.no_memory();
  const GatScore<T> score{&rows, n.heads, right.data, left.data, n.heads, static_cast<Acc<T>>(bit_cast<double>(n.option)), nullptr};
  return attend<T>(a, rows, score, a.inputs[0]);
}

template <class T>
int gat_backward(const AttentionGradients& a) {
  using A = Acc<T>;
  const AttentionSizes& n = a.sizes;
  const AnyRows in = rows_by_target(a), out = rows_by_source(a);
  const A slope = static_cast<A>(bit_cast<double>(n.option));
  const Widened<T> left(a.inputs[1], n.num_sources * n.heads), right(a.inputs[2], n.num_targets * n.heads);
  const int64_t stride = 3 * n.heads;  // the third is `right`, read with the others
  Buffer<A> packed(n.num_targets * stride);
  if (!left.has_memory(n.num_sources) || !right.has_memory(n.num_targets) || (n.num_targets && !packed.data)) return in.no_memory();
  const GatScore<T> of_target{&in, n.heads, right.data, left.data, n.heads, slope, static_cast<T*>(a.grads[2])};
  const GatScore<T> of_source{&out, n.heads, left.data, packed.data + 2 * n.heads, stride, slope, static_cast<T*>(a.grads[1])};
  int status = walk_by_target<GatByTarget<T>, T>(a, in, of_target, a.inputs[0], packed.data, stride);
  if (status == kOk && (a.grad_edge_score || a.grad_edge_weight))
    status = walk_by_target<ByTarget<T, GatScore<T>>, T>(a, in, of_target, a.inputs[0], packed.data, stride);
  if (status != kOk) return status;
  return walk_by_source<GatBySource<T>, T>(a, out, of_source, a.inputs[0], a.grads[0], packed.data, stride);
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(gat_attention, "indptr source edge z left right edge_score edge_weight seed out lse " WEFT_ATTENTION_SIZES) {
  using namespace weft;
  return WEFT_ISA::with_attention<AttentionArguments>(
      arguments, [](const auto& a, auto value) { return WEFT_ISA::gat<decltype(value)>(a); });
}

extern "C" int WEFT_PASTE(weft, gat_gradients, WEFT_ISA)(const void* arguments) {
  using namespace weft;
  return WEFT_ISA::with_attention<AttentionGradients>(
      arguments, [](const auto& a, auto value) { return WEFT_ISA::gat_backward<decltype(value)>(a); });
}
