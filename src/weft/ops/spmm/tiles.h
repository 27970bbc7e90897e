// A feature row is covered by vectors, and vectors are grouped into tiles of 8, 4, 2 or 1 whose accumulators stay in registers
// while a tile kernel walks the edges of one target. If the width is no multiple of the vector, the last vector
// overlaps the one before it: every lane is right for any width, and no lane needs a mask.
#pragma once
#include "weft/rows.h"
#include "weft/vector.h"

namespace weft {
namespace WEFT_ISA {

enum Reduce : int64_t { kSum = 0, kMean = 1, kMax = 2, kMin = 3 };

// How the weights of an edge meet its features: none, one for all, one a head, one a feature.
enum Weighting { kNone, kScalar, kHead, kFull };

constexpr int kTile = 8;

// What a tile kernel reads: for each edge a pointer to its feature row and `stride` weights.
template <class T>
struct Segment {
  const T* const* rows;
  const Acc<T>* weights;
  int64_t stride, count, far, near;  // rows to fetch ahead: into the second cache level, into the first
  bool fresh;      // the first segment of its row: accumulators start anew
  int64_t offset;  // edges of this row or piece before this segment
};

template <class T>
struct Tile {
  using Run = void (*)(const Tile&, const Segment<T>&, Acc<T>* values, typename Signed<Acc<T>>::type* winners);
  using Finish = void (*)(const Tile&, const Acc<T>* values, Acc<T> divisor, T* row);
  Run run;
  Finish finish;
  int64_t slot, begin;   // first accumulator lane; first feature
  int32_t head[kTile];   // head of each vector
};

template <class T, int N, int NV, Weighting W>
WEFT_INLINE Vec<Acc<T>, N> message(const Tile<T>& tile, const Segment<T>& s, int64_t j, int v) {
  const auto x = load<N>(s.rows[j] + tile.begin + v * N);
  if constexpr (W == kNone) return x;
  else if constexpr (W == kScalar) return x * splat<Acc<T>, N>(s.weights[j]);
  else if constexpr (W == kHead) return x * splat<Acc<T>, N>(s.weights[j * s.stride + tile.head[v]]);
  else return x * load<N>(s.weights + j * s.stride + tile.begin + v * N);
}

template <class T, int N, int NV>
WEFT_INLINE void fetch(const Tile<T>& tile, const Segment<T>& s, int64_t j) {
  fetch_far(s.rows[j + s.far] + tile.begin, NV * N * sizeof(T));
  fetch_near(s.rows[j + s.near] + tile.begin, NV * N * sizeof(T));
}

// Memory: each edge's row is read once, from cache lines fetched some edges earlier; accumulators live in registers.
template <class T, int N, int NV, Weighting W>
void add_tile(const Tile<T>& tile, const Segment<T>& s, Acc<T>* values, typename Signed<Acc<T>>::type*) {
  using A = Acc<T>;
  Vec<A, N> sum[NV];
  for (int v = 0; v < NV; ++v) sum[v] = s.fresh ? Vec<A, N>{} : load<N>(values + tile.slot + v * N);
  for (int64_t j = 0; j < s.count; ++j) {
    fetch<T, N, NV>(tile, s, j);
    for (int v = 0; v < NV; ++v) {
      const auto x = load<N>(s.rows[j] + tile.begin + v * N);
      if constexpr (W == kNone) sum[v] += x;
      else if constexpr (W == kScalar) sum[v] = fma<A, N>(splat<A, N>(s.weights[j]), x, sum[v]);
      else if constexpr (W == kHead) sum[v] = fma<A, N>(splat<A, N>(s.weights[j * s.stride + tile.head[v]]), x, sum[v]);
      else sum[v] = fma<A, N>(load<N>(s.weights + j * s.stride + tile.begin + v * N), x, sum[v]);
    }
  }
  for (int v = 0; v < NV; ++v) store<N, A>(values + tile.slot + v * N, sum[v]);
}

// A later value wins only if it is strictly better, or is the first NaN: ties go to the lowest edge, NaN stays.
template <class A, int N, bool MAX>
WEFT_INLINE Mask<A, N> wins(Vec<A, N> value, Vec<A, N> best) {
  const auto better = MAX ? value > best : value < best;
  return (better | (value != value)) & (best == best);
}

// Without TRACKS nobody asks which edge won.
template <class T, int N, int NV, Weighting W, bool MAX, bool TRACKS>
void select_tile(const Tile<T>& tile, const Segment<T>& s, Acc<T>* values, typename Signed<Acc<T>>::type* winners) {
  using A = Acc<T>;
  using S = typename Signed<A>::type;
  Vec<A, N> best[NV];
  Mask<A, N> winner[NV];
  for (int v = 0; v < NV; ++v) {
    best[v] = s.fresh ? message<T, N, NV, W>(tile, s, 0, v) : load<N>(values + tile.slot + v * N);
    if constexpr (TRACKS) winner[v] = s.fresh ? splat<S, N>(static_cast<S>(s.offset)) : load<N>(winners + tile.slot + v * N);
  }
  for (int64_t j = s.fresh; j < s.count; ++j) {
    fetch<T, N, NV>(tile, s, j);
    for (int v = 0; v < NV; ++v) {
      const auto value = message<T, N, NV, W>(tile, s, j, v);
      const auto taken = wins<A, N, MAX>(value, best[v]);
      best[v] = taken ? value : best[v];
      if constexpr (TRACKS) winner[v] = taken ? splat<S, N>(static_cast<S>(s.offset + j)) : winner[v];
    }
  }
  for (int v = 0; v < NV; ++v) {
    store<N, A>(values + tile.slot + v * N, best[v]);
    if constexpr (TRACKS) store<N, S>(winners + tile.slot + v * N, winner[v]);
  }
}

// Writes the accumulators of a tile to the row of its target.
template <class T, int N, int NV>
void finish_tile(const Tile<T>& tile, const Acc<T>* values, Acc<T> divisor, T* row) {
  using A = Acc<T>;
  for (int v = 0; v < NV; ++v) {
    const auto value = load<N>(values + tile.slot + v * N);
    store<N>(row + tile.begin + v * N, divisor == A(1) ? value : value / splat<A, N>(divisor));
  }
}

template <class T, int N, int NV, Weighting W>
typename Tile<T>::Run tile_kernel(Reduce reduce, bool tracks) {
  // Selection knows only none and full: the walker spreads other weights over the features.
  if constexpr (W == kNone || W == kFull) {
    if (reduce == kMax) return tracks ? select_tile<T, N, NV, W, true, true> : select_tile<T, N, NV, W, true, false>;
    if (reduce == kMin) return tracks ? select_tile<T, N, NV, W, false, true> : select_tile<T, N, NV, W, false, false>;
  }
  return add_tile<T, N, NV, W>;
}

template <class T, int N, Weighting W>
typename Tile<T>::Run tile_kernel(Reduce reduce, bool tracks, int64_t vectors) {
  if (vectors == 8) return tile_kernel<T, N, 8, W>(reduce, tracks);
  if (vectors == 4) return tile_kernel<T, N, 4, W>(reduce, tracks);
  if (vectors == 2) return tile_kernel<T, N, 2, W>(reduce, tracks);
  return tile_kernel<T, N, 1, W>(reduce, tracks);
}

template <class T, int N>
typename Tile<T>::Finish finish_kernel(int64_t vectors) {
  if (vectors == 8) return finish_tile<T, N, 8>;
  if (vectors == 4) return finish_tile<T, N, 4>;
  if (vectors == 2) return finish_tile<T, N, 2>;
  return finish_tile<T, N, 1>;
}

// The tiles of one call: `features` = heads x width values a row, `lanes` a vector.
template <class T>
class Tiling {
 public:
  Tiling(int64_t heads, int64_t width, Weighting weighting, Reduce reduce, bool tracks)
      : features(heads * width), weighting_(weighting), reduce_(reduce), tracks_(tracks), tiles(most(heads, width)) {
    if (!tiles.data) return;
    const bool by_head = weighting == kHead;
    with_lanes<Acc<T>>(by_head ? width : features, [&](auto n) {
      constexpr int N = decltype(n)::count;
      if (!by_head || width % N == 0) return cover<N>(0, features, by_head ? width : features);
      for (int64_t h = 0; h < heads; ++h) cover<N>(h * width, (h + 1) * width, width);
    });
  }

  // Runs all tiles over one segment.
  void run(const Segment<T>& s, Acc<T>* values, typename Signed<Acc<T>>::type* winners) const {
    for (int64_t t = 0; t < count; ++t) tiles[t].run(tiles[t], s, values, winners);
  }

  // Writes the accumulators to the row of their target, divided.
  void finish(const Acc<T>* values, Acc<T> divisor, T* row) const {
    for (int64_t t = 0; t < count; ++t) tiles[t].finish(tiles[t], values, divisor, row);
  }

  // Calls body(first lane, first feature, lanes) for each tile.
  template <class Body>
  void each(const Body& body) const {
    for (int64_t t = 0; t < count; ++t)
      body(tiles[t].slot, tiles[t].begin, (t + 1 < count ? tiles[t + 1].slot : slots) - tiles[t].slot);
  }

  int64_t features, slots = 0, count = 0;

 private:
  Weighting weighting_;
  Reduce reduce_;
  bool tracks_;

  // Each head or row of v vectors takes at most v / 8 + 3 full tiles and one overlapping vector.
  static int64_t most(int64_t heads, int64_t width) { return heads * (width / kTile + 4); }

  template <int N>
  typename Tile<T>::Run kernel(int64_t vectors) const {
    switch (weighting_) {
      case kNone: return tile_kernel<T, N, kNone>(reduce_, tracks_, vectors);
      case kScalar: return tile_kernel<T, N, kScalar>(reduce_, tracks_, vectors);
      case kHead: return tile_kernel<T, N, kHead>(reduce_, tracks_, vectors);
      default: return tile_kernel<T, N, kFull>(reduce_, tracks_, vectors);
    }
  }

  template <int N>
  void cover(int64_t begin, int64_t end, int64_t width) {
    int64_t at = begin;
    while (at < end) {
      int64_t vectors = kTile;
      while (vectors > 1 && at + vectors * N > end) vectors /= 2;
      const int64_t from = at + vectors * N > end ? end - N : at;
      Tile<T>& tile = tiles[count++];
      tile.run = kernel<N>(vectors);
      tile.finish = finish_kernel<T, N>(vectors);
      tile.slot = slots;
      tile.begin = from;
      for (int v = 0; v < vectors; ++v) tile.head[v] = static_cast<int32_t>((from + v * N) / width);
      slots += vectors * N;
      at += vectors * N;
    }
  }

 public:
  Buffer<Tile<T>> tiles;
};

}  // namespace WEFT_ISA
}  // namespace weft
