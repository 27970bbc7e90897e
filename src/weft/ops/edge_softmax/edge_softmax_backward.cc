// Memory traffic: probabilities and gradients are read once and results written once, all by row, which may be in any order (E x H
// each); the rows of hubs are read twice.
#include "normalise.h"

namespace weft {
namespace WEFT_ISA {
namespace {

// The number of a head: the sum of probability * grad.
template <class T>
struct Backward {
  using A = Acc<T>;
  static constexpr int kNumbers = 1, kInputs = 2;

  static WEFT_INLINE_MEMBER void measure(const Lanewise<A>& lanes, A* const (&inputs)[2], A* products, int64_t count, A* sum, int64_t) {
    for (int64_t k = 0; k < count; ++k) products[k] = inputs[0][k] * inputs[1][k];
    lanes.fold(products, lanes.pad(products, count, A(0)), A(0), sum, [](auto total, auto v) { return total + v; });
  }

  static void combine(A* sum, const A* other, int64_t) { *sum += *other; }
  static void finish(A*, int64_t) {}

  static WEFT_INLINE_MEMBER void apply(const Lanewise<A>& lanes, A* const (&inputs)[2], A* results, int64_t count, const A* sum, int64_t, bool) {
    lanes.each(inputs[1], results, count, sum, [](auto grad, auto total) { return grad - total; });
    for (int64_t k = 0; k < count; ++k) results[k] *= inputs[0][k];
  }
};

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(edge_softmax_backward, "indptr source edge probability grad out num_targets num_edges heads") {
  return weft::WEFT_ISA::normalise<weft::WEFT_ISA::Backward>(arguments);
}
