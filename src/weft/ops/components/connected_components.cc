// Components by joining the ends of every edge. Memory traffic: the edges once, and for each end a parent, 4 bytes, at a random place.
#include "union_find.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const void *source, *target;
  int64_t* out;
  int64_t num_edges, num_nodes;
};

constexpr int64_t kGrain = 1 << 14, kAhead = 24;

template <class I, class P>
int connect(const Arguments& a) {
  const EdgeList<I, P> edges{static_cast<const I*>(a.source), static_cast<const I*>(a.target), a.num_edges, a.num_nodes};
  UnionFind<P> sets(a.num_nodes);
  if (sets.starved(a.num_nodes)) return fail(kNoMemory, "no memory for %lld nodes", static_cast<long long>(a.num_nodes));
  const int64_t threads = a.num_edges + a.num_nodes < kSerialWork ? 1 : a.threads;
  parallel_ranges(a.num_nodes, kGrain, threads, [&](int64_t first, int64_t last) { sets.begin(first, last); });
  Faults faults;
  parallel_ranges(a.num_edges, kGrain, threads, [&](int64_t first, int64_t last) {
    for (int64_t e = first; e < last; ++e) {
      if (e + kAhead < last) sets.fetch(edges.source[e + kAhead]), sets.fetch(edges.target[e + kAhead]);
      P from, to;
      if (__builtin_expect(!edges.read(e, &from, &to), 0)) return faults.note(e);
      sets.join(from, to);
    }
  });
  if (faults.any()) return edges.refuse(faults.position);
  parallel_ranges(a.num_nodes, kGrain, threads, [&](int64_t first, int64_t last) {
    for (int64_t v = first; v < last; ++v) a.out[v] = static_cast<int64_t>(sets.find(static_cast<P>(v)));
  });
  return kOk;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(connected_components, "source target out num_edges num_nodes") {
  using namespace weft;
  using namespace weft::WEFT_ISA;
  const auto& a = *static_cast<const Arguments*>(arguments);
  return with_ids(a, [&](auto id) { return with_parents(a.num_nodes, [&](auto parent) { return connect<decltype(id), decltype(parent)>(a); }); });
}
