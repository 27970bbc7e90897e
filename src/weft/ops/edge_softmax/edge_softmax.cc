// Memory traffic: each score is read once and each probability written once (E x H), at its edge id; a row in between lies in the
// first cache levels. Hub rows: pieces are normalised on their own, then rescaled by factors that combine in order.
#include "row_values.h"
#include "weft/exp.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void *source, *edge, *score;
  void* out;
  int64_t num_targets, num_edges, heads;
};

template <class T, class I>
struct Softmax {
  using A = Acc<T>;
  const Rows<I>& rows;
  const Arguments& a;
  const Lanewise<A> lanes;

  static constexpr A kLowest = -__builtin_inf();

  // Writes exp(score - top) and gives the top and the sum of each head.
  bool exponentials(int64_t lo, int64_t hi, A* values, A* top, A* sum) const {
    if (!gather(rows, static_cast<const T*>(a.score), a.heads, lo, hi, values, static_cast<const T*>(a.out)))
      return false;
    const int64_t count = (hi - lo) * a.heads, padded = lanes.pad(values, count, kLowest);
    lanes.fold(values, padded, kLowest, top, [](auto best, auto v) { return v > best ? v : best; });
    lanes.each(values, padded, top, [](auto v, auto highest) { return vexp<A, decltype(lanes)::kLanes>(v - highest); });
    lanes.fold(values, padded, A(0), sum, [](auto total, auto v) { return total + v; });
    return true;
  }

  void write(int64_t lo, int64_t hi, const A* values) const { scatter(rows, values, a.heads, lo, hi, static_cast<T*>(a.out)); }
};

template <class T, class I>
int softmax(const Arguments& a) {
  using A = Acc<T>;
  const Rows<I> rows{a.indptr, nullptr, static_cast<const I*>(a.edge), a.num_targets, a.num_edges, a.num_edges};
  const Plan plan(rows);
  if (plan.status != kOk) return plan.status;
  use_large_pages(a.out, a.num_edges * a.heads * sizeof(T));
  const Softmax<T, I> softmax{rows, a, Lanewise<A>(a.heads)};
  const int64_t threads = a.num_edges * a.heads < kSerialWork ? 1 : a.threads, h = a.heads;
  Buffer<A> tops(plan.pieces * h), sums(plan.pieces * h);
  FirstFault fault;
  bool starved = plan.pieces && (!tops.data || !sums.data);
  if (starved) return fail(kNoMemory, "no memory for %lld partial rows", static_cast<long long>(plan.pieces));
  for_rows(
      rows, plan, threads,
      [&](int64_t piece, int64_t lo, int64_t hi) {
        Buffer<A> values(softmax.lanes.room((hi - lo) * h));
        if (!values.data) return __atomic_store_n(&starved, true, __ATOMIC_RELAXED);
        if (!softmax.exponentials(lo, hi, values.data, tops.data + piece * h, sums.data + piece * h))
          return fault.note(first_bad_edge(rows, lo, hi));
        softmax.write(lo, hi, values.data);
      },
      [&](int64_t begin, int64_t end) {
        Buffer<A> values(softmax.lanes.room(longest(rows, begin, end) * h)), top(h), sum(h);
        if (!values.data || !top.data || !sum.data) return __atomic_store_n(&starved, true, __ATOMIC_RELAXED);
        for (int64_t row = begin; row < end; ++row) {
          const int64_t lo = rows.indptr[row], hi = rows.indptr[row + 1];
          if (lo == hi) continue;
          if (!softmax.exponentials(lo, hi, values.data, top.data, sum.data)) return fault.note(first_bad_edge(rows, lo, hi));
          softmax.lanes.each(values.data, (hi - lo) * h, sum.data, [](auto v, auto total) { return v / total; });
          softmax.write(lo, hi, values.data);
        }
      });
  if (fault.any()) return rows.explain(fault.position);
  if (starved) return fail(kNoMemory, "no memory for a row of scores");

  // Tops and sums of a hub's pieces become the factor of each piece.
  for (int64_t hub = 0; hub < plan.hubs; ++hub)
    for (int64_t head = 0; head < h; ++head) {
      const int64_t first = plan.first[hub], last = plan.first[hub + 1];
      A top = Softmax<T, I>::kLowest, sum = 0;
      for (int64_t p = first; p < last; ++p) top = tops[p * h + head] > top ? tops[p * h + head] : top;
      for (int64_t p = first; p < last; ++p) {
        tops[p * h + head] = vexp<A, 1>(tops[p * h + head] - top);
        sum += sums[p * h + head] * tops[p * h + head];
      }
      for (int64_t p = first; p < last; ++p) tops[p * h + head] /= sum;
    }
  parallel_tasks(plan.pieces, threads, [&](int64_t piece) {
    int64_t lo, hi;
    plan.piece(piece, &lo, &hi);
    for (int64_t p = lo; p < hi; ++p) {
      T* out = static_cast<T*>(a.out) + rows.edge_at(p) * h;
      for (int64_t head = 0; head < h; ++head) out[head] = narrow<T>(widen(out[head]) * tops[piece * h + head]);
    }
  });
  return kOk;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(edge_softmax, "indptr source edge score out num_targets num_edges heads") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  if (a.num_edges * a.heads == 0) return kOk;
  return WEFT_ISA::with_types(a, [&](auto value, auto id) { return WEFT_ISA::softmax<decltype(value), decltype(id)>(a); });
}
