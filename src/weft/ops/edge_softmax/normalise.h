// Operators that normalise the edges of each row by numbers of the row. Blocks of rows are gathered in the order of `edge`, measured while
// they lie in the cache, and their results are written to the places of their edges, which were fetched with the inputs. The pieces of a
// hub are measured first and written in a second walk, once the numbers of the hub are known.
#pragma once
#include "row_values.h"

namespace weft {
namespace WEFT_ISA {

constexpr int64_t kBlockRows = 64, kBlockValues = 512;  // a row with more values is a block of its own

// The rows of a block: row r has its edges begin(r) .. ends[r].
struct RowBlock {
  int64_t rows, ends[kBlockRows];
  int64_t begin(int64_t r) const { return r ? ends[r - 1] : 0; }
  int64_t edges() const { return ends[rows - 1]; }
};

// A Formula of T has kNumbers and kInputs. Of the values of a block, edges by heads, and of the numbers of its rows,
//   measure(block, values, heads) finds the numbers; it may leave something for apply in `results`;
//   combine(numbers, other, step) adds what another piece of the row found, one head;
//   finish(numbers, step) is for a row that is complete, one head;
//   apply(block, values, heads, measured) writes the results; `measured` tells whether measure ran on them.
template <class A, int M>
struct BlockValues {
  A *inputs[M], *results, *repeated;  // repeated: scratch, a number of its row for each value
  A* numbers;                         // (kNumbers, rows, heads), each of them `step` behind the one before it
  int64_t step;
};

template <class T, class Formula>
class Normalisation {
  using A = Acc<T>;
  static constexpr int K = Formula::kNumbers, M = Formula::kInputs, L = kVectorBytes / sizeof(A);

 public:
  Normalisation(const AnyRows& rows, int64_t heads, const T* const (&inputs)[M], T* out)
      : rows_(rows), heads_(heads), out_(out), plan_(rows), pieces_(plan_.pieces * K * heads + L) {
    for (int m = 0; m < M; ++m) inputs_[m] = inputs[m];
  }

  int run(int64_t threads) {
    if (plan_.status != kOk) return plan_.status;
    if (!pieces_.data) return rows_.no_memory();
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
  struct Scratch : BlockValues<A, M> {
    Buffer<A> memory;
    Scratch(const Normalisation& n, int64_t edges) : memory((M + 2) * (edges * n.heads_ + L) + K * (kBlockRows * n.heads_ + L)) {
      const int64_t room = edges * n.heads_ + L;
      for (int m = 0; m < M; ++m) this->inputs[m] = memory.data + m * room;
      this->results = memory.data + M * room, this->repeated = this->results + room;
      this->numbers = this->repeated + room, this->step = kBlockRows * n.heads_ + L;
    }
  };

  const AnyRows& rows_;
  const int64_t heads_;
  const T* inputs_[M];
  T* const out_;
  const Plan plan_;
  Buffer<A> pieces_;
  Faults faults_;

  bool fits(int64_t lo, int64_t hi) {
    if (__builtin_expect(all_fit(rows_.edge, lo, hi, rows_.edges), 1)) return true;
    faults_.note(rows_.first_misfit(lo, hi, false));
    return false;
  }

  WEFT_OUTLINE void gather_inputs(int64_t lo, int64_t hi, int64_t end, const Scratch& scratch) const {
    const AnyRows rows = rows_;  // a copy, which no store can change
    for (int m = 0; m < M; ++m) gather(rows, inputs_[m], m ? nullptr : out_, heads_, lo, hi, end, scratch.inputs[m]);
  }

  WEFT_OUTLINE void write(int64_t lo, int64_t hi, const Scratch& scratch) const {
    const AnyRows rows = rows_;
    scatter(rows, scratch.results, heads_, lo, hi, out_);
  }

  void normalise_rows(int64_t begin, int64_t end) {
    const int64_t *indptr = rows_.indptr, last = indptr[end];
    if (!fits(indptr[begin], last)) return;
    const int64_t most = larger(1, kBlockValues / heads_);
    int64_t longest = most;
    for (int64_t row = begin; row < end; ++row) longest = larger(longest, rows_.degree(row));
    const Scratch scratch(*this, longest);
    if (!scratch.memory.data) return faults_.starve();
    RowBlock block;
    for (int64_t row = begin, lo = indptr[begin]; row < end;) {
      block.rows = 0;
      for (int64_t at = lo; row < end && block.rows < kBlockRows; ++row) {
        // Pointers were checked; what another thread writes there meanwhile must not lead out of the memory.
        const int64_t next = smaller(indptr[row + 1], last);
        if (next <= at) continue;
        if (block.rows && next > lo + most) break;
        at = smaller(next, lo + longest);
        block.ends[block.rows++] = at - lo;
      }
      if (!block.rows) continue;
      const int64_t hi = lo + block.edges();
      gather_inputs(lo, hi, last, scratch);
      Formula::measure(block, scratch, heads_);
      for (int64_t k = 0; k < block.rows * heads_; ++k) Formula::finish(scratch.numbers + k, scratch.step);
      Formula::apply(block, scratch, heads_, true);
      write(lo, hi, scratch);
      lo = hi;
    }
  }

  // The numbers of a piece, in place of those of a row.
  void use_numbers(int64_t piece, Scratch& scratch) const { scratch.numbers = pieces_.data + piece * K * heads_, scratch.step = heads_; }

  void measure_piece(int64_t piece, int64_t lo, int64_t hi) {
    if (!fits(lo, hi)) return;
    Scratch scratch(*this, hi - lo);
    if (!scratch.memory.data) return faults_.starve();
    use_numbers(piece, scratch);
    gather_inputs(lo, hi, hi, scratch);
    Formula::measure(RowBlock{1, {hi - lo}}, scratch, heads_);
  }

  // Adds up the pieces of a hub in their order; the first one then holds the numbers of the hub.
  void combine(int64_t hub) const {
    A* const first = pieces_.data + plan_.first[hub] * K * heads_;
    for (int64_t piece = plan_.first[hub] + 1; piece < plan_.first[hub + 1]; ++piece)
      for (int64_t h = 0; h < heads_; ++h) Formula::combine(first + h, pieces_.data + piece * K * heads_ + h, heads_);
    for (int64_t h = 0; h < heads_; ++h) Formula::finish(first + h, heads_);
  }

  void write_piece(int64_t piece) {
    int64_t lo, hi;
    const int64_t hub = plan_.piece(piece, &lo, &hi);
    Scratch scratch(*this, hi - lo);
    if (!scratch.memory.data) return faults_.starve();
    use_numbers(plan_.first[hub], scratch);
    gather_inputs(lo, hi, hi, scratch);
    Formula::apply(RowBlock{1, {hi - lo}}, scratch, heads_, false);
    write(lo, hi, scratch);
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
  return with_features(a, [&](auto value) {
    using T = decltype(value);
    const bool wide = a.ids == kI64;
    const AnyRows rows{a.indptr, {nullptr, wide}, {a.edge, wide}, a.num_targets, a.num_edges, a.num_edges};
    const T* inputs[M];
    for (int m = 0; m < M; ++m) inputs[m] = static_cast<const T*>(a.inputs[m]);
    return Normalisation<T, Formula<T>>(rows, a.heads, inputs, static_cast<T*>(a.out)).run(a.threads);
  });
}

}  // namespace WEFT_ISA
}  // namespace weft
