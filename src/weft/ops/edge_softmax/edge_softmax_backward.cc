// Memory traffic: probabilities and gradients are read once by row, which may be in any order, and once by id; results are written
// once, by id (E x H); in between stands a sum of each row (N x H).
#include "two_phases.h"

namespace weft {
namespace WEFT_ISA {
namespace {

// The number of a head: the sum of probability * grad.
template <class T>
struct Backward {
  using A = Acc<T>;
  static constexpr int kNumbers = 1, kInputs = 2;

  static WEFT_INLINE_MEMBER void measure(const Lanewise<A>& lanes, A* const (&inputs)[2], int64_t count, A* sum, int64_t) {
    A *products = inputs[0], *grads = inputs[1];
    for (int64_t k = 0; k < count; ++k) products[k] *= grads[k];
    lanes.fold(products, lanes.pad(products, count, A(0)), A(0), sum, [](auto total, auto v) { return total + v; });
  }

  static void combine(A* sum, const A* other, int64_t) { *sum += *other; }
  static void finish(A*, int64_t) {}

  template <int N>
  static WEFT_INLINE_MEMBER Vec<A, N> apply(const Vec<A, N> (&inputs)[2], const Vec<A, N> (&sum)[1]) {
    return inputs[0] * (inputs[1] - sum[0]);
  }
};

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(edge_softmax_backward, "indptr source edge probability grad out num_targets num_edges heads") {
  return weft::WEFT_ISA::normalise<weft::WEFT_ISA::Backward>(arguments);
}
