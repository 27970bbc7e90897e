// Memory traffic: ids and types of edges once (E), source rows once (E x K, prefetched), a row of y for every run, from the first cache levels, and one
// result an edge, at its id. Every run is multiplied by the transposed matrix of its type before its edges are looked at.
#include "typed_edges.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void *source, *edge, *x, *weight, *y, *edge_type;
  void* out;
  int64_t num_targets, num_sources, num_edges, num_types, depth, width;
};

template <class T, class I>
int relational_sddmm(const Arguments& a) {
  using A = Acc<T>;
  const T *x = static_cast<const T*>(a.x), *y = static_cast<const T*>(a.y);
  const I* type = static_cast<const I*>(a.edge_type);
  const Rows<I> rows{a.indptr, static_cast<const I*>(a.source), static_cast<const I*>(a.edge), a.num_targets, a.num_sources, a.num_edges};
  const Plan plan(rows);
  if (plan.status != kOk || a.num_edges == 0) return plan.status;
  const int64_t threads = a.num_edges * (a.depth + a.width) < kSerialWork ? 1 : a.threads;
  const Matrices<T> matrices(static_cast<const T*>(a.weight), a.num_types, a.width, a.depth, threads, true);
  if (!matrices.has_memory()) return rows.no_memory();
  Faults faults;
  parallel_ranges(a.num_edges, kBlockEdges, threads, [&](int64_t lo, int64_t hi) {
    TypedEdges<T, I> edges(rows, type, a.num_types, nullptr, true);
    Buffer<A> start(a.depth + 1), products(kRowsAtOnce * (a.depth + 1)), wide(kRowsAtOnce * (a.width + 1));
    if (!edges.has_memory() || !start.data || !products.data || !wide.data) return faults.starve();
    const int64_t row = row_of(rows.indptr, rows.count, lo);
    if (!edges.open(row, lo, hi)) return faults.note(edges.fault);
    memset(start.data, 0, a.depth * sizeof(A));
    edges.each_batch([&](int64_t type, const Runs& runs) {
      int64_t ids[kRowsAtOnce];
      const A *left[kRowsAtOnce], *starts[kRowsAtOnce];
      A* to[kRowsAtOnce];
      for (int64_t r = 0; r < runs.count; ++r) {
        ids[r] = row + runs.row[r];
        starts[r] = start.data;
        to[r] = products.data + r * a.depth;
      }
      point_to_rows(y, a.width, ids, runs.count, false, 0, a.width, wide.data, left);
      multiply_rows<A>(left, starts, to, runs.count, matrices.of(type), a.width, a.depth);
      edges.dot_runs(runs, x, a.depth, products.data, static_cast<T*>(a.out));
    });
  });
  if (faults.any()) return refuse_edge(rows, type, a.num_types, faults.position);
  return faults.starved ? rows.no_memory() : kOk;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(relational_sddmm, "indptr source edge x weight y edge_type out num_targets num_sources num_edges num_types depth width") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  return WEFT_ISA::with_types(a, [&](auto value, auto id) { return WEFT_ISA::relational_sddmm<decltype(value), decltype(id)>(a); });
}
