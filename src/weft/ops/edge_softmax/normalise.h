// Operators that normalise the edges of each row by numbers of the row. First each row, or piece of a hub, is read in the order of
// `edge` and gives K numbers a head, a row of a small table; then the edges are walked by id, so that what is large is written
// from front to back however the ids are permuted. With edge ids in row order both happen while a block of rows is in the cache.
#pragma once
#include "row_values.h"

namespace weft {
namespace WEFT_ISA {

// A Formula of T has kNumbers and kInputs and
//   measure(lanes, inputs, count, numbers): the numbers of `count` values an input, which it may overwrite;
//   combine(numbers, other): adds what another piece of the row found, one head;
//   finish(numbers): once the row is complete, one head;
//   apply(inputs, numbers): a vector of results of a vector of values.
template <class T, class I, class Formula>
class TwoPhases {
  using A = Acc<T>;
  static constexpr int K = Formula::kNumbers, M = Formula::kInputs;
  static constexpr int64_t kChunk = 64, kTask = 4096;  // edges

 public:
  TwoPhases(const Rows<I>& rows, int64_t heads, const T* const (&inputs)[M], T* out)
      : rows_(rows), heads_(heads), out_(out), lanes_(heads), plan_(rows), table_(rows.count * K * heads),
        target_(rows.edge ? rows.edges : 0), pieces_(plan_.pieces * K * heads) {
    for (int m = 0; m < M; ++m) inputs_[m] = inputs[m];
  }

  int run(int64_t threads) {
    if (plan_.status != kOk) return plan_.status;
    if (rows_.count > UINT32_MAX)
      return fail(kBadPointer, "expected at most 4294967295 rows, got %lld", static_cast<long long>(rows_.count));
    if (!table_.data || (rows_.edge && !target_.data) || (plan_.pieces && !pieces_.data)) return rows_.no_memory();
    if (rows_.edges * heads_ < kSerialWork) threads = 1;
    use_large_pages(out_, rows_.edges * heads_ * sizeof(T));
    use_large_pages(table_.data, rows_.count * K * heads_ * sizeof(A));
    if (rows_.edge) {
      use_large_pages(target_.data, rows_.edges * sizeof(uint32_t));
      parallel_ranges(rows_.edges, 1 << 16, threads, [&](int64_t lo, int64_t hi) {
        memset(target_.data + lo, 0, (hi - lo) * sizeof(uint32_t));  // an id that occurs twice leaves another one out
      });
    }
    for_rows(rows_, plan_, threads,
             [&](int64_t piece, int64_t lo, int64_t hi) {
               Scratch scratch(*this, hi - lo);
               if (!scratch.has_memory) return faults_.starve();
               measure(plan_.row[plan_.piece(piece, &lo, &hi)], lo, hi, scratch, pieces_.data + piece * K * heads_);
             },
             [&](int64_t begin, int64_t end) {
               Scratch scratch(*this, longest(rows_, begin, end));
               if (!scratch.has_memory) return faults_.starve();
               for (int64_t row = begin; row < end; ++row) {
                 if (rows_.degree(row) == 0) continue;
                 if (!measure(row, rows_.indptr[row], rows_.indptr[row + 1], scratch, numbers(row))) return;
                 finish(row);
               }
               if (!rows_.edge) apply(rows_.indptr[begin], rows_.indptr[end], begin);
             });
    if (const int status = rows_.outcome(faults_)) return status;
    for (int64_t hub = 0; hub < plan_.hubs; ++hub) combine(hub);
    if (rows_.edge)
      parallel_ranges(rows_.edges, kTask, threads, [&](int64_t lo, int64_t hi) { apply(lo, hi, 0); });
    else
      parallel_tasks(plan_.pieces, threads, [&](int64_t piece) {
        int64_t lo, hi;
        const int64_t row = plan_.row[plan_.piece(piece, &lo, &hi)];
        apply(lo, hi, row);
      });
    return rows_.outcome(faults_);
  }

 private:
  // Where the inputs of a row are gathered.
  struct Scratch {
    Buffer<A> memory;
    A* inputs[M];
    bool has_memory;
    Scratch(const TwoPhases& phases, int64_t edges)
        : memory(M * phases.lanes_.room(edges * phases.heads_)), has_memory(memory.data != nullptr) {
      for (int m = 0; m < M; ++m) inputs[m] = memory.data + m * phases.lanes_.room(edges * phases.heads_);
    }
  };

  const Rows<I>& rows_;
  const int64_t heads_;
  const T* inputs_[M];
  T* const out_;
  const Lanewise<A> lanes_;
  const Plan plan_;
  Buffer<A> table_;
  Buffer<uint32_t> target_;
  Buffer<A> pieces_;
  Faults faults_;

  A* numbers(int64_t row) const { return table_.data + row * K * heads_; }

  bool measure(int64_t row, int64_t lo, int64_t hi, const Scratch& scratch, A* numbers) {
    for (int m = 0; m < M; ++m)
      if (!gather(rows_, inputs_[m], heads_, lo, hi, scratch.inputs[m])) return faults_.note(first_bad_edge(rows_, lo, hi)), false;
    if (rows_.edge)
      for (int64_t p = lo; p < hi; ++p) {
        fetch_listed(rows_.edge, rows_.edges, target_.data, sizeof(uint32_t), p);
        if (rows_.edge_fits(p)) target_[rows_.edge_at(p)] = static_cast<uint32_t>(row);
      }
    Formula::measure(lanes_, scratch.inputs, (hi - lo) * heads_, numbers, heads_);
    return true;
  }

  void finish(int64_t row) const {
    for (int64_t h = 0; h < heads_; ++h) Formula::finish(numbers(row) + h, heads_);
  }

  // Adds up the pieces of a hub in their order.
  void combine(int64_t hub) const {
    const int64_t row = plan_.row[hub], first = plan_.first[hub], size = K * heads_;
    memcpy(numbers(row), pieces_.data + first * size, size * sizeof(A));
    for (int64_t piece = first + 1; piece < plan_.first[hub + 1]; ++piece)
      for (int64_t h = 0; h < heads_; ++h) Formula::combine(numbers(row) + h, pieces_.data + piece * size + h, heads_);
    finish(row);
  }

  // The results of edges lo .. hi, by id; if ids are in row order, `row` is the row of lo or one before it.
  // Hubs are left out there, whose numbers come later.
  void apply(int64_t lo, int64_t hi, int64_t row) {
    const int64_t size = K * heads_;
    Buffer<A> spread(kChunk * size);
    if (!spread.data) return faults_.starve();
    for (int64_t e = lo; e < hi; e += kChunk) {
      const int64_t count = smaller(kChunk, hi - e);
      with_lanes<A>(heads_, [&](auto n) {
        for (int64_t j = 0; j < count; ++j) {
          if (rows_.edge) {
            row = target_[e + j];
            fetch_listed(target_.data, rows_.edges, table_.data, size * sizeof(A), e + j);
          } else {
            while (rows_.indptr[row + 1] <= e + j) ++row;
          }
          for (int k = 0; k < K; ++k)
            widen_row<decltype(n)::count>(numbers(row) + k * heads_, heads_, spread.data + (k * kChunk + j) * heads_);
        }
      });
      const int64_t values = count * heads_;
      int64_t v = 0;
      for (; v + Lanewise<A>::kLanes <= values; v += Lanewise<A>::kLanes) apply_vector<Lanewise<A>::kLanes>(e * heads_, v, spread.data);
      for (; v < values; ++v) apply_vector<1>(e * heads_, v, spread.data);
    }
  }

  template <int N>
  WEFT_INLINE_MEMBER void apply_vector(int64_t at, int64_t v, const A* spread) const {
    Vec<A, N> inputs[M], numbers[K];
    for (int m = 0; m < M; ++m) inputs[m] = load<N>(inputs_[m] + at + v);
    for (int k = 0; k < K; ++k) numbers[k] = load<N>(spread + k * kChunk * heads_ + v);
    store<N>(out_ + at + v, Formula::template apply<N>(inputs, numbers));
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
    return TwoPhases<T, I, Formula<T>>(rows, a.heads, inputs, static_cast<T*>(a.out)).run(a.threads);
  });
}

}  // namespace WEFT_ISA
}  // namespace weft
