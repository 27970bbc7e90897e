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
  static constexpr int kNumbers = 1, kInputs = 2, L = kVectorBytes / sizeof(A);
  using Values = BlockValues<A, kInputs>;

  static void measure(const RowBlock& block, const Values& v, int64_t heads) {
    for (int64_t k = 0; k < block.edges() * heads; k += L) store<L, A>(v.results + k, load<L>(v.inputs[0] + k) * load<L>(v.inputs[1] + k));
    for (int64_t r = 0; r < block.rows; ++r)
      fold_edges(block, r, v.results, heads, A(0), v.numbers + r * heads, [](auto total, auto x) { return total + x; });
  }

  static void combine(A* sum, const A* other, int64_t) { *sum += *other; }
  static void finish(A*, int64_t) {}

  static void apply(const RowBlock& block, const Values& v, int64_t heads, bool) {
    each_with_numbers<L>(block, heads, v.repeated, [&](int64_t r) { return v.numbers + r * heads; }, [&](int64_t k, auto sum) {
      store<L, A>(v.results + k, load<L>(v.inputs[0] + k) * (load<L>(v.inputs[1] + k) - sum));
    });
  }
};

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(edge_softmax_backward, "indptr source edge probability grad out num_targets num_edges heads") {
  return weft::WEFT_ISA::normalise<weft::WEFT_ISA::Backward>(arguments);
}
