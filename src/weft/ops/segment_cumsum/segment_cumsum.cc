// Memory traffic: each row is read once and written once. Rows of a long segment are added up in pieces of fixed length first, which
// reads them twice; the sums before each piece then add up in order, so that any number of threads gives the same bits.
#include "weft/segments.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void *x, *order;
  void* out;
  int64_t num_segments, num_rows, features, reverse;
};

template <class T>
class Cumulation {
  using A = Acc<T>;
  static constexpr int64_t kWindow = 128;  // rows

 public:
  explicit Cumulation(const Arguments& a)
      : a_(a), width_(a.features), x_(static_cast<const T*>(a.x)), out_(static_cast<T*>(a.out)),
        rows_{a.indptr, nullptr, nullptr, a.num_segments, a.num_rows, a.num_rows}, listing_(a.order, a.ids, a.num_rows), plan_(rows_),
        before_(plan_.pieces * a.features) {}

  int run() {
    if (plan_.status != kOk) return plan_.status;
    if (plan_.pieces && !before_.data) return rows_.no_memory();
    use_large_pages(a_.out, a_.num_rows * width_ * sizeof(T));
    const int64_t threads = a_.num_rows * width_ < kSerialWork ? 1 : a_.threads;
    if (a_.order)  // an id that occurs twice leaves another row out
      parallel_ranges(a_.num_rows * width_, 1 << 16, threads, [&](int64_t lo, int64_t hi) { memset(static_cast<void*>(out_ + lo), 0, (hi - lo) * sizeof(T)); });
    parallel_tasks(plan_.pieces, threads, [&](int64_t piece) {
      int64_t lo, hi;
      plan_.piece(piece, &lo, &hi);
      cumulate<false>(lo, hi, start(piece));
    });
    for (int64_t hub = 0; hub < plan_.hubs; ++hub) add_up(hub);
    for_rows(rows_, plan_, threads, [&](int64_t piece, int64_t lo, int64_t hi) { cumulate<true>(lo, hi, before_.data + piece * width_); },
             [&](int64_t begin, int64_t end) {
               const Buffer<A> sums(width_);
               if (!sums.data) return faults_.starve();
               for (int64_t row = begin; row < end; ++row) {
                 clear(sums.data);
                 if (!cumulate<true>(a_.indptr[row], a_.indptr[row + 1], sums.data)) return;
               }
             });
    return listing_.outcome(faults_);
  }

 private:
  const Arguments& a_;
  const int64_t width_;
  const T* const x_;
  T* const out_;
  const Rows<int64_t> rows_;
  const Listing listing_;
  const Plan plan_;
  const Buffer<A> before_;  // of each piece, its sums, and later those of the pieces that come before it
  Faults faults_;

  void clear(A* sums) const {
    for (int64_t k = 0; k < width_; ++k) sums[k] = 0;
  }

  A* start(int64_t piece) const {
    A* sums = before_.data + piece * width_;
    clear(sums);
    return sums;
  }

  void add_up(int64_t hub) const {
    const int64_t first = plan_.first[hub], last = plan_.first[hub + 1];
    for (int64_t k = 0; k < width_; ++k) {
      A total = 0;
      for (int64_t j = 0; j < last - first; ++j) {
        A& sum = before_[(a_.reverse ? last - 1 - j : first + j) * width_ + k];
        const A mine = sum;
        sum = total;
        total += mine;
      }
    }
  }

  // Adds the rows at positions lo .. hi, from behind if reversed, to `sums`; WRITES what has come together at each of them.
  template <bool WRITES>
  bool cumulate(int64_t lo, int64_t hi, A* sums) {
    int64_t rows[kWindow];
    for (int64_t done = 0; done < hi - lo; done += kWindow) {
      const int64_t count = smaller(kWindow, hi - lo - done), from = a_.reverse ? hi - done - count : lo + done;
      if (!listing_.read(from, from + count, rows, faults_)) return false;
      if (a_.order)
        for (int64_t j = 0; j < count; ++j) fetch_near(x_ + rows[j] * width_, width_ * sizeof(T));
      const int64_t first = a_.reverse ? count - 1 : 0, step = a_.reverse ? -1 : 1;
      with_lanes<A>(width_, [&](auto n) {
        constexpr int N = decltype(n)::count;
        int64_t k = 0;
        for (; k + N <= width_; k += N) add_column<WRITES, N>(rows, count, first, step, k, sums);
        for (; k < width_; ++k) add_column<WRITES, 1>(rows, count, first, step, k, sums);
      });
    }
    return true;
  }

  template <bool WRITES, int N>
  WEFT_INLINE_MEMBER void add_column(const int64_t* rows, int64_t count, int64_t first, int64_t step, int64_t k, A* sums) const {
    Vec<A, N> total = load<N>(sums + k);
    for (int64_t j = 0, at = first; j < count; ++j, at += step) {
      total += load<N>(x_ + rows[at] * width_ + k);
      if constexpr (WRITES) store<N>(out_ + rows[at] * width_ + k, total);
    }
    store<N, A>(sums + k, total);
  }
};

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(segment_cumsum, "indptr x order out num_segments num_rows features reverse") {
  using namespace weft::WEFT_ISA;
  const auto& a = *static_cast<const Arguments*>(arguments);
  if (a.features == 0) return weft::kOk;
  return with_values(a, [&](auto value) { return Cumulation<decltype(value)>(a).run(); });
}
