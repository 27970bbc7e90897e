// Memory traffic: ids, types and weights of edges once (E), source rows once (E x K, prefetched), a row of the other factor for every run, from
// the first cache levels. The edges are cut into equal parts, each with a result of its own; the parts add up in order. Where one result is
// so large that there are few parts, tasks share the columns of the first factor, too.
#include "typed_edges.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void *source, *edge, *x, *y, *edge_type, *edge_weight;
  void* out;
  int64_t num_targets, num_sources, num_edges, num_types, depth, width;
};

constexpr int64_t kPartialValues = int64_t{1} << 23;
constexpr int64_t kManyParts = 64, kFewParts = 16;
constexpr int64_t kStrip = 64;  // columns of the first factor that a task multiplies if parts are few

template <class T, class I>
class RelationalOuter {
  using A = Acc<T>;

 public:
  explicit RelationalOuter(const Arguments& a)
      : a_(a), x_(static_cast<const T*>(a.x)), y_(static_cast<const T*>(a.y)), type_(static_cast<const I*>(a.edge_type)),
        rows_{a.indptr, static_cast<const I*>(a.source), static_cast<const I*>(a.edge), a.num_targets, a.num_sources, a.num_edges},
        size_(a.num_types * a.depth * a.width) {}

  int run() {
    const Plan plan(rows_);
    if (plan.status != kOk || size_ == 0) return plan.status;
    const int64_t parts = larger(1, smaller(smaller(kManyParts, kPartialValues / size_), rows_.edges / kBlockEdges));
    const int64_t strip = parts < kFewParts ? kStrip : a_.depth, strips = (a_.depth + strip - 1) / strip;
    const int64_t threads = (rows_.edges + a_.num_types) * (a_.depth + a_.width) < kSerialWork ? 1 : a_.threads;
    Buffer<A> partial(parts * size_);
    if (!partial.data) return rows_.no_memory();
    parallel_tasks(parts * strips, threads, [&](int64_t task) {
      const int64_t part = task / strips, first = task % strips * strip;
      multiply(rows_.edges * part / parts, rows_.edges * (part + 1) / parts, first, smaller(strip, a_.depth - first), partial.data + part * size_);
    });
    if (faults_.any()) return refuse_edge(rows_, type_, a_.num_types, faults_.position);
    if (faults_.starved) return rows_.no_memory();
    T* out = static_cast<T*>(a_.out);
    parallel_ranges(size_, kStretch, size_ * parts < kSerialWork ? 1 : threads, [&](int64_t lo, int64_t hi) {
      for (int64_t part = 1; part < parts; ++part)
        for (int64_t k = lo; k < hi; ++k) partial[k] += partial[part * size_ + k];
      narrow_values<T>(partial.data + lo, hi - lo, out + lo);
    });
    return kOk;
  }

 private:
  static constexpr int64_t kStretch = 8192;
  const Arguments& a_;
  const T *x_, *y_;
  const I* type_;
  const Rows<I> rows_;
  const int64_t size_;
  Faults faults_;

  // Columns first .. first + columns of the products over positions lo .. hi.
  void multiply(int64_t lo, int64_t hi, int64_t first, int64_t columns, A* to) {
    TypedEdges<T, I> edges(rows_, type_, a_.num_types, static_cast<const T*>(a_.edge_weight), false);
    Buffer<A> sums(kRowsAtOnce * columns), right(kRowsAtOnce * panel_values<A>(1, a_.width));
    Buffer<A*> results(columns);
    if (!edges.has_memory() || !sums.data || !right.data || !results.data) return faults_.starve();
    for (int64_t type = 0; type < a_.num_types; ++type) memset(to + (type * a_.depth + first) * a_.width, 0, columns * a_.width * sizeof(A));
    for (int64_t p = lo; p < hi; p += kBlockEdges) {
      const int64_t row = row_of(rows_.indptr, rows_.count, p);
      if (!edges.open(row, p, smaller(hi, p + kBlockEdges))) return faults_.note(edges.fault);
      edges.each_batch([&](int64_t type, const Runs& runs) {
        const A* left[kRowsAtOnce];
        edges.sum(runs, x_, a_.depth, first, columns, sums.data);
        for (int64_t r = 0; r < runs.count; ++r) left[r] = sums.data + r * columns;
        pack_panels<A>([&](int64_t r) { return y_ + (row + runs.row[r]) * a_.width; }, runs.count, a_.width, right.data);
        for (int64_t k = 0; k < columns; ++k) results[k] = to + (type * a_.depth + first + k) * a_.width;
        multiply_outer<A>(left, runs.count, right.data, results.data, columns, a_.width);
      });
    }
  }
};

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(relational_outer, "indptr source edge x y edge_type edge_weight out num_targets num_sources num_edges num_types depth width") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  return WEFT_ISA::with_types(a, [&](auto value, auto id) { return WEFT_ISA::RelationalOuter<decltype(value), decltype(id)>(a).run(); });
}
