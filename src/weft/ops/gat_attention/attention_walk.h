// A weighted sum of feature rows whose weights, a softmax over edges, are computed where they are needed and never stored:
//   p[e, h] = exp(score[e, h] - lse[i, h]),  score = leaky_relu(left[j, h] + right[i, h])  for the edge e = j -> i.
// A Pass says which ends the rows and the ids stand for, what is summed, and what becomes of the sums of a row.
#pragma once
#include "../spmm/walker.h"
#include "weft/exp.h"

namespace weft {
namespace WEFT_ISA {

// result[h] = the sum over the values of head h of a * b.
template <class T>
WEFT_INLINE void dot_heads(const T* a, const Acc<T>* b, int64_t heads, int64_t width, Acc<T>* result) {
  with_lanes<Acc<T>>(width, [&](auto n) {
    for (int64_t h = 0; h < heads; ++h) result[h] = dot<decltype(n)::count>(a + h * width, b + h * width, width);
  });
}

// A Pass has
//   kSums: how many weighted sums of feature rows;  kTables, kOwn: how many values a head are gathered from the other end of
//   an edge, and how many its row brings along;
//   table: the gathered values of an id, one behind the other; own(t, row): pointers to the others;
//   weigh(read, weights): from vectors of both, the weight of each sum and one more term, which is summed by head;
//   finish(row, sums, extra): sums in feature order, `extra` the sum of the terms;  clear(row): the same for a row without edges.
template <class T, class I, class Pass>
class AttentionWalk {
  using A = Acc<T>;
  static constexpr int kSums = Pass::kSums, kTables = Pass::kTables, kOwn = Pass::kOwn;
  static constexpr int64_t kMost = 256;  // edges of a segment

 public:
  AttentionWalk(const Rows<I>& rows, int64_t heads, int64_t width, const T* x, const Pass& pass)
      : rows_(rows), heads_(heads), x_(x), pass_(pass), tiling_(heads * width, heads, kSum, false), plan_(rows),
        size_(tiling_.slots + heads) {}

  int run(int64_t threads) {
    if (plan_.status != kOk) return plan_.status;
    Buffer<A> pieces(plan_.pieces * size_);
    if (!tiling_.tiles.data || (plan_.pieces && !pieces.data)) return rows_.no_memory();
    if ((rows_.edges + rows_.count) * tiling_.features < kSerialWork) threads = 1;
    for_rows(rows_, plan_, threads,
             [&](int64_t piece, int64_t lo, int64_t hi) {
               int64_t from, to;
               Scratch scratch(*this);
               if (!scratch.has_memory()) return faults_.starve();
               if (scratch.window.open(lo, hi)) sum(plan_.row[plan_.piece(piece, &from, &to)], lo, hi, scratch, pieces.data + piece * size_);
               else faults_.note(scratch.window.fault);
             },
             [&](int64_t begin, int64_t end) {
               Scratch scratch(*this);
               if (!scratch.has_memory()) return faults_.starve();
               if (!scratch.window.open(rows_.indptr[begin], rows_.indptr[end])) return faults_.note(scratch.window.fault);
               for (int64_t row = begin; row < end; ++row) {
                 if (rows_.degree(row) == 0) {
                   pass_.clear(row);
                   continue;
                 }
                 if (!sum(row, rows_.indptr[row], rows_.indptr[row + 1], scratch, scratch.sums.data)) return;
                 finish(row, scratch.sums.data, scratch.features.data);
               }
             });
    if (const int status = rows_.outcome(faults_)) return status;
    Scratch scratch(*this);
    if (!scratch.has_memory()) return rows_.no_memory();
    for (int64_t hub = 0; hub < plan_.hubs; ++hub) {
      A* first = pieces.data + plan_.first[hub] * size_;
      for (int64_t piece = plan_.first[hub] + 1; piece < plan_.first[hub + 1]; ++piece)
        for (int64_t s = 0; s < size_; ++s) first[s] += pieces[piece * size_ + s];
      finish(plan_.row[hub], first, scratch.features.data);
    }
    return kOk;
  }

 private:
  struct Scratch {
    Window<T, I> window;
    Buffer<A> sums, features, weights, extra;
    Buffer<int64_t> ids;
    explicit Scratch(const AttentionWalk& walk)
        : window(walk.rows_, {walk.x_, nullptr, nullptr, 0}, walk.tiling_.features), sums(walk.size_),
          features(kSums * walk.tiling_.features), weights(kSums * kMost * walk.heads_ + kSpare), extra(walk.heads_), ids(kMost) {}
    bool has_memory() const {
      return window.has_memory() && sums.data && features.data && weights.data && extra.data && ids.data;
    }
  };

  const Rows<I>& rows_;
  const int64_t heads_;
  const T* x_;
  const Pass& pass_;
  const Tiling<T, kSums> tiling_;
  const Plan plan_;
  const int64_t size_;  // of the sums of a row: accumulators of every sum, then the extra of every head
  Faults faults_;

  bool sum(int64_t row, int64_t lo, int64_t hi, Scratch& scratch, A* sums) {
    A* extra = sums + tiling_.slots;
    memset(extra, 0, heads_ * sizeof(A));
    const bool walked = each_segment(scratch.window, lo, hi, [&](Segment<T> segment) {
      if (!weigh(row, lo + segment.offset, segment.count, scratch, extra)) return;
      segment.weights = scratch.weights.data;
      segment.stride = kSums * heads_;
      tiling_.run(segment, sums, nullptr);
    });
    if (!walked) faults_.note(scratch.window.fault);
    return walked && !faults_.any();
  }

  // Computes the weights of `count` positions from lo on, and adds their extra terms.
  bool weigh(int64_t row, int64_t lo, int64_t count, const Scratch& scratch, A* extra) {
    for (int64_t p = lo; p < lo + count; ++p) {
      if (__builtin_expect(!rows_.source_fits(p), 0)) return faults_.note(p), false;
      scratch.ids[p - lo] = rows_.source_at(p);
    }
    const int64_t size = kTables * heads_;
    with_lanes<A>(heads_, [&](auto n) {
      constexpr int N = decltype(n)::count;
      for (int64_t k = 0;; k = smaller(k + N, heads_ - N)) {  // the last vector may overlap the one before it
        Vec<A, N> read[kTables + kOwn], weight[kSums + 1], terms = load<N>(extra + k);
        for (int t = 0; t < kOwn; ++t) read[kTables + t] = load<N>(pass_.own(t, row) + k);
        for (int64_t j = 0; j < count; ++j) {
          if (k == 0) fetch_listed(rows_.source, rows_.edges, pass_.table, size * sizeof(A), lo + j);
          for (int t = 0; t < kTables; ++t) read[t] = load<N>(pass_.table + scratch.ids[j] * size + t * heads_ + k);
          pass_.template weigh<N>(read, weight);
          for (int w = 0; w < kSums; ++w) store<N, A>(scratch.weights.data + (j * kSums + w) * heads_ + k, weight[w]);
          terms += weight[kSums];
        }
        store<N, A>(scratch.extra.data + k, terms);
        if (k + N >= heads_) break;
      }
    });
    memcpy(extra, scratch.extra.data, heads_ * sizeof(A));
    return true;
  }

  void finish(int64_t row, const A* sums, A* features) const {
    tiling_.each([&](int64_t slot, int64_t feature, int64_t count) {
      for (int k = 0; k < kSums; ++k)
        memcpy(features + k * tiling_.features + feature, sums + slot + k * count, count * sizeof(A));
    });
    pass_.finish(row, features, sums + tiling_.slots);
  }
};

// leaky_relu(left + right) and its slope there.
template <class A, int N>
struct Score {
  Vec<A, N> value, slope;
  WEFT_INLINE_MEMBER Score(Vec<A, N> left, Vec<A, N> right, A negative_slope) {
    const Vec<A, N> sum = left + right;
    slope = sum > Vec<A, N>{} ? splat<A, N>(1) : splat<A, N>(negative_slope);
    value = sum * slope;
  }
};

// A tensor of `count` values in the accumulation type: itself, or a copy.
template <class T>
struct Widened {
  using A = Acc<T>;
  Buffer<A> copy;
  const A* data;
  Widened(const void* from, int64_t count) : copy(sizeof(T) == sizeof(A) ? 0 : count), data(static_cast<const A*>(from)) {
    if constexpr (sizeof(T) != sizeof(A)) {
      data = copy.data;
      for (int64_t k = 0; copy.data && k < count; ++k) copy[k] = widen(static_cast<const T*>(from)[k]);
    }
  }
  bool has_memory(int64_t count) const { return data || count == 0; }
};

}  // namespace WEFT_ISA
}  // namespace weft
