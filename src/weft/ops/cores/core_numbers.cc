// Core numbers by peeling: nodes stand in buckets of their degrees, and whoever is taken moves its neighbours one bucket down. Memory
// traffic: the edges once, in rows, with a degree at a random place for each; two more places for each move.
#include "by_degree.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void* neighbor;
  int64_t* core;
  int64_t num_nodes, num_edges;
};

template <class I>
int peel(const Arguments& a) {
  const Rows<I> rows{a.indptr, static_cast<const I*>(a.neighbor), nullptr, a.num_nodes, a.num_nodes, a.num_edges};
  int status = Plan(rows).status;
  if (status == kOk) status = check_width<I>(larger(a.num_nodes, a.num_edges), "nodes and edges");
  if (status != kOk || a.num_nodes == 0) return status;
  const ByDegree<I> sorted(rows);  // degree d is bucket d
  const Buffer<I> degree(a.num_nodes);
  if (sorted.starved() || !degree.data) return fail(kNoMemory, "no memory for %lld nodes", static_cast<long long>(a.num_nodes));
  const auto &node = sorted.node, &place = sorted.place;
  for (int64_t v = 0; v < a.num_nodes; ++v) degree[v] = static_cast<I>(rows.degree(v));
  for (int64_t at = 0; at < a.num_nodes; ++at) {
    const int64_t v = static_cast<int64_t>(node[at]);
    const I now = degree[v];
    a.core[v] = static_cast<int64_t>(now);
    for (int64_t p = rows.indptr[v]; p < rows.indptr[v + 1]; ++p) {
      const uint64_t u = rows.source_at(p);
      if (__builtin_expect(u >= static_cast<uint64_t>(a.num_nodes), 0)) return refuse_id("neighbor", rows.source, p, a.num_nodes, "nodes");
      const I old = degree[u];
      if (old <= now) continue;
      const int64_t head = sorted.first[old]++;  // u becomes the last of the bucket below, and the head of its own takes its place
      const I moved = node[head];
      node[place[u]] = moved, place[moved] = place[u];
      node[head] = static_cast<I>(u), place[u] = static_cast<I>(head);
      degree[u] = old - 1;
    }
  }
  return kOk;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(core_numbers, "indptr neighbor core num_nodes num_edges") {
  using namespace weft;
  using namespace weft::WEFT_ISA;
  const auto& a = *static_cast<const Arguments*>(arguments);
  return with_ids(a, [&](auto id) { return peel<decltype(id)>(a); });
}
