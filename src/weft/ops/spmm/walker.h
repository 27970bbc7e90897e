// Walks positions of a compressed structure in order and hands tile kernels what they read: pointers to feature rows,
// decoded and checked a window ahead so that kernels can prefetch, and weights widened to the accumulation type.
#pragma once
#include "tiles.h"

namespace weft {
namespace WEFT_ISA {

template <class T>
struct Features {
  const T* x;       // (columns, features)
  const T* weight;  // (edges, weights) or null
  const T* scale;   // (columns,) or null
  int64_t weights;  // of an edge
  // A scale alone becomes the one weight of its edges.
  int64_t stride() const { return scale && !weight ? 1 : weights; }
};

// Rows of a table that stays in a cache are fetched from near only: the second fetch would cost more than it brings (decision 10).
template <class T, class I>
class Window {
 public:
  Window(const Rows<I>& rows, const Features<T>& features, int64_t width)
      : half(choose_half(features.stride())),
        far(rows.columns * width * int64_t{sizeof(T)} <= near_bytes() ? 0 : rows_ahead(kFarBytes, width * sizeof(T), half)),
        near(rows_ahead(kNearBytes, width * sizeof(T), smaller(half, kNearRows))),
        rows_(rows), features_(features), width_(width), stride_(features.stride()), ahead_(larger(far, near)),
        pointers_(2 * half + ahead_), weights_(stride_ ? 2 * half * stride_ + kSpare : 0) {}

  bool has_memory() const { return pointers_.data && (weights_.data || stride_ == 0); }

  // Starts at position lo; false if an id does not fit.
  WEFT_OUTLINE bool open(int64_t lo, int64_t hi) {
    base_ = lo;
    end_ = hi;
    if (!decode(lo, smaller(lo + 2 * half, hi))) return false;
    // Kernels fetch what comes later; the first rows have nobody before them.
    for (int64_t j = 0; j < smaller(far, hi - lo); ++j) fetch_far(pointers_[j], width_ * sizeof(T));
    return true;
  }

  // Moves on by half a window once all of its first half was used.
  WEFT_OUTLINE bool advance() {
    memmove(pointers_.data, pointers_.data + half, half * sizeof(const T*));
    if (stride_) memmove(weights_.data, weights_.data + half * stride_, half * stride_ * sizeof(Acc<T>));
    base_ += half;
    return decode(smaller(base_ + half, end_), smaller(base_ + 2 * half, end_));
  }

  int64_t usable_end() const { return smaller(base_ + half, end_); }
  int64_t stride() const { return stride_; }
  const T* const* pointers(int64_t p) const { return pointers_.data + (p - base_); }
  const Acc<T>* weights(int64_t p) const { return weights_.data + (p - base_) * stride_; }

  const int64_t half, far, near;
  int64_t fault = -1;

 private:
  static int64_t choose_half(int64_t stride) { return stride ? larger(8, smaller(256, 8192 / stride)) : 256; }

  WEFT_OUTLINE bool decode(int64_t lo, int64_t hi) {
    const Rows<I> rows = rows_;  // a copy, which no store can change
    const uint64_t row_bytes = static_cast<uint64_t>(width_) * sizeof(T);
    const T** const first = pointers_.data + (lo - base_);
    // Ids are copied before they are looked at, so that what is followed is what was checked, whoever writes them meanwhile.
    const T** pointer = first;
    for (int64_t p = lo; p < hi; ++p) *pointer++ = reinterpret_cast<const T*>(rows.source_at(p));
    uint64_t most = 0;
    for (const T** at = first; at < pointer; ++at) {
      const uint64_t row = reinterpret_cast<uintptr_t>(*at);
      most = row > most ? row : most;
    }
    if (__builtin_expect(lo < hi && most >= static_cast<uint64_t>(rows.columns), 0)) return refuse(rows.first_misfit(lo, hi, true, false));
    if (features_.weight && !decode_weights(lo, hi)) return false;
    if (features_.scale) decode_scales(first, pointer, weights_.data + (lo - base_) * stride_);
    for (const T** at = first; at < pointer; ++at)
      *at = reinterpret_cast<const T*>(reinterpret_cast<uintptr_t>(features_.x) + reinterpret_cast<uintptr_t>(*at) * row_bytes);
    const T* last = hi > base_ ? pointers_[hi - base_ - 1] : features_.x;
    for (int64_t pad = 0; pad < ahead_ && hi == end_; ++pad) *pointer++ = last;
    return true;
  }

  bool refuse(int64_t p) {
    fault = p;
    return false;
  }

  WEFT_OUTLINE bool decode_weights(int64_t lo, int64_t hi) {
    Acc<T>* to = weights_.data + (lo - base_) * stride_;
    if (!rows_.edge) {
      for (int64_t k = lo * stride_; k < hi * stride_; ++k) *to++ = widen(features_.weight[k]);
      return true;
    }
    const int64_t stride = stride_, last = end_ - 1;
    for (int64_t p = lo; p < hi && stride == 1; ++p) {
      __builtin_prefetch(features_.weight + static_cast<int64_t>(rows_.edge[smaller(p + 2 * kFarRows, last)]), 0, 2);
      __builtin_prefetch(features_.weight + static_cast<int64_t>(rows_.edge[smaller(p + kNearRows, last)]), 0, 3);
      const uint64_t edge = rows_.edge_at(p);
      if (__builtin_expect(edge >= static_cast<uint64_t>(rows_.edges), 0)) return refuse(p);
      *to++ = widen(features_.weight[edge]);
    }
    for (int64_t p = lo; p < hi && stride > 1; ++p) {
      fetch_listed(rows_.edge, end_, features_.weight, stride * sizeof(T), p);
      const uint64_t edge = rows_.edge_at(p);
      if (__builtin_expect(edge >= static_cast<uint64_t>(rows_.edges), 0)) return refuse(p);
      const T* from = features_.weight + edge * stride;
      for (int64_t h = 0; h < stride; ++h) *to++ = widen(from[h]);
    }
    return true;
  }

  // After the weights, if there are any, stand in place; `ids` are checked.
  WEFT_OUTLINE void decode_scales(const T* const* ids, const T* const* end, Acc<T>* to) {
    const T* const scale = features_.scale;
    const int64_t stride = stride_;
    if (!features_.weight) {
      for (; ids < end; ++ids) *to++ = widen(scale[reinterpret_cast<uintptr_t>(*ids)]);
      return;
    }
    for (; ids < end; ++ids)
      for (int64_t h = 0; h < stride; ++h) *to++ *= widen(scale[reinterpret_cast<uintptr_t>(*ids)]);
  }

  const Rows<I>& rows_;
  const Features<T> features_;
  const int64_t width_, stride_, ahead_;
  int64_t base_ = 0, end_ = 0;
  Buffer<const T*> pointers_;
  Buffer<Acc<T>> weights_;
};

}  // namespace WEFT_ISA
}  // namespace weft
