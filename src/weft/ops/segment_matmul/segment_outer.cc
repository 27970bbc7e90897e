// Memory traffic: rows of both factors once for every 64 columns of the first; results stay in the first cache levels while 256 rows pass.
// Long segments are cut into pieces, so many that their partial results fill at most kPartialValues, which add up in order.
#include "segments.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void *x, *y, *order;
  void* out;
  int64_t num_types, num_rows, depth, width;
};

constexpr int64_t kPartialValues = int64_t{1} << 23;
constexpr int64_t kPieceRows = 2048;  // at least these many rows of a piece
constexpr int64_t kStrip = 64;        // columns of the first factor that a task multiplies

template <class T, class I>
class Outer {
  using A = Acc<T>;
  static constexpr bool kWidens = !std::is_same<T, A>::value;

 public:
  explicit Outer(const Arguments& a)
      : a_(a), x_(static_cast<const T*>(a.x)), y_(static_cast<const T*>(a.y)), out_(static_cast<T*>(a.out)),
        order_{static_cast<const I*>(a.order), a.num_rows}, size_(a.depth * a.width) {}

  int run() {
    const Plan plan(a_.indptr, a_.num_types, a_.num_rows);
    if (plan.status != kOk || size_ == 0 || a_.num_types == 0) return plan.status;
    piece_ = larger(kPieceRows, a_.num_rows / larger(1, kPartialValues / size_) + 1);
    Buffer<int64_t> first(a_.num_types + 1);
    if (!first.data) return starved();
    int64_t pieces = 0;
    for (int64_t t = 0; t < a_.num_types; ++t) {
      first[t] = pieces;
      pieces += is_cut(t) ? (length(t) + piece_ - 1) / piece_ : 0;
    }
    first[a_.num_types] = pieces;
    Buffer<A> partial(pieces * size_);
    if (pieces && !partial.data) return starved();
    use_large_pages(a_.out, a_.num_types * size_ * sizeof(T));
    const int64_t strips = (a_.depth + kStrip - 1) / kStrip, threads = (a_.num_rows + a_.num_types) * size_ < 8 * kSerialWork ? 1 : a_.threads;
    const int64_t block = larger(1, smaller(64, a_.num_types / 64)), blocks = (a_.num_types + block - 1) / block;
    parallel_tasks((pieces + blocks) * strips, threads, [&](int64_t task) {
      const int64_t strip = task % strips, at = task / strips;
      if (at < pieces) return multiply_piece(first.data, at, strip, partial.data + at * size_);
      for (int64_t t = (at - pieces) * block; t < smaller(a_.num_types, (at - pieces + 1) * block); ++t)
        if (!is_cut(t)) multiply_whole(t, strip);
    });
    if (faults_.any()) return refuse_id("order", order_.order, faults_.position, a_.num_rows, "rows in `x`");
    if (faults_.starved) return starved();
    for (int64_t t = 0; t < a_.num_types; ++t)
      if (is_cut(t)) add_pieces(t, partial.data + first[t] * size_, first[t + 1] - first[t]);
    return kOk;
  }

 private:
  const Arguments& a_;
  const T *x_, *y_;
  T* out_;
  const Order<I> order_;
  const int64_t size_;
  int64_t piece_ = 0;
  Faults faults_;

  int64_t length(int64_t type) const { return a_.indptr[type + 1] - a_.indptr[type]; }
  bool is_cut(int64_t type) const { return length(type) > 2 * piece_; }
  int starved() const { return fail(kNoMemory, "no memory for partial results of %lld values", static_cast<long long>(size_)); }

  void multiply_piece(const int64_t* first, int64_t piece, int64_t strip, A* to) {
    int64_t type = 0, end = a_.num_types;
    while (end - type > 1) {
      const int64_t middle = (type + end) / 2;
      (first[middle] <= piece ? type : end) = middle;
    }
    const int64_t lo = a_.indptr[type] + (piece - first[type]) * piece_;
    multiply(lo, smaller(lo + piece_, a_.indptr[type + 1]), strip, to + strip * kStrip * a_.width);
  }

  void multiply_whole(int64_t type, int64_t strip) {
    T* to = out_ + type * size_ + strip * kStrip * a_.width;
    if constexpr (kWidens) {
      const int64_t values = smaller(kStrip, a_.depth - strip * kStrip) * a_.width;
      Buffer<A> sum(values);
      if (!sum.data) return faults_.starve();
      multiply(a_.indptr[type], a_.indptr[type + 1], strip, sum.data);
      narrow_values<T>(sum.data, values, to);
    } else {
      multiply(a_.indptr[type], a_.indptr[type + 1], strip, to);
    }
  }

  // One strip of the product of rows lo .. hi.
  void multiply(int64_t lo, int64_t hi, int64_t strip, A* to) {
    const int64_t first = strip * kStrip, columns = smaller(kStrip, a_.depth - first), panels = panel_values<A>(1, a_.width);
    A* result[kStrip];
    for (int64_t k = 0; k < columns; ++k) result[k] = to + k * a_.width;
    memset(to, 0, columns * a_.width * sizeof(A));
    Buffer<A> right(kRowsAtOnce * panels), wide(kWidens ? kRowsAtOnce * columns : 0);
    if (!right.data || (kWidens && !wide.data)) return faults_.starve();
    for (int64_t p = lo; p < hi; p += kRowsAtOnce) {
      const int64_t count = smaller(kRowsAtOnce, hi - p);
      int64_t ids[kRowsAtOnce];
      const A* rows[kRowsAtOnce];
      if (!order_.read(p, count, ids, faults_)) return;
      point_to_rows(x_, a_.depth, ids, count, a_.order != nullptr, first, columns, wide.data, rows);
      pack_panels<A>([&](int64_t r) { return y_ + ids[r] * a_.width; }, count, a_.width, right.data);
      multiply_outer<A>(rows, count, right.data, result, columns, a_.width);
    }
  }

  void add_pieces(int64_t type, A* sum, int64_t pieces) {
    for (int64_t piece = 1; piece < pieces; ++piece)
      for (int64_t k = 0; k < size_; ++k) sum[k] += sum[piece * size_ + k];
    narrow_values<T>(sum, size_, out_ + type * size_);
  }
};

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(segment_outer, "indptr x y order out num_types num_rows depth width") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  return WEFT_ISA::with_types(a, [&](auto value, auto id) { return WEFT_ISA::Outer<decltype(value), decltype(id)>(a).run(); });
}
