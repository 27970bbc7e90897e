// Memory traffic: ids, types and weights of edges once (E), source rows once (E x K, prefetched), result rows once (N x M). Sums of runs and the
// products with matrices stay in the first cache levels: nothing of the size of the edges, nor of all runs, is written.
#include "typed_edges.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void *source, *edge, *x, *weight, *edge_type, *edge_weight;
  void* out;
  int64_t num_targets, num_sources, num_edges, num_types, depth, width;
};

template <class T, class I>
class RelationalProduct {
  using A = Acc<T>;
  static constexpr bool kWidens = !std::is_same<T, A>::value;

 public:
  explicit RelationalProduct(const Arguments& a)
      : a_(a), x_(static_cast<const T*>(a.x)), type_(static_cast<const I*>(a.edge_type)), out_(static_cast<T*>(a.out)),
        rows_{a.indptr, static_cast<const I*>(a.source), static_cast<const I*>(a.edge), a.num_targets, a.num_sources, a.num_edges},
        threads_((a.num_edges + a.num_targets) * (a.depth + a.width) < kSerialWork ? 1 : a.threads), plan_(rows_),
        matrices_(static_cast<const T*>(a.weight), a.num_types, a.depth, a.width, threads_) {}

  int run() {
    if (plan_.status != kOk || a_.width == 0) return plan_.status;
    Buffer<A> partial(plan_.pieces * a_.width);
    if (!matrices_.has_memory() || (plan_.pieces && !partial.data)) return rows_.no_memory();
    use_large_pages(a_.out, a_.num_targets * a_.width * sizeof(T));
    const int64_t block = larger(64, smaller(kMostRows, a_.num_targets / 128)), blocks = (a_.num_targets + block - 1) / block;
    parallel_tasks(plan_.pieces + blocks, threads_, [&](int64_t task) {
      Workspace w(*this, kWidens && task >= plan_.pieces ? block * a_.width : 0);
      if (!w.has_memory()) return faults_.starve();
      if (task >= plan_.pieces) return multiply_rows_of(w, (task - plan_.pieces) * block, smaller(a_.num_targets, (task - plan_.pieces + 1) * block));
      int64_t lo, hi;
      const int64_t hub = plan_.piece(task, &lo, &hi);
      memset(partial.data + task * a_.width, 0, a_.width * sizeof(A));
      multiply(w, plan_.row[hub], lo, hi, partial.data + task * a_.width);
    });
    if (faults_.any()) return refuse_edge(rows_, type_, a_.num_types, faults_.position);
    if (faults_.starved) return rows_.no_memory();
    for (int64_t h = 0; h < plan_.hubs; ++h) combine(h, partial.data);
    return kOk;
  }

 private:
  static constexpr int64_t kMostRows = 1024;  // of a task

  const Arguments& a_;
  const T* x_;
  const I* type_;
  T* out_;
  const Rows<I> rows_;
  const int64_t threads_;
  const Plan plan_;
  const Matrices<T> matrices_;
  Faults faults_;

  struct Workspace {
    TypedEdges<T, I> edges;
    Buffer<A> sums, wide;
    Workspace(const RelationalProduct& of, int64_t rows)
        : edges(of.rows_, of.type_, of.a_.num_types, static_cast<const T*>(of.a_.edge_weight), false),
          sums(larger(1, kRowsAtOnce * of.a_.depth)), wide(larger(1, kWidens ? rows * of.a_.width : 1)) {}
    bool has_memory() const { return edges.has_memory() && sums.data && wide.data; }
  };

  // Rows begin .. end but for hubs, in stretches of as many edges as can be sorted at once.
  void multiply_rows_of(Workspace& work, int64_t begin, int64_t end) {
    for (int64_t row = begin, stop; row < end; row = stop) {
      if (rows_.degree(row) > kHub) {
        stop = row + 1;
        continue;
      }
      for (stop = row; stop < end && rows_.degree(stop) <= kHub && rows_.indptr[stop + 1] - rows_.indptr[row] <= kBlockEdges;) ++stop;
      const int64_t values = (stop - row) * a_.width;
      T* out = out_ + row * a_.width;
      A* to;
      if constexpr (kWidens) to = work.wide.data;
      else to = out;
      memset(to, 0, values * sizeof(A));
      multiply(work, row, rows_.indptr[row], rows_.indptr[stop], to);
      if constexpr (kWidens) narrow_values<T>(to, values, out);
    }
  }

  // Adds the products of positions lo .. hi to `to`, whose first row stands for row `row`.
  void multiply(Workspace& work, int64_t row, int64_t lo, int64_t hi, A* to) {
    if (!work.edges.open(row, lo, hi)) return faults_.note(work.edges.fault);
    work.edges.each_batch([&](int64_t type, const Runs& runs) {
      const A* left[kRowsAtOnce];
      A* results[kRowsAtOnce];
      work.edges.sum(runs, x_, a_.depth, 0, a_.depth, work.sums.data);
      for (int64_t r = 0; r < runs.count; ++r) {
        left[r] = work.sums.data + r * a_.depth;
        results[r] = to + runs.row[r] * a_.width;
      }
      multiply_rows<A>(left, results, results, runs.count, matrices_.of(type), a_.depth, a_.width);
    });
  }

  // Adds the pieces of a hub in their order.
  void combine(int64_t hub, A* partial) {
    A* sum = partial + plan_.first[hub] * a_.width;
    for (int64_t piece = plan_.first[hub] + 1; piece < plan_.first[hub + 1]; ++piece)
      for (int64_t c = 0; c < a_.width; ++c) sum[c] += partial[piece * a_.width + c];
    narrow_values<T>(sum, a_.width, out_ + plan_.row[hub] * a_.width);
  }
};

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(relational_matmul, "indptr source edge x weight edge_type edge_weight out num_targets num_sources num_edges num_types depth width") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  return WEFT_ISA::with_types(a, [&](auto value, auto id) { return WEFT_ISA::RelationalProduct<decltype(value), decltype(id)>(a).run(); });
}
