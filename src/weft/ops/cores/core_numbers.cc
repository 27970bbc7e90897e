// Core numbers by peeling: nodes stand in buckets of their degrees, and whoever is taken moves its neighbours one bucket down. Memory
// traffic: the edges once, in rows, with a degree at a random place for each; two more places for each move.
#include "../coo_to_csc/counting.h"

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
  int64_t most = 0;
  for (int64_t v = 0; v < a.num_nodes; ++v) most = larger(most, rows.degree(v));
  // Nodes by degree: bucket d begins at first[d]; `place` says where each node stands.
  Buffer<I> degree(a.num_nodes), node(a.num_nodes), place(a.num_nodes);
  Buffer<int64_t> first(most + 2);
  if (!degree.data || !node.data || !place.data || !first.data) return fail(kNoMemory, "no memory for %lld nodes", static_cast<long long>(a.num_nodes));
  for (int64_t d = 0; d < most + 2; ++d) first[d] = 0;
  for (int64_t v = 0; v < a.num_nodes; ++v) degree[v] = static_cast<I>(rows.degree(v)), ++first[degree[v] + 1];
  for (int64_t d = 1; d < most + 2; ++d) first[d] += first[d - 1];
  for (int64_t v = 0; v < a.num_nodes; ++v) {
    const int64_t at = first[degree[v]]++;
    node[at] = static_cast<I>(v), place[v] = static_cast<I>(at);
  }
  for (int64_t d = most + 1; d > 0; --d) first[d] = first[d - 1];
  first[0] = 0;
  for (int64_t at = 0; at < a.num_nodes; ++at) {
    const int64_t v = static_cast<int64_t>(node[at]);
    const I now = degree[v];
    a.core[v] = static_cast<int64_t>(now);
    for (int64_t p = rows.indptr[v]; p < rows.indptr[v + 1]; ++p) {
      const uint64_t u = rows.source_at(p);
      if (__builtin_expect(u >= static_cast<uint64_t>(a.num_nodes), 0)) return refuse_id("neighbor", rows.source, p, a.num_nodes, "nodes");
      const I old = degree[u];
      if (old <= now) continue;
      const int64_t head = first[old]++;  // u becomes the last of the bucket below, and the head of its own takes its place
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
