// Memory traffic: scores are read once and probabilities written once, both by row, which may be in any order (E x H each); the rows
// of hubs are read twice.
#include "normalise.h"
#include "weft/exp.h"

namespace weft {
namespace WEFT_ISA {
namespace {

// The numbers of a head: its highest score, and the sum of exp(score - highest), in the end one over it.
template <class T>
struct Softmax {
  using A = Acc<T>;
  static constexpr int kNumbers = 2, kInputs = 1, L = kVectorBytes / sizeof(A);
  using Values = BlockValues<A, kInputs>;

  // Scores that are all -inf have nothing to be measured from; exp of each is 0, and the row becomes NaN in the end.
  static A origin(A top) { return top == -static_cast<A>(__builtin_inf()) ? A(0) : top; }

  static void measure(const RowBlock& block, const Values& v, int64_t heads) {
    A *const top = v.numbers, *const sum = v.numbers + v.step;
    for (int64_t r = 0; r < block.rows; ++r)
      fold_edges(block, r, v.inputs[0], heads, -static_cast<A>(__builtin_inf()), top + r * heads, [](auto best, auto x) { return x > best ? x : best; });
    exponentials(block, v, heads);
    for (int64_t r = 0; r < block.rows; ++r)
      fold_edges(block, r, v.results, heads, A(0), sum + r * heads, [](auto total, auto x) { return total + x; });
  }

  static void combine(A* numbers, const A* other, int64_t step) {
    A &top = numbers[0], &sum = numbers[step];
    const A highest = other[0] > top ? other[0] : top, from = origin(highest);
    sum = sum * vexp<A, 1>(top - from) + other[step] * vexp<A, 1>(other[0] - from);
    top = highest;
  }

  static void finish(A* numbers, int64_t step) { numbers[step] = A(1) / numbers[step]; }

  static void apply(const RowBlock& block, const Values& v, int64_t heads, bool measured) {
    if (!measured) exponentials(block, v, heads);
    each_with_numbers<L>(block, heads, v.repeated, [&](int64_t r) { return v.numbers + v.step + r * heads; },
                         [&](int64_t k, auto scale) { store<L, A>(v.results + k, load<L>(v.results + k) * scale); });
  }

 private:
  // exp(score - highest), measured from the highest score of the row.
  static WEFT_OUTLINE void exponentials(const RowBlock& block, const Values& v, int64_t heads) {
    each_with_numbers<L>(block, heads, v.repeated, [&](int64_t r) { return v.numbers + r * heads; }, [&](int64_t k, auto top) {
      const auto from = top == splat<A, L>(-static_cast<A>(__builtin_inf())) ? Vec<A, L>{} : top;
      store<L, A>(v.results + k, vexp<A, L>(load<L>(v.inputs[0] + k) - from));
    });
  }
};

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(edge_softmax, "indptr source edge score out num_targets num_edges heads") {
  return weft::WEFT_ISA::normalise<weft::WEFT_ISA::Softmax>(arguments);
}
