// A minimum spanning forest of edges in ascending order, by Kruskal. Memory traffic: the order and the ends of each edge at a random
// place once, and for each end a parent, 4 bytes; it stops when everything is one tree.
#include "union_find.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const void *source, *target;
  const int64_t* order;
  int64_t* out;
  int64_t num_edges, num_nodes;
};

constexpr int64_t kAhead = 24;

template <class I, class P>
int span(const Arguments& a) {
  const EdgeList<I, P> edges{static_cast<const I*>(a.source), static_cast<const I*>(a.target), a.num_edges, a.num_nodes};
  UnionFind<P> sets(a.num_nodes);
  if (sets.starved(a.num_nodes)) return fail(kNoMemory, "no memory for %lld nodes", static_cast<long long>(a.num_nodes));
  sets.begin(0, a.num_nodes);
  int64_t found = 0;
  for (int64_t p = 0; p < a.num_edges && found + 1 < a.num_nodes; ++p) {
    if (p + kAhead < a.num_edges) edges.fetch(a.order[p + kAhead]);
    const int64_t edge = a.order[p];
    if (__builtin_expect(static_cast<uint64_t>(edge) >= static_cast<uint64_t>(a.num_edges), 0))
      return refuse_id("order", a.order, p, a.num_edges, "edges");
    P from, to;
    if (__builtin_expect(!edges.read(edge, &from, &to), 0)) return edges.refuse(edge);
    if (sets.join(from, to)) a.out[found++] = edge;
  }
  for (; found < a.num_nodes; ++found) a.out[found] = -1;
  return kOk;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(spanning_forest, "source target order out num_edges num_nodes") {
  using namespace weft;
  using namespace weft::WEFT_ISA;
  const auto& a = *static_cast<const Arguments*>(arguments);
  return with_ids(a, [&](auto id) { return with_parents(a.num_nodes, [&](auto parent) { return span<decltype(id), decltype(parent)>(a); }); });
}
