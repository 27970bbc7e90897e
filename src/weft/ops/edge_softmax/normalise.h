// Operators that normalise the edges of each row by numbers of the row. A row is gathered in the order of `edge`, measured while it
// lies in the cache, and its results are written to the places of its edges, which were fetched with its inputs. The pieces of a hub
// are measured first and written in a second walk, once the numbers of the hub are known.
#pragma once
#include "row_values.h"

namespace weft {
namespace WEFT_ISA {

// A Formula of T has kNumbers and kInputs and
//   measure(lanes, inputs, results, count, numbers, heads): the numbers of `count` values an input, padded to whole periods; it may
//   leave something for apply in `results`;
//   combine(numbers, other, heads): adds what another piece of the row found, one head;
//   finish(numbers, heads): once the row is complete, one head;
//   apply(lanes, inputs, results, count, numbers, heads, measured): the results; `measured` tells whether measure ran on them.
template <class T, class I, class Formula>
class Normalisation {
  using A = Acc<T>;
  static constexpr int K = Formula::kNumbers, M = Formula::kInputs;

 public:
  Normalisation(const Rows<I>& rows, int64_t heads, const T* const (&inputs)[M], T* out)
      : rows_(rows), heads_(heads), out_(out), lanes_(heads), plan_(rows), pieces_(plan_.pieces * K * heads) {
    for (int m = 0; m < M; ++m) inputs_[m] = inputs[m];
  }

  int run(int64_t threads) {
    if (plan_.status != kOk) return plan_.status;
    if (plan_.pieces && !pieces_.data) return rows_.no_memory();
    if (rows_.edges * heads_ < kSerialWork) threads = 1;
    use_large_pages(out_, rows_.edges * heads_ * sizeof(T));
    for_rows(rows_, plan_, threads, [&](int64_t piece, int64_t lo, int64_t hi) { measure_piece(piece, lo, hi); },
             [&](int64_t begin, int64_t end) { normalise_rows(begin, end); });
    if (const int status = rows_.outcome(faults_)) return status;
    for (int64_t hub = 0; hub < plan_.hubs; ++hub) combine(hub);
    parallel_tasks(plan_.pieces, threads, [&](int64_t piece) { write_piece(piece); });
    return rows_.outcome(faults_);
  }

 private:
  // The values of a row: its inputs, its results, its numbers.
  struct Scratch {
    Buffer<A> memory;
    A *inputs[M], *results, *numbers;
    bool has_memory;
    Scratch(const Normalisation& n, int64_t edges)
        : memory((M + 1) * n.lanes_.room(edges * n.heads_) + K * n.heads_), has_memory(memory.data != nullptr) {
      const int64_t room = n.lanes_.room(edges * n.heads_);
      for (int m = 0; m < M; ++m) inputs[m] = memory.data + m * room;
      results = memory.data + M * room, numbers = results + room;
    }
  };

  const Rows<I>& rows_;
  const int64_t heads_;
  const T* inputs_[M];
  T* const out_;
  const Lanewise<A> lanes_;
  const Plan plan_;
  Buffer<A> pieces_;
  Faults faults_;

  bool fits(int64_t lo, int64_t hi) {
    if (__builtin_expect(all_fit(rows_.edge, lo, hi, rows_.edges), 1)) return true;
    while (lo + 1 < hi && rows_.edge_fits(lo)) ++lo;
    faults_.note(lo);
    return false;
  }

  void gather_inputs(int64_t lo, int64_t hi, int64_t end, const Scratch& scratch) const {
    for (int m = 0; m < M; ++m) gather(rows_, inputs_[m], m ? nullptr : out_, heads_, lo, hi, end, scratch.inputs[m]);
  }

  void normalise_rows(int64_t begin, int64_t end) {
    const int64_t last = rows_.indptr[end];
    if (!fits(rows_.indptr[begin], last)) return;
    const Scratch scratch(*this, longest(rows_, begin, end));
    if (!scratch.has_memory) return faults_.starve();
    for (int64_t row = begin; row < end; ++row) {
      const int64_t lo = rows_.indptr[row], hi = rows_.indptr[row + 1], count = (hi - lo) * heads_;
      if (lo == hi) continue;
      gather_inputs(lo, hi, last, scratch);
      Formula::measure(lanes_, scratch.inputs, scratch.results, count, scratch.numbers, heads_);
      finish(scratch.numbers);
      Formula::apply(lanes_, scratch.inputs, scratch.results, count, scratch.numbers, heads_, true);
      scatter(rows_, scratch.results, heads_, lo, hi, out_);
    }
  }

  void measure_piece(int64_t piece, int64_t lo, int64_t hi) {
    if (!fits(lo, hi)) return;
    const Scratch scratch(*this, hi - lo);
    if (!scratch.has_memory) return faults_.starve();
    gather_inputs(lo, hi, hi, scratch);
    Formula::measure(lanes_, scratch.inputs, scratch.results, (hi - lo) * heads_, numbers(piece), heads_);
  }

  // Adds up the pieces of a hub in their order; the first one then holds the numbers of the hub.
  void combine(int64_t hub) const {
    const int64_t first = plan_.first[hub];
    for (int64_t piece = first + 1; piece < plan_.first[hub + 1]; ++piece)
      for (int64_t h = 0; h < heads_; ++h) Formula::combine(numbers(first) + h, numbers(piece) + h, heads_);
    finish(numbers(first));
  }

  void write_piece(int64_t piece) {
    int64_t lo, hi;
    const int64_t hub = plan_.piece(piece, &lo, &hi);
    const Scratch scratch(*this, hi - lo);
    if (!scratch.has_memory) return faults_.starve();
    gather_inputs(lo, hi, hi, scratch);
    Formula::apply(lanes_, scratch.inputs, scratch.results, (hi - lo) * heads_, numbers(plan_.first[hub]), heads_, false);
    scatter(rows_, scratch.results, heads_, lo, hi, out_);
  }

  A* numbers(int64_t piece) const { return pieces_.data + piece * K * heads_; }

  void finish(A* numbers) const {
    for (int64_t h = 0; h < heads_; ++h) Formula::finish(numbers + h, heads_);
  }
};

// The arguments of such an operator of M inputs.
template <int M>
struct EdgeArguments : Call {
  const int64_t* indptr;
  const void *source, *edge, *inputs[M];
  void* out;
  int64_t num_targets, num_edges, heads;
};

template <template <class> class Formula>
WEFT_INLINE int normalise(const void* arguments) {
  constexpr int M = Formula<float>::kInputs;
  const auto& a = *static_cast<const EdgeArguments<M>*>(arguments);
  if (a.num_edges * a.heads == 0) return kOk;
  return with_types(a, [&](auto value, auto id) {
    using T = decltype(value);
    using I = decltype(id);
    const Rows<I> rows{a.indptr, nullptr, static_cast<const I*>(a.edge), a.num_targets, a.num_edges, a.num_edges};
    const T* inputs[M];
    for (int m = 0; m < M; ++m) inputs[m] = static_cast<const T*>(a.inputs[m]);
    return Normalisation<T, I, Formula<T>>(rows, a.heads, inputs, static_cast<T*>(a.out)).run(a.threads);
  });
}

}  // namespace WEFT_ISA
}  // namespace weft
