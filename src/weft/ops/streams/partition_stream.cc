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
  const int64_t* weight;
  int64_t* out;
  int64_t num_nodes, num_edges, num_parts, capacity, passes;
};

// Sizes of the parts, which only grow during a pass, and the least of them in a heap that is put right when it is asked.
class Parts {
 public:
  explicit Parts(int64_t count) : size_(count), known_(count), heap_(count), count_(count) {}
  bool starved() const { return !size_.data || !known_.data || !heap_.data; }
  void empty() {
    for (int64_t i = 0; i < count_; ++i) size_[i] = known_[i] = 0, heap_[i] = i;
  }
  int64_t size(int64_t part) const { return size_[part]; }
  void put(int64_t part, int64_t weight) { size_[part] += weight; }
  int64_t least() {
    while (known_[heap_[0]] != size_[heap_[0]]) {
      known_[heap_[0]] = size_[heap_[0]];
      for (int64_t at = 0, child; (child = 2 * at + 1) < count_; at = child) {
        if (child + 1 < count_ && before(heap_[child + 1], heap_[child])) ++child;
        if (!before(heap_[child], heap_[at])) break;
        const int64_t part = heap_[at];
        heap_[at] = heap_[child], heap_[child] = part;
      }
    }
    return heap_[0];
  }

 private:
  bool before(int64_t a, int64_t b) const { return known_[a] < known_[b] || (known_[a] == known_[b] && a < b); }
  Buffer<int64_t> size_, known_, heap_;
  int64_t count_;
};

template <class I>
int divide(const Arguments& a) {
  const Rows<I> rows{a.indptr, static_cast<const I*>(a.neighbor), nullptr, a.num_nodes, a.num_nodes, a.num_edges};
  const I* order = static_cast<const I*>(a.order);
  const int64_t status = Plan(rows).status;
  if (status != kOk) return static_cast<int>(status);
  Tally<int32_t> tally(a.num_parts);
  Parts parts(a.num_parts);
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
      const int64_t weight = a.weight ? a.weight[v] : 1;
      int64_t best = -1;
      double most = 0;
      tally.take([&](int32_t other, int64_t count) {
        const int64_t size = parts.size(other), room = a.capacity - size;
        if (room < weight) return;
        const double score = static_cast<double>(count) * static_cast<double>(room);
        const bool is_tie = score == most && (size < parts.size(best) || (size == parts.size(best) && other < best));
        if (score > most || (best >= 0 && is_tie)) best = other, most = score;
      });
      if (best < 0) best = parts.least();
      part[v] = static_cast<int32_t>(best);
      parts.put(best, weight);
    }
  }
  for (int64_t v = 0; v < a.num_nodes; ++v) a.out[v] = part[v];
  return kOk;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(partition_stream, "indptr neighbor order weight out num_nodes num_edges num_parts capacity passes") {
  using namespace weft;
  using namespace weft::WEFT_ISA;
  const auto& a = *static_cast<const Arguments*>(arguments);
  return with_ids(a, [&](auto id) { return divide<decltype(id)>(a); });
}
