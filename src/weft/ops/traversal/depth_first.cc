// Depth-first search. Memory traffic: the edges once, in rows, and for each a byte at a random place.
#include "walk.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void* target;
  const int64_t* seeds;
  int64_t *order, *parent;
  int64_t num_nodes, num_edges, num_seeds;
};

template <class I>
int search(const Arguments& a) {
  const Walk<I> walk({a.indptr, static_cast<const I*>(a.target), nullptr, a.num_nodes, a.num_nodes, a.num_edges});
  int status = walk.begin();
  if (status != kOk) return status;
  Buffer<uint8_t> entered(a.num_nodes);
  if (a.num_nodes && !entered.data) return fail(kNoMemory, "no memory for %lld nodes", static_cast<long long>(a.num_nodes));
  for (int64_t v = 0; v < a.num_nodes; ++v) a.order[v] = a.parent[v] = -1, entered[v] = 0;
  int64_t found = 0;
  const auto is_new = [&](int64_t v) { return !entered[v]; };
  const auto enter = [&](int64_t v, int64_t from) { a.order[found++] = v, a.parent[v] = from, entered[v] = 1; };
  for (int64_t s = 0; s < a.num_seeds && status == kOk; ++s) {
    const int64_t seed = a.seeds[s];
    if (static_cast<uint64_t>(seed) >= static_cast<uint64_t>(a.num_nodes)) return refuse_id("seeds", a.seeds, s, a.num_nodes, "nodes");
    if (is_new(seed)) status = walk.from(seed, is_new, enter, [](int64_t, int64_t) {}, [](int64_t, int64_t) {});
  }
  return status;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(depth_first, "indptr target seeds order parent num_nodes num_edges num_seeds") {
  using namespace weft;
  using namespace weft::WEFT_ISA;
  const auto& a = *static_cast<const Arguments*>(arguments);
  return with_ids(a, [&](auto id) { return search<decltype(id)>(a); });
}
