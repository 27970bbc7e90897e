// Memory traffic: probabilities and gradients are read once by row, which may be in any order, and once by id; results are written
// once, by id (E x H); in between stands a sum of each row (N x H).
#include "two_phases.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void *source, *edge, *probability, *grad;
  void* out;
  int64_t num_targets, num_edges, heads;
};

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
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  if (a.num_edges * a.heads == 0) return kOk;
  return WEFT_ISA::with_types(a, [&](auto value, auto id) {
    using T = decltype(value);
    using I = decltype(id);
    const WEFT_ISA::Rows<I> rows{a.indptr, nullptr, static_cast<const I*>(a.edge), a.num_targets, a.num_edges, a.num_edges};
    return WEFT_ISA::TwoPhases<T, I, WEFT_ISA::Backward<T>>(
               rows, a.heads, {static_cast<const T*>(a.probability), static_cast<const T*>(a.grad)}, static_cast<T*>(a.out))
        .run(a.threads);
  });
}
