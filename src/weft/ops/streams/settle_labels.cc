// Label propagation, one node after the other: each takes the label that most of its neighbours have. Memory traffic of a round: the edges
// once, in rows at random places, and for each a label and a counter, 4 bytes each, at random places.
#include "tally.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void *neighbor, *order;
  int64_t* out;
  int64_t num_nodes, num_edges, rounds;
};

template <class I>
int settle(const Arguments& a) {
  const Rows<I> rows{a.indptr, static_cast<const I*>(a.neighbor), nullptr, a.num_nodes, a.num_nodes, a.num_edges};
  const I* order = static_cast<const I*>(a.order);
  int status = Plan(rows).status;
  if (status == kOk) status = check_width<I>(a.num_nodes, "nodes");
  if (status != kOk) return status;
  Tally<I> tally(a.num_nodes);
  Buffer<I> label(a.num_nodes);
  if (tally.starved(a.num_nodes) || (a.num_nodes && !label.data)) return fail(kNoMemory, "no memory for %lld labels", static_cast<long long>(a.num_nodes));
  for (int64_t v = 0; v < a.num_nodes; ++v) label[v] = 0;
  // A label is the turn of the node that had it first, so that the lower of two labels is a random one.
  for (int64_t turn = 0; turn < a.num_nodes; ++turn) {
    const uint64_t v = static_cast<uint64_t>(static_cast<int64_t>(order[turn]));
    if (v >= static_cast<uint64_t>(a.num_nodes)) return refuse_id("order", order, turn, a.num_nodes, "nodes");
    label[v] = static_cast<I>(turn);
  }
  bool changes = true;
  for (int64_t round = 0; round < a.rounds && changes; ++round) {
    changes = false;
    for (int64_t turn = 0; turn < a.num_nodes; ++turn) {
      const uint64_t v = static_cast<uint64_t>(static_cast<int64_t>(order[turn]));
      if (__builtin_expect(v >= static_cast<uint64_t>(a.num_nodes), 0)) return refuse_id("order", order, turn, a.num_nodes, "nodes");
      for (int64_t p = rows.indptr[v]; p < rows.indptr[v + 1]; ++p) {
        const uint64_t u = rows.source_at(p);
        if (__builtin_expect(u >= static_cast<uint64_t>(a.num_nodes), 0)) return refuse_id("neighbor", rows.source, p, a.num_nodes, "nodes");
        tally.add(label[u]);
      }
      const I own = label[v];
      I best = own;
      int64_t most = 0;
      tally.take([&](I other, int64_t count) {
        const bool is_better = count > most || (count == most && best != own && (other == own || other < best));
        if (is_better) best = other, most = count;
      });
      changes |= best != own;
      label[v] = best;
    }
  }
  for (int64_t v = 0; v < a.num_nodes; ++v) a.out[v] = static_cast<int64_t>(label[v]);
  return kOk;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(settle_labels, "indptr neighbor order out num_nodes num_edges rounds") {
  using namespace weft;
  using namespace weft::WEFT_ISA;
  const auto& a = *static_cast<const Arguments*>(arguments);
  return with_ids(a, [&](auto id) { return settle<decltype(id)>(a); });
}
