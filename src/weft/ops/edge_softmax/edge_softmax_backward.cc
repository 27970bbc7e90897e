// Memory traffic: probabilities and gradients are read once, results written once (E x H). Hub rows: pieces sum on their own and
// combine in order.
#include "row_values.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void *source, *edge, *probability, *grad;
  void* out;
  int64_t num_targets, num_edges, heads;
};

template <class T, class I>
struct Backward {
  using A = Acc<T>;
  const Rows<I>& rows;
  const Arguments& a;
  const Lanewise<A> lanes;

  // sum[head] = sum of probability * grad.
  bool dot(int64_t lo, int64_t hi, A* values, A* grads, A* sum) const {
    const T *probability = static_cast<const T*>(a.probability), *grad = static_cast<const T*>(a.grad);
    if (!gather<T>(rows, probability, a.heads, lo, hi, values, static_cast<const T*>(a.out)) ||
        !gather<T>(rows, grad, a.heads, lo, hi, grads, nullptr))
      return false;
    const int64_t count = (hi - lo) * a.heads;
    for (int64_t k = 0; k < count; ++k) values[k] *= grads[k];
    lanes.fold(values, lanes.pad(values, count, A(0)), A(0), sum, [](auto total, auto v) { return total + v; });
    return true;
  }

  // out = probability * (grad - sum).
  void write(int64_t lo, int64_t hi, const A* sum) const {
    for (int64_t p = lo; p < hi; ++p) {
      if (__builtin_expect(!rows.edge_fits(p), 0)) return;
      const int64_t at = rows.edge_at(p) * a.heads;
      const T *probability = static_cast<const T*>(a.probability) + at, *grad = static_cast<const T*>(a.grad) + at;
      T* out = static_cast<T*>(a.out) + at;
      for (int64_t h = 0; h < a.heads; ++h) out[h] = narrow<T>(widen(probability[h]) * (widen(grad[h]) - sum[h]));
    }
  }
};

template <class T, class I>
int backward(const Arguments& a) {
  using A = Acc<T>;
  const Rows<I> rows{a.indptr, nullptr, static_cast<const I*>(a.edge), a.num_targets, a.num_edges, a.num_edges};
  const Plan plan(rows);
  if (plan.status != kOk) return plan.status;
  use_large_pages(a.out, a.num_edges * a.heads * sizeof(T));
  const Backward<T, I> backward{rows, a, Lanewise<A>(a.heads)};
  const int64_t threads = a.num_edges * a.heads < kSerialWork ? 1 : a.threads, h = a.heads;
  Buffer<A> sums(plan.pieces * h);
  FirstFault fault;
  bool starved = plan.pieces && !sums.data;
  if (starved) return fail(kNoMemory, "no memory for %lld partial rows", static_cast<long long>(plan.pieces));
  for_rows(
      rows, plan, threads,
      [&](int64_t piece, int64_t lo, int64_t hi) {
        Buffer<A> values(backward.lanes.room((hi - lo) * h)), grads((hi - lo) * h);
        if (!values.data || !grads.data) return __atomic_store_n(&starved, true, __ATOMIC_RELAXED);
        if (!backward.dot(lo, hi, values.data, grads.data, sums.data + piece * h)) fault.note(first_bad_edge(rows, lo, hi));
      },
      [&](int64_t begin, int64_t end) {
        const int64_t most = longest(rows, begin, end) * h;
        Buffer<A> values(backward.lanes.room(most)), grads(most), sum(h);
        if (!values.data || !sum.data || (most && !grads.data)) return __atomic_store_n(&starved, true, __ATOMIC_RELAXED);
        for (int64_t row = begin; row < end; ++row) {
          const int64_t lo = rows.indptr[row], hi = rows.indptr[row + 1];
          if (lo == hi) continue;
          if (!backward.dot(lo, hi, values.data, grads.data, sum.data)) return fault.note(first_bad_edge(rows, lo, hi));
          backward.write(lo, hi, sum.data);
        }
      });
  if (fault.any()) return rows.explain(fault.position);
  if (starved) return fail(kNoMemory, "no memory for a row of gradients");
  for (int64_t hub = 0; hub < plan.hubs; ++hub)
    for (int64_t p = plan.first[hub] + 1; p < plan.first[hub + 1]; ++p)
      for (int64_t head = 0; head < h; ++head) sums[plan.first[hub] * h + head] += sums[p * h + head];
  parallel_tasks(plan.pieces, threads, [&](int64_t piece) {
    int64_t lo, hi;
    const int64_t hub = plan.piece(piece, &lo, &hi);
    backward.write(lo, hi, sums.data + plan.first[hub] * h);
  });
  return kOk;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(edge_softmax_backward, "indptr source edge probability grad out num_targets num_edges heads") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  if (a.num_edges * a.heads == 0) return kOk;
  return WEFT_ISA::with_types(a, [&](auto value, auto id) { return WEFT_ISA::backward<decltype(value), decltype(id)>(a); });
}
