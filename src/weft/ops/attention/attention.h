// The calls that the three kinds of attention share: what Python passes, and the walks in their order.
#pragma once
#include "passes.h"

namespace weft {

struct AttentionSizes {
  int64_t num_targets, num_sources, num_edges, heads, width, score_width, weights, limit, scale, option;
};

#define WEFT_ATTENTION_SIZES "num_targets num_sources num_edges heads width score_width weights limit scale option"

struct AttentionArguments : Call {
  const int64_t* indptr;
  const void *source, *edge, *inputs[3], *edge_score, *edge_weight;
  const int64_t* seed;
  void *out, *lse;
  AttentionSizes sizes;
};

// In the order of KINDS in _kinds.py.
enum AttentionKind : int64_t { kGat, kGatv2, kDot };

struct AttentionGradients : Call {
  const int64_t* indptr;
  const void *source, *edge;
  const int64_t* by_source_indptr;
  const void *by_source, *by_source_edge, *inputs[3], *edge_score, *edge_weight;
  const int64_t* seed;
  const void *lse, *grad, *result;
  void *grads[3], *grad_edge_score, *grad_edge_weight;
  AttentionSizes sizes;
  int64_t kind;
};

namespace WEFT_ISA {

// A tensor of `count` values in the accumulation type: itself, or a copy.
template <class T>
struct Widened {
  using A = Acc<T>;
  Buffer<A> copy;
  const A* data;
  Widened(const void* from, int64_t count) : copy(sizeof(T) == sizeof(A) ? 0 : count), data(static_cast<const A*>(from)) {
    if constexpr (sizeof(T) != sizeof(A)) {
      data = copy.data;
      for (int64_t k = 0; copy.data && k < count; ++k) copy[k] = widen(static_cast<const T*>(from)[k]);
    }
  }
  bool has_memory(int64_t count) const { return data || count == 0; }
};

template <class T, class Arguments>
EdgeFactors<T> edge_factors(const Arguments& a, const AnyRows& rows) {
  const AttentionSizes& n = a.sizes;
  return {&rows, static_cast<const T*>(a.edge_score), static_cast<const T*>(a.edge_weight), nullptr, nullptr, n.heads, n.weights,
          a.seed != nullptr, a.seed ? static_cast<uint64_t>(*a.seed) : 0, static_cast<uint64_t>(n.limit),
          static_cast<Acc<T>>(bit_cast<double>(n.scale))};
}

template <class Arguments>
AnyRows rows_by_target(const Arguments& a) {
  const bool wide = a.ids == kI64;
  return {a.indptr, {a.source, wide}, {a.edge, wide}, a.sizes.num_targets, a.sizes.num_sources, a.sizes.num_edges};
}

inline AnyRows rows_by_source(const AttentionGradients& a) {
  const bool wide = a.ids == kI64;
  return {a.by_source_indptr, {a.by_source, wide}, {a.by_source_edge, wide}, a.sizes.num_sources,
          a.sizes.num_targets, a.sizes.num_edges};
}

// Status of body(a, T{}) for the feature type of a call.
template <class Arguments, class Body>
WEFT_INLINE int with_attention(const void* arguments, const Body& body) {
  const auto& a = *static_cast<const Arguments*>(arguments);
  if (a.sizes.heads == 0) return kOk;
  return with_features(a, [&](auto value) { return body(a, value); });
}

// Builds a pass of the rest and walks the rows with it.
template <class Pass, class T, class... Rest>
int run_pass(int64_t threads, const AnyRows& rows, const Rest&... rest) {
  const Pass pass(rows, rest...);
  if (!pass.has_memory()) return rows.no_memory();
  return AttentionWalk<T, Pass>(rows, pass).run(threads);
}

template <class T, class Score>
int attend(const AttentionArguments& a, const AnyRows& rows, const Score& score, const void* value) {
  const EdgeFactors<T> edges = edge_factors<T>(a, rows);
  use_large_pages(a.out, rows.count * a.sizes.heads * a.sizes.width * sizeof(T));
  return run_pass<Forward<T, Score>, T>(a.threads, rows, score, edges, a.sizes.width, static_cast<const T*>(value),
                                              static_cast<T*>(a.out), static_cast<Acc<T>*>(a.lse));
}

// The two walks of a gradient. The first writes a row of `stride` into `packed` for each target, which the second reads.
template <class Pass, class T, class Score>
int walk_by_target(const AttentionGradients& a, const AnyRows& rows, const Score& score, const void* value, Acc<T>* packed, int64_t stride) {
  EdgeFactors<T> edges = edge_factors<T>(a, rows);
  edges.grad_score = static_cast<T*>(a.grad_edge_score), edges.grad_weight = static_cast<T*>(a.grad_edge_weight);
  use_large_pages(packed, rows.count * stride * sizeof(Acc<T>));
  return run_pass<Pass, T>(a.threads, rows, score, edges, a.sizes.width, static_cast<const T*>(value), static_cast<const T*>(a.grad),
                              static_cast<const T*>(a.result), static_cast<const Acc<T>*>(a.lse), packed, stride);
}

template <class Pass, class T, class Score>
int walk_by_source(const AttentionGradients& a, const AnyRows& rows, const Score& score, const void* value, void* grad_value,
                   const Acc<T>* packed, int64_t stride) {
  const EdgeFactors<T> edges = edge_factors<T>(a, rows);
  use_large_pages(grad_value, rows.count * a.sizes.heads * a.sizes.width * sizeof(T));
  return run_pass<Pass, T>(a.threads, rows, score, edges, a.sizes.width, static_cast<const T*>(value), static_cast<const T*>(a.grad),
                              static_cast<T*>(grad_value), packed, stride);
}

// Both, for a score that reads rows.
template <class T, class TargetScore, class SourceScore>
int attend_backward(const AttentionGradients& a, const AnyRows& in, const AnyRows& out, const TargetScore& of_target,
                    const SourceScore& of_source, const void* value, void* grad_value) {
  const int64_t stride = 2 * a.sizes.heads;
  Buffer<Acc<T>> packed(a.sizes.num_targets * stride);
  if (a.sizes.num_targets && !packed.data) return in.no_memory();
  const int status = walk_by_target<ByTarget<T, TargetScore>, T>(a, in, of_target, value, packed.data, stride);
  if (status != kOk) return status;
  return walk_by_source<BySource<T, SourceScore>, T>(a, out, of_source, value, grad_value, packed.data, stride);
}

}  // namespace WEFT_ISA
}  // namespace weft
