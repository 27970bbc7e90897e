// Memory traffic: rows of x once, rows of the result once, the matrix of a type once for every 256 rows of it. Types with few rows read their
// matrix as it is. Tasks are stretches of positions, cut without regard to types: every value is one chain of additions.
#include "segments.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void *x, *weight, *bias, *order;
  void* out;
  int64_t num_types, num_rows, depth, width;
};

template <class T, class I>
class Product {
  using A = Acc<T>;
  static constexpr bool kWidens = !std::is_same<T, A>::value;

 public:
  explicit Product(const Arguments& a)
      : a_(a), x_(static_cast<const T*>(a.x)), bias_(static_cast<const T*>(a.bias)), out_(static_cast<T*>(a.out)),
        order_{static_cast<const I*>(a.order), a.num_rows} {}

  int run() {
    const Plan plan(a_.indptr, a_.num_types, a_.num_rows);
    if (plan.status != kOk || a_.num_rows == 0 || a_.width == 0) return plan.status;
    const int64_t work = larger(1, a_.depth * a_.width), threads = a_.num_rows * work < 8 * kSerialWork ? 1 : a_.threads;
    const Matrices<T> matrices(static_cast<const T*>(a_.weight), a_.num_types, a_.depth, a_.width, threads);
    if (!matrices.has_memory()) return starved();
    use_large_pages(a_.out, a_.num_rows * a_.width * sizeof(T));
    const int64_t grain = larger(1, smaller(4, kTaskWork / (kRowsAtOnce * work))) * kRowsAtOnce;
    parallel_ranges(a_.num_rows, grain, threads, [&](int64_t lo, int64_t hi) { multiply(matrices, lo, hi); });
    if (faults_.any()) return refuse_id("order", order_.order, faults_.position, a_.num_rows, "rows in `x`");
    return faults_.starved ? starved() : kOk;
  }

 private:
  static constexpr int64_t kTaskWork = int64_t{1} << 22;  // multiplications that are worth a task
  const Arguments& a_;
  const T *x_, *bias_;
  T* out_;
  const Order<I> order_;
  Faults faults_;

  int starved() const { return fail(kNoMemory, "no memory for panels of %lld matrices", static_cast<long long>(a_.num_types)); }

  void multiply(const Matrices<T>& matrices, int64_t lo, int64_t hi) {
    Buffer<A> start(a_.width), wide(kWidens ? kRowsAtOnce * (a_.depth + a_.width) : 0);
    if (!start.data || (kWidens && !wide.data)) return faults_.starve();
    const A* starts[kRowsAtOnce];
    for (const A*& row : starts) row = start.data;
    Segments{a_.indptr, a_.num_types}.each(lo, hi, [&](int64_t type, int64_t first, int64_t last) {
      for (int64_t c = 0; c < a_.width; ++c) start[c] = bias_ ? widen(bias_[type * a_.width + c]) : A(0);
      const Panels<A> matrix = matrices.of(type);
      for (int64_t p = first; p < last; p += kRowsAtOnce)
        if (!multiply_block(matrix, p, smaller(kRowsAtOnce, last - p), starts, wide.data)) return false;
      return true;
    });
  }

  bool multiply_block(const Panels<A>& matrix, int64_t p, int64_t count, const A* const* starts, A* wide) {
    int64_t ids[kRowsAtOnce];
    const A* rows[kRowsAtOnce];
    A* to[kRowsAtOnce];
    if (!order_.read(p, count, ids, faults_)) return false;
    point_to_rows(x_, a_.depth, ids, count, a_.order != nullptr, 0, a_.depth, wide, rows);
    for (int64_t r = 0; r < count; ++r) {
      if constexpr (kWidens) to[r] = wide + kRowsAtOnce * a_.depth + r * a_.width;
      else to[r] = out_ + ids[r] * a_.width;
    }
    multiply_rows<A>(rows, starts, to, count, matrix, a_.depth, a_.width);
    if constexpr (kWidens)
      for (int64_t r = 0; r < count; ++r) narrow_values<T>(to[r], a_.width, out_ + ids[r] * a_.width);
    return true;
  }
};

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(segment_matmul, "indptr x weight bias order out num_types num_rows depth width") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  return WEFT_ISA::with_types(a, [&](auto value, auto id) { return WEFT_ISA::Product<decltype(value), decltype(id)>(a).run(); });
}
