// Sets of nodes that threads join without a lock. A root is the smallest node of its set, so that the sets that come out are
// the same whatever the order: a root that loses is hooked below a smaller one by compare-and-swap, and paths are halved on the way.
#pragma once
#include "../coo_to_csc/counting.h"

namespace weft {
namespace WEFT_ISA {

template <class P>
class UnionFind {
 public:
  explicit UnionFind(int64_t count) : parent_(count) {}

  bool starved(int64_t count) const { return count && !parent_.data; }

  void begin(int64_t first, int64_t last) {
    for (int64_t v = first; v < last; ++v) parent_[v] = static_cast<P>(v);
  }

  WEFT_INLINE_MEMBER void fetch(uint64_t v) const {
    __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(parent_.data) + v * sizeof(P)));
  }

  P find(P v) const {
    for (;;) {
      const P up = __atomic_load_n(&parent_[v], __ATOMIC_RELAXED);
      if (up == v) return v;
      const P above = __atomic_load_n(&parent_[up], __ATOMIC_RELAXED);
      if (above == up) return up;
      __atomic_store_n(&parent_[v], above, __ATOMIC_RELAXED);  // an ancestor, if perhaps no longer the nearest known
      v = above;
    }
  }

  // Whether they were in two sets.
  bool join(P a, P b) const {
    for (;;) {
      a = find(a), b = find(b);
      if (a == b) return false;
      if (a < b) {
        const P smaller_root = a;
        a = b, b = smaller_root;
      }
      P expected = a;
      if (__atomic_compare_exchange_n(&parent_[a], &expected, b, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) return true;
    }
  }

 private:
  Buffer<P> parent_;
};

// Ends of edges, each read once and checked.
template <class I, class P>
struct EdgeList {
  const I *source, *target;
  int64_t edges, nodes;

  bool read(int64_t edge, P* from, P* to) const {
    const uint64_t a = static_cast<uint64_t>(static_cast<int64_t>(source[edge])), b = static_cast<uint64_t>(static_cast<int64_t>(target[edge]));
    *from = static_cast<P>(a), *to = static_cast<P>(b);
    return a < static_cast<uint64_t>(nodes) && b < static_cast<uint64_t>(nodes);
  }

  // Any id may be fetched, since no address is followed.
  WEFT_INLINE_MEMBER void fetch(int64_t edge) const {
    const uint64_t at = static_cast<uint64_t>(edge) * sizeof(I);
    __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(source) + at));
    __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(target) + at));
  }

  int refuse(int64_t edge) const {
    const bool at_source = static_cast<uint64_t>(static_cast<int64_t>(source[edge])) >= static_cast<uint64_t>(nodes);
    return refuse_id(at_source ? "source" : "target", at_source ? source : target, edge, nodes, "nodes");
  }
};

// Status of body(P{}) for the narrowest type of parents.
template <class Body>
WEFT_INLINE int with_parents(int64_t count, const Body& body) {
  return count <= INT64_C(1) << 31 ? body(uint32_t{}) : body(uint64_t{});
}

}  // namespace WEFT_ISA
}  // namespace weft
