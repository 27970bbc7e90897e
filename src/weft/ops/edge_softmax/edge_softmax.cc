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
  static constexpr int kNumbers = 2, kInputs = 1;
  static constexpr A kLowest = -__builtin_inf();

  // Scores that are all -inf have nothing to be measured from; exp of each is 0, and the row becomes NaN in the end.
  template <int N>
  static WEFT_INLINE_MEMBER Vec<A, N> origin(Vec<A, N> top) {
    return top == splat<A, N>(kLowest) ? Vec<A, N>{} : top;
  }

  static WEFT_INLINE_MEMBER void measure(const Lanewise<A>& lanes, A* const (&inputs)[1], A* results, int64_t count, A* numbers, int64_t heads) {
    A *scores = inputs[0], *top = numbers, *sum = numbers + heads;
    const int64_t padded = lanes.pad(scores, count, kLowest);
    lanes.fold(scores, padded, kLowest, top, [](auto best, auto v) { return v > best ? v : best; });
    lanes.each(scores, results, padded, top, exponential);
    lanes.fold(results, padded, A(0), sum, [](auto total, auto v) { return total + v; });
  }

  static void combine(A* numbers, const A* other, int64_t heads) {
    A &top = numbers[0], &sum = numbers[heads];
    const A highest = other[0] > top ? other[0] : top, from = origin<1>(highest);
    sum = sum * vexp<A, 1>(top - from) + other[heads] * vexp<A, 1>(other[0] - from);
    top = highest;
  }

  static void finish(A* numbers, int64_t heads) { numbers[heads] = A(1) / numbers[heads]; }

  static WEFT_INLINE_MEMBER void apply(const Lanewise<A>& lanes, A* const (&inputs)[1], A* results, int64_t count, const A* numbers,
                                       int64_t heads, bool measured) {
    if (!measured) lanes.each(inputs[0], results, count, numbers, exponential);
    lanes.each(results, results, count, numbers + heads, [](auto v, auto scale) { return v * scale; });
  }

  static WEFT_INLINE_MEMBER Vec<A, Lanewise<A>::kLanes> exponential(Vec<A, Lanewise<A>::kLanes> v, Vec<A, Lanewise<A>::kLanes> top) {
    return vexp<A, Lanewise<A>::kLanes>(v - origin<Lanewise<A>::kLanes>(top));
  }
};

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(edge_softmax, "indptr source edge score out num_targets num_edges heads") {
  return weft::WEFT_ISA::normalise<weft::WEFT_ISA::Softmax>(arguments);
}
