// Generations of a graph without cycles: a node is next when the last edge that enters it has been read. Memory traffic: the
// edges once, in rows, and a count at a random place for each.
#include "../coo_to_csc/counting.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void* target;
  int64_t* level;
  int64_t num_nodes, num_edges;
};

template <class I>
int number_levels(const Arguments& a) {
  const Rows<I> leave{a.indptr, static_cast<const I*>(a.target), nullptr, a.num_nodes, a.num_nodes, a.num_edges};
  int status = Plan(leave).status;
  if (status == kOk) status = check_width<I>(larger(a.num_nodes, a.num_edges), "nodes and edges");
  if (status != kOk) return status;
  Buffer<I> open(a.num_nodes), queue(a.num_nodes);
  if (a.num_nodes && (!open.data || !queue.data)) return fail(kNoMemory, "no memory for %lld nodes", static_cast<long long>(a.num_nodes));
  for (int64_t v = 0; v < a.num_nodes; ++v) open[v] = 0, a.level[v] = -1;
  for (int64_t p = 0; p < a.num_edges; ++p) {
    const uint64_t v = leave.source_at(p);
    if (__builtin_expect(v >= static_cast<uint64_t>(a.num_nodes), 0)) return refuse_id("target", leave.source, p, a.num_nodes, "nodes");
    ++open[v];
  }
  int64_t found = 0;
  for (int64_t v = 0; v < a.num_nodes; ++v)
    if (open[v] == 0) queue[found++] = static_cast<I>(v), a.level[v] = 0;
  for (int64_t at = 0; at < found; ++at) {
    const int64_t u = static_cast<int64_t>(queue[at]);
    for (int64_t p = leave.indptr[u]; p < leave.indptr[u + 1]; ++p) {
      const uint64_t v = leave.source_at(p);  // read again: it may have been overwritten since it was counted
      if (__builtin_expect(v >= static_cast<uint64_t>(a.num_nodes), 0)) return refuse_id("target", leave.source, p, a.num_nodes, "nodes");
      if (--open[v] == 0 && found < a.num_nodes) queue[found++] = static_cast<I>(v), a.level[v] = a.level[u] + 1;
    }
  }
  return kOk;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(topological_levels, "indptr target level num_nodes num_edges") {
  using namespace weft;
  using namespace weft::WEFT_ISA;
  const auto& a = *static_cast<const Arguments*>(arguments);
  return with_ids(a, [&](auto id) { return number_levels<decltype(id)>(a); });
}
