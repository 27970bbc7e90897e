// What an edge combines, and how.
#pragma once
#include "weft/ends.h"
#include "weft/vector.h"

namespace weft {
namespace WEFT_ISA {

enum Op : int64_t { kAdd, kSub, kMul, kDiv, kDot, kCopy };

struct Arguments : Call {
  const int64_t* indptr;
  const void *source, *edge, *source_of_edge, *target_of_edge, *left, *right;
  void* out;
  int64_t num_targets, num_edges, num_left, num_right, heads, width, op, left_from, right_from, wide_ends;

  bool reads(int64_t end) const { return left_from == end || (op != kCopy && right_from == end); }

  // How many sources there are features of.
  int64_t num_sources() const {
    const int64_t left_rows = left_from == kSource ? num_left : INT64_MAX;
    return op != kCopy && right_from == kSource ? smaller(left_rows, num_right) : left_rows;
  }
};

// What edges combine and which they are: ids are copied before they are looked at, so that what is followed is what was checked, whoever writes
// them meanwhile.
template <int64_t COUNT>
struct Places {
  int64_t source[COUNT], target[COUNT], edge[COUNT];
  const int64_t* of(int64_t end) const { return end == kSource ? source : end == kTarget ? target : edge; }
};

template <Op OP, class A, int N>
WEFT_INLINE Vec<A, N> apply(Vec<A, N> a, Vec<A, N> b) {
  if constexpr (OP == kAdd) return a + b;
  else if constexpr (OP == kSub) return a - b;
  else if constexpr (OP == kMul) return a * b;
  else if constexpr (OP == kDiv) return a / b;
  else return a;
}

// Combines two rows of at least N values.
template <Op OP, class T, int N>
WEFT_INLINE void combine_row(const T* a, const T* b, T* out, int64_t width) {
  using A = Acc<T>;
  for (int64_t k = 0;;) {
    store<N>(out + k, apply<OP, A, N>(load<N>(a + k), OP == kCopy ? Vec<A, N>{} : load<N>(b + k)));
    if (k + N >= width) break;
    k = smaller(k + N, width - N);  // the last vector may overlap the one before it
  }
}

// What body(constant) gives for an op.
template <class Body>
auto with_op(int64_t op, const Body& body) {
  switch (op) {
    case kAdd: return body(std::integral_constant<Op, kAdd>());
    case kSub: return body(std::integral_constant<Op, kSub>());
    case kMul: return body(std::integral_constant<Op, kMul>());
    case kDiv: return body(std::integral_constant<Op, kDiv>());
    case kDot: return body(std::integral_constant<Op, kDot>());
    default: return body(std::integral_constant<Op, kCopy>());
  }
}

}  // namespace WEFT_ISA
}  // namespace weft
