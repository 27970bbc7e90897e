// Linear deterministic greedy partition of a stream of nodes, repeated. Each node goes where most of its neighbours are, times the share of
// the part that is free; in later passes neighbours that have not come yet count where the pass before put them. Memory traffic of a
// pass: the edges once, in rows at the places that the order names, and a part, 4 bytes, at a random place for each.
#include "tally.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void *neighbor, *order;
  int64_t* out;
  int64_t num_nodes, num_edges, num_parts, capacity, edge_capacity, passes;
};

// Nodes and edges of the parts, which only grow during a pass, and the emptiest of them in a heap that is put right when it is asked.
class Parts {
 public:
  Parts(int64_t count, int64_t capacity, int64_t edge_capacity)
      : nodes_(count), edges_(count), heap_(count), known_(count), count_(count), capacity_(capacity), edge_capacity_(edge_capacity) {}

  bool starved() const { return !nodes_.data || !edges_.data || !heap_.data || !known_.data; }

  void empty() {
    for (int64_t i = 0; i < count_; ++i) nodes_[i] = edges_[i] = 0, known_[i] = 0, heap_[i] = i;
  }

  void put(int64_t part, int64_t edges) { ++nodes_[part], edges_[part] += edges; }
  bool has_place(int64_t part) const { return nodes_[part] < capacity_; }
  bool has_room(int64_t part, int64_t edges) const { return has_place(part) && edges_[part] + edges <= edge_capacity_; }

  // Which share of it is taken, of nodes or of edges, whatever is more.
  double fill(int64_t part) const {
    const double nodes = static_cast<double>(nodes_[part]) / static_cast<double>(capacity_);
    const double edges = static_cast<double>(edges_[part]) / static_cast<double>(edge_capacity_);
    return nodes > edges ? nodes : edges;
  }

  // The emptiest part, the lowest of several; one with a place for a node, if there is any.
  int64_t emptiest() {
    while (known_[heap_[0]] != fill(heap_[0])) {
      known_[heap_[0]] = fill(heap_[0]);
      for (int64_t at = 0, child; (child = 2 * at + 1) < count_; at = child) {
        if (child + 1 < count_ && before(heap_[child + 1], heap_[child])) ++child;
        if (!before(heap_[child], heap_[at])) break;
        const int64_t part = heap_[at];
        heap_[at] = heap_[child], heap_[child] = part;
      }
    }
    int64_t best = heap_[0];
    if (has_place(best)) return best;
    for (int64_t i = 0; i < count_; ++i)
      if (has_place(i) && (!has_place(best) || fill(i) < fill(best))) best = i;
    return best;
  }

 private:
  bool before(int64_t a, int64_t b) const { return known_[a] < known_[b] || (known_[a] == known_[b] && a < b); }

  Buffer<int64_t> nodes_, edges_, heap_;
  Buffer<double> known_;
  int64_t count_, capacity_, edge_capacity_;
};

template <class I>
int divide(const Arguments& a) {
  const Rows<I> rows{a.indptr, static_cast<const I*>(a.neighbor), nullptr, a.num_nodes, a.num_nodes, a.num_edges};
  const I* order = static_cast<const I*>(a.order);
  const int status = Plan(rows).status;
  if (status != kOk) return status;
  Tally<int32_t> tally(a.num_parts);
  Parts parts(a.num_parts, a.capacity, a.edge_capacity);
  Buffer<int32_t> part(a.num_nodes);
  if (tally.starved(a.num_parts) || parts.starved() || (a.num_nodes && !part.data))
    return fail(kNoMemory, "no memory for %lld nodes", static_cast<long long>(a.num_nodes));
  for (int64_t v = 0; v < a.num_nodes; ++v) part[v] = -1;
  for (int64_t pass = 0; pass < a.passes; ++pass) {
    parts.empty();
    for (int64_t turn = 0; turn < a.num_nodes; ++turn) {
      const uint64_t v = static_cast<uint64_t>(static_cast<int64_t>(order[turn]));
      if (__builtin_expect(v >= static_cast<uint64_t>(a.num_nodes), 0)) return refuse_id("order", order, turn, a.num_nodes, "nodes");
      for (int64_t p = rows.indptr[v]; p < rows.indptr[v + 1]; ++p) {
        const uint64_t u = rows.source_at(p);
        if (__builtin_expect(u >= static_cast<uint64_t>(a.num_nodes), 0)) return refuse_id("neighbor", rows.source, p, a.num_nodes, "nodes");
        if (part[u] >= 0) tally.add(part[u]);
      }
      const int64_t degree = rows.degree(static_cast<int64_t>(v));
      int64_t best = -1;
      double most = 0, fill_of_best = 0;
      tally.take([&](int32_t other, int64_t count) {
        if (!parts.has_room(other, degree)) return;
        const double fill = parts.fill(other), score = static_cast<double>(count) * (1 - fill);
        const bool wins_tie = score == most && (fill < fill_of_best || (fill == fill_of_best && other < best));
        if (best < 0 || score > most || wins_tie) best = other, most = score, fill_of_best = fill;
      });
      if (best < 0) best = parts.emptiest();
      part[v] = static_cast<int32_t>(best);
      parts.put(best, degree);
    }
  }
  for (int64_t v = 0; v < a.num_nodes; ++v) a.out[v] = part[v];
  return kOk;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(partition_stream, "indptr neighbor order out num_nodes num_edges num_parts capacity edge_capacity passes") {
  using namespace weft;
  using namespace weft::WEFT_ISA;
  const auto& a = *static_cast<const Arguments*>(arguments);
  return with_ids(a, [&](auto id) { return divide<decltype(id)>(a); });
}
