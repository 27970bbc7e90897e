// Nodes by degree, those of one degree in order, sorted by counting.
#pragma once
#include "../coo_to_csc/counting.h"

namespace weft {
namespace WEFT_ISA {

template <class I>
class ByDegree {
 public:
  explicit ByDegree(const Rows<I>& rows) : most_(most_of(rows)), node(rows.count), place(rows.count), first(most_ + 3) {
    if (starved()) return;
    for (int64_t d = 0; d < most_ + 3; ++d) first[d] = 0;
    for (int64_t v = 0; v < rows.count; ++v) ++first[rows.degree(v) + 2];
    for (int64_t d = 1; d < most_ + 3; ++d) first[d] += first[d - 1];
    // first[d + 1] is now where degree d begins, and where it ends when all its nodes have a place.
    for (int64_t v = 0; v < rows.count; ++v) {
      const int64_t at = first[rows.degree(v) + 1]++;
      node[at] = static_cast<I>(v), place[v] = static_cast<I>(at);
    }
  }

  bool starved() const { return !node.data || !place.data || !first.data; }

 private:
  static int64_t most_of(const Rows<I>& rows) {
    int64_t most = 0;
    for (int64_t v = 0; v < rows.count; ++v) most = larger(most, rows.degree(v));
    return most;
  }

  const int64_t most_;

 public:
  const Buffer<I> node, place;  // the node at each place, the place of each node
  const Buffer<int64_t> first;  // the place of the first node of each degree
};

}  // namespace WEFT_ISA
}  // namespace weft
