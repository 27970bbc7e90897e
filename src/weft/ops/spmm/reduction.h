// Memory traffic: ids and weights once (E), source rows once (E x F, prefetched), output rows once (N x F). Nothing of size E x F
// is written; short rows with factors are multiplied by them first (N x F). Hub rows are reduced in pieces of fixed length that
// combine in order; other rows form tasks of up to 1024.
#pragma once
#include "arguments.h"
#include "row_tiles.h"
#include "values.h"

namespace weft {
namespace WEFT_ISA {

// It takes less to multiply rows of up to so many bytes by their factors than to read a factor for each of so many edges.
constexpr int64_t kShortRow = 64, kManyEdges = 8;

template <class T, class I>
class Reduction {
  using A = Acc<T>;
  using S = typename Signed<A>::type;

 public:
  explicit Reduction(const ReduceArguments& a)
      : a_(a), reduce_(static_cast<Reduce>(a.reduce)), selects_(reduce_ == kMax || reduce_ == kMin),
        tracks_(selects_ && a.winner), is_single_(a.features == 1 && !selects_),
        scaled_(scales_rows() ? a.num_sources * a.features : 0),
        features_{scaled_.data ? scaled_.data : static_cast<const T*>(a.x), static_cast<const T*>(a.weight),
                  scaled_.data ? nullptr : static_cast<const T*>(a.source_scale), a.weights},
        rows_{a.indptr, static_cast<const I*>(a.source), static_cast<const I*>(a.edge), a.num_targets, a.num_sources, a.num_edges},
        tiling_(a.features, features_.stride(), reduce_, tracks_), plan_(rows_) {}

  int run() {
    if (plan_.status != kOk) return plan_.status;
    if (scaled_.data) scale_rows();
    const int64_t slots = tiling_.slots;
    Buffer<A> values(plan_.pieces * slots);
    Buffer<S> winners(tracks_ ? plan_.pieces * slots : 0);
    use_large_pages(a_.out, rows_.count * tiling_.features * sizeof(T));
    if (tracks_) use_large_pages(a_.winner, rows_.count * tiling_.features * sizeof(I));
    if (!tiling_.tiles.data || (plan_.pieces && (!values.data || (tracks_ && !winners.data)))) return rows_.no_memory();

    const bool small = (rows_.edges + rows_.count) * tiling_.features < kSerialWork;
    for_rows(rows_, plan_, small ? 1 : a_.threads,
             [&](int64_t piece, int64_t lo, int64_t hi) {
               reduce_piece(lo, hi, values.data + piece * slots, tracks_ ? winners.data + piece * slots : nullptr);
             },
             [&](int64_t begin, int64_t end) { reduce_rows(begin, end); });
    if (const int status = rows_.outcome(faults_)) return status;
    for (int64_t h = 0; h < plan_.hubs; ++h) combine(h, values.data, winners.data);
    return kOk;
  }

 private:
  const ReduceArguments& a_;
  const Reduce reduce_;
  const bool selects_, tracks_, is_single_;
  const Buffer<T> scaled_;  // short rows, multiplied by their factors
  const Features<T> features_;
  const Rows<I> rows_;
  const Tiling<T, 1, RowReductions> tiling_;
  const Plan plan_;
  Faults faults_;

  // Halves would be rounded once more.
  bool scales_rows() const {
    return a_.source_scale && std::is_same_v<T, A> && a_.features * int64_t{sizeof(T)} <= kShortRow && a_.num_edges >= kManyEdges * a_.num_sources;
  }

  void scale_rows() const {
    const T *x = static_cast<const T*>(a_.x), *scale = static_cast<const T*>(a_.source_scale);
    const int64_t features = a_.features;
    use_large_pages(scaled_.data, a_.num_sources * features * sizeof(T));
    parallel_ranges(a_.num_sources, 4096, a_.threads, [=](int64_t first, int64_t last) {
      for (int64_t row = first; row < last; ++row)
        for (int64_t f = 0; f < features; ++f) scaled_.data[row * features + f] = narrow<T>(widen(x[row * features + f]) * widen(scale[row]));
    });
  }

  void reduce_piece(int64_t lo, int64_t hi, A* values, S* winners) {
    if (is_single_) {
      Values<T, I> single(rows_, features_);
      if (!single.add(lo, hi, values)) faults_.note(single.fault);
      return;
    }
    const int64_t ends[] = {lo, hi};
    reduce_segments(ends, 0, 0, hi, values, winners);  // a row that does not end
  }

  void reduce_rows(int64_t begin, int64_t end) {
    if (is_single_) {
      Values<T, I> single(rows_, features_);
      A sums[kMostEdges];
      const T* const scale = static_cast<const T*>(a_.target_scale);
      for (int64_t row = begin, last; row < end; row = last) {
        last = single.add_rows(row, end, sums);
        if (last < 0) return faults_.note(single.fault);
        const int64_t count = last - row;
        for (int64_t r = 0; reduce_ == kMean && r < count; ++r) sums[r] /= static_cast<A>(larger(rows_.degree(row + r), 1));
        for (int64_t r = 0; scale && r < count; ++r) sums[r] = rows_.degree(row + r) ? sums[r] * widen(scale[row + r]) : sums[r];
        for (int64_t r = 0; r < count; ++r) *out(row + r) = narrow<T>(sums[r]);
      }
      return;
    }
    Buffer<A> values(tiling_.slots);
    Buffer<S> winners(tracks_ ? tiling_.slots : 0);
    if (!values.data || (tracks_ && !winners.data)) return faults_.starve();
    reduce_segments(rows_.indptr, begin, end, rows_.indptr[end], values.data, winners.data);
  }

  // Reduces rows begin .. end of `indptr`, and keeps what lies between them and `hi`. A tile that covers rows whole walks as many as there
  // are and writes them; of several, which read the same rows one behind the other, each waits at the end of a row.
  void reduce_segments(const int64_t* indptr, int64_t begin, int64_t end, int64_t hi, A* values, S* winners) {
    Window<T, I> window(rows_, features_, tiling_.features);
    if (!window.has_memory()) return faults_.starve();
    if (!window.open(indptr[begin], hi)) return faults_.note(window.fault);
    const bool whole = tiling_.count == 1;
    int64_t at = indptr[begin];
    bool fresh = true;
    do {
      if (at == window.usable_end() && at < hi && !window.advance()) return faults_.note(window.fault);
      int64_t stop = window.usable_end(), row = begin;
      const auto ends = [&](int64_t i) { return stop == hi || indptr[i + 1] <= stop; };  // at the last position all do, whatever is written meanwhile
      if (whole) while (row < end && ends(row)) ++row;
      else if (begin < end) stop = larger(at, smaller(stop, indptr[begin + 1]));
      bool open = indptr[row] < stop;
      tiling_.run(RowSegment<T>{{window.pointers(at), window.weights(at), window.stride(), stop - at, window.far, window.near, fresh},
                                indptr, at, begin, row, open, static_cast<T*>(a_.out), a_.winner, sizeof(I) == 8, tiling_.features,
                                static_cast<const T*>(a_.target_scale), reduce_ == kMean, reduce_ == kMin ? A(-1) : A(1)},
                  values, winners);
      if (!whole && begin < end && ends(begin)) {
        if (open) write(row, values, winners);
        else clear(row);
        ++row, open = false;
      }
      begin = row, at = stop, fresh = !open;
    } while (at < hi || begin < end);
  }

  void clear(int64_t row) {
    memset(out(row), 0, tiling_.features * sizeof(T));
    if (tracks_) memset(winner(row), 0xff, tiling_.features * sizeof(I));
  }

  void finish(int64_t row, const A* values) {
    const A divisor = reduce_ == kMean ? static_cast<A>(rows_.degree(row)) : A(1);
    tiling_.finish(values, divisor, a_.target_scale ? widen(static_cast<const T*>(a_.target_scale)[row]) : A(1), out(row));
  }

  void write(int64_t row, const A* values, const S* winners) {
    finish(row, values);
    if (!tracks_) return;
    I* to = winner(row);
    const int64_t from = rows_.indptr[row];
    tiling_.each([&](int64_t slot, int64_t feature, int64_t count) {
      for (int64_t l = 0; l < count; ++l) to[feature + l] = static_cast<I>(from + winners[slot + l]);
    });
  }

  // Adds, or selects from, the pieces of a hub in their order.
  void combine(int64_t hub, A* values, S* winners) {
    const int64_t slots = tiling_.slots, row = plan_.row[hub], first = plan_.first[hub];
    A* best = values + first * slots;
    S* winner = tracks_ ? winners + first * slots : nullptr;
    for (int64_t piece = first + 1; piece < plan_.first[hub + 1]; ++piece) {
      const A* value = values + piece * slots;
      for (int64_t s = 0; s < slots; ++s) {
        if (!selects_) {
          best[s] += value[s];
        } else if (reduce_ == kMax ? wins<A, 1, true>(value[s], best[s]) : wins<A, 1, false>(value[s], best[s])) {
          best[s] = value[s];
          if (tracks_) winner[s] = static_cast<S>((piece - first) * kPiece) + winners[piece * slots + s];
        }
      }
    }
    write(row, best, winner);
  }

  T* out(int64_t row) const { return static_cast<T*>(a_.out) + row * tiling_.features; }
  I* winner(int64_t row) const { return static_cast<I*>(a_.winner) + row * tiling_.features; }
};

WEFT_INLINE int reduce(const ReduceArguments& a) {
  if (a.features == 0) return kOk;
  return with_types(a, [&](auto value, auto id) { return Reduction<decltype(value), decltype(id)>(a).run(); });
}

}  // namespace WEFT_ISA
}  // namespace weft
