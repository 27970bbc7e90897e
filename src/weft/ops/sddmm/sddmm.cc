// Memory traffic: ids once (E), the row of the target from the first cache level, the row of the source once (E x F, prefetched),
// the result once, at its edge id. Every edge writes its own row, so tasks are plain ranges of positions.
#include "weft/rows.h"
#include "weft/vector.h"

namespace weft {
namespace WEFT_ISA {
namespace {

enum Op : int64_t { kAdd, kSub, kMul, kDiv, kDot, kCopy };
enum End : int64_t { kSource, kTarget, kEdge };

struct Arguments : Call {
  const int64_t* indptr;
  const void *source, *edge, *left, *right;
  void* out;
  int64_t num_targets, num_edges, num_left, num_right, heads, width, op, left_from, right_from;
};

constexpr int64_t kEdges = 1024;  // positions of a task
constexpr int64_t kBatch = 64;    // of which are computed together while the next ones are fetched
constexpr int64_t kNearEdges = 8;

// Pointers to the operands and results of up to kBatch edges and, behind them, of the edges that come next.
// Right rows of a copy are null.
template <class T>
struct Batch {
  const T *left[2 * kBatch], *right[2 * kBatch];
  T* out[2 * kBatch];
  const T* const* moving;  // the operand whose rows come in any order, left or right; null for neither
  int64_t count, decoded, heads, width, near, result_bytes;

  WEFT_INLINE_MEMBER void fetch(int64_t j) const {
    const int64_t last = decoded - 1, far = smaller(j + kBatch, last), row_bytes = heads * width * sizeof(T);
    if (result_bytes) fetch_far(out[far], result_bytes);
    if (!moving) return;
    fetch_far(moving[far], row_bytes);
    fetch_near(moving[smaller(j + near, last)], row_bytes);
  }

  // Goes on to the edges that came next.
  void shift() {
    decoded -= count;
    memcpy(left, left + count, decoded * sizeof(T*));
    memcpy(right, right + count, decoded * sizeof(T*));
    memcpy(out, out + count, decoded * sizeof(T*));
  }
};

template <Op OP, class A, int N>
WEFT_INLINE Vec<A, N> apply(Vec<A, N> a, Vec<A, N> b) {
  if constexpr (OP == kAdd) return a + b;
  else if constexpr (OP == kSub) return a - b;
  else if constexpr (OP == kMul) return a * b;
  else if constexpr (OP == kDiv) return a / b;
  else return a;
}

template <Op OP, class T, int N>
void combine(const Batch<T>& batch) {
  using A = Acc<T>;
  const int64_t width = batch.width;
  for (int64_t j = 0; j < batch.count; ++j) {
    const T *a = batch.left[j], *b = batch.right[j];
    T* out = batch.out[j];
    batch.fetch(j);
    for (int64_t k = 0;;) {
      store<N>(out + k, apply<OP, A, N>(load<N>(a + k), OP == kCopy ? Vec<A, N>{} : load<N>(b + k)));
      if (k + N >= width) break;
      k = smaller(k + N, width - N);  // the last vector may overlap the one before it
    }
  }
}

template <class T, int N>
void dots(const Batch<T>& batch) {
  const int64_t heads = batch.heads, width = batch.width;
  for (int64_t j = 0; j < batch.count; ++j) {
    batch.fetch(j);
    for (int64_t h = 0; h < heads; ++h)
      batch.out[j][h] = narrow<T>(dot<N>(batch.left[j] + h * width, batch.right[j] + h * width, width));
  }
}

template <class T>
using Combine = void (*)(const Batch<T>&);

template <class T>
Combine<T> choose(int64_t op, int64_t width) {
  Combine<T> chosen = nullptr;
  with_lanes<Acc<T>>(width, [&](auto n) {
    constexpr int N = decltype(n)::count;
    switch (op) {
      case kAdd: chosen = combine<kAdd, T, N>; break;
      case kSub: chosen = combine<kSub, T, N>; break;
      case kMul: chosen = combine<kMul, T, N>; break;
      case kDiv: chosen = combine<kDiv, T, N>; break;
      case kDot: chosen = dots<T, N>; break;
      default: chosen = combine<kCopy, T, N>;
    }
  });
  return chosen;
}

template <class T, class I>
class Edges {
 public:
  explicit Edges(const Arguments& a)
      : a_(a), rows_{a.indptr, static_cast<const I*>(a.source), static_cast<const I*>(a.edge), a.num_targets,
                     a.left_from == kSource ? a.num_left : a.num_right, a.num_edges},
        row_(a.heads * a.width), result_(a.op == kDot ? a.heads : row_), combine_(choose<T>(a.op, a.width)) {}

  int run() {
    const Plan plan(rows_);
    if (plan.status != kOk) return plan.status;
    use_large_pages(a_.out, rows_.edges * result_ * sizeof(T));
    Faults faults;
    parallel_ranges(rows_.edges, kEdges, rows_.edges * row_ < kSerialWork ? 1 : a_.threads, [&](int64_t lo, int64_t hi) {
      Batch<T> batch;
      batch.heads = a_.heads;
      batch.width = a_.width;
      batch.near = rows_ahead(kNearBytes, row_ * sizeof(T), kNearEdges);
      batch.result_bytes = rows_.edge ? result_ * sizeof(T) : 0;
      batch.moving = moves(a_.left_from) ? batch.left : a_.op != kCopy && moves(a_.right_from) ? batch.right : nullptr;
      batch.decoded = 0;
      int64_t target = row_of(lo), next = lo;
      for (int64_t p = lo; p < hi; p += batch.count, batch.shift()) {
        for (const int64_t end = smaller(p + 2 * kBatch, hi); next < end; ++next)
          if (!decode(next, target, batch)) return faults.note(next);
        batch.count = smaller(kBatch, hi - p);
        combine_(batch);
      }
    });
    return rows_.outcome(faults);
  }

 private:
  const Arguments& a_;
  const Rows<I> rows_;
  const int64_t row_, result_;
  const Combine<T> combine_;

  bool reads_source() const { return a_.left_from == kSource || (a_.op != kCopy && a_.right_from == kSource); }
  bool moves(int64_t end) const { return end == kSource || (end == kEdge && rows_.edge); }

  // Appends position p to the batch; false if its ids do not fit.
  bool decode(int64_t p, int64_t& target, Batch<T>& batch) const {
    // Read once, so that what is followed is what was checked.
    const uint64_t source = reads_source() ? rows_.source_at(p) : 0, edge = rows_.edge_at(p);
    const bool has_source = !reads_source() || source < static_cast<uint64_t>(rows_.columns);
    if (__builtin_expect(!has_source || edge >= static_cast<uint64_t>(rows_.edges), 0)) return false;
    const auto at = [&](const void* features, int64_t end) {
      const uint64_t row = end == kSource ? source : end == kTarget ? static_cast<uint64_t>(target) : edge;
      return static_cast<const T*>(features) + row * row_;
    };
    while (rows_.indptr[target + 1] <= p) ++target;
    const int64_t k = batch.decoded++;
    batch.left[k] = at(a_.left, a_.left_from);
    batch.right[k] = a_.op == kCopy ? nullptr : at(a_.right, a_.right_from);
    batch.out[k] = static_cast<T*>(a_.out) + edge * result_;
    return true;
  }

  // The row that holds position p.
  int64_t row_of(int64_t p) const {
    int64_t lo = 0, hi = rows_.count;
    while (hi - lo > 1) {
      const int64_t middle = (lo + hi) / 2;
      (rows_.indptr[middle] <= p ? lo : hi) = middle;
    }
    return lo;
  }
};

int sddmm(const Arguments& a) {
  if (a.num_edges == 0 || a.heads == 0 || (a.width == 0 && a.op != kDot)) return kOk;
  return with_types(a, [&](auto value, auto id) { return Edges<decltype(value), decltype(id)>(a).run(); });
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(sddmm, "indptr source edge left right out num_targets num_edges num_left num_right heads width op left_from right_from") {
  return weft::WEFT_ISA::sddmm(*static_cast<const weft::WEFT_ISA::Arguments*>(arguments));
}
