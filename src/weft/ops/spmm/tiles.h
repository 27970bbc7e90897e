// A feature row is covered by vectors, and vectors are grouped into tiles of 8, 4, 2 or 1 whose accumulators stay in registers
// while a tile kernel walks the edges of one target. If the width is no multiple of the vector, the last vector
// overlaps the one before it: every lane is right for any width, and no lane needs a mask.
#pragma once
#include "weft/rows.h"
#include "weft/vector.h"

namespace weft {
namespace WEFT_ISA {

enum Reduce : int64_t { kSum = 0, kMean = 1, kMax = 2, kMin = 3 };

// How the weights of an edge, each for as many features as the others, meet a vector of features: there are none, there is one for
// all, a vector needs one of them, or its lanes need different ones.
enum Weighting { kNone, kScalar, kVector, kLanes };

constexpr int kTile = 8;
constexpr int kSpare = kVectorBytes / 4;  // values behind the last weight that may be read, though they count for nothing

// What a tile kernel reads: for each edge a pointer to its feature row and `stride` weights; those of another sum lie `apart` behind.
template <class T>
struct Segment {
  const T* const* rows;
  const Acc<T>* weights;
  int64_t stride, count, far, near;  // rows to fetch ahead: into the second cache level, into the first (0: they are there)
  bool fresh;      // the first segment of its row: accumulators start anew
  int64_t offset;  // edges of this row or piece before this segment
  int64_t apart = 0;
};

template <class T>
struct Tile {
  using Run = void (*)(const Tile&, const Segment<T>&, Acc<T>* values, typename Signed<Acc<T>>::type* winners);
  using Finish = void (*)(const Tile&, const Acc<T>* values, Acc<T> divisor, Acc<T> factor, T* row);
  Run run;
  Finish finish;
  int64_t slot, begin;  // first accumulator lane; first feature
  int32_t weight[kTile];  // of the first lane of each vector
  alignas(64) typename Signed<Acc<T>>::type lane[kTile * kVectorBytes / sizeof(Acc<T>)];  // weights of lanes, from there on
};

// The weights of vector v of edge j in sum k.
template <class T, int N, Weighting W>
WEFT_INLINE Vec<Acc<T>, N> weights(const Tile<T>& tile, const Segment<T>& s, int64_t j, int v, int k = 0) {
  using A = Acc<T>;
  if constexpr (W == kScalar) return splat<A, N>(s.weights[j + k * s.apart]);
  const A* from = s.weights + j * s.stride + k * s.apart + tile.weight[v];
  if constexpr (W == kVector) return splat<A, N>(*from);
  else return pick_lanes<A, N>(load<N>(from), load<N>(tile.lane + v * N));
}

template <class T, int N, Weighting W>
WEFT_INLINE Vec<Acc<T>, N> message(const Tile<T>& tile, const Segment<T>& s, int64_t j, int v) {
  const auto x = load<N>(s.rows[j] + tile.begin + v * N);
  if constexpr (W == kNone) return x;
  else return x * weights<T, N, W>(tile, s, j, v);
}

template <class T, int N, int NV>
WEFT_INLINE void fetch(const Tile<T>& tile, const Segment<T>& s, int64_t j) {
  fetch_far(s.rows[j + s.far] + tile.begin, NV * N * sizeof(T));
  if (s.near) fetch_near(s.rows[j + s.near] + tile.begin, NV * N * sizeof(T));
}

// Memory: each edge's row is read once for all SUMS, from cache lines fetched some edges earlier; accumulators live in registers.
template <class T, int N, int NV, Weighting W, int SUMS>
void add_tile(const Tile<T>& tile, const Segment<T>& s, Acc<T>* values, typename Signed<Acc<T>>::type*) {
  using A = Acc<T>;
  Vec<A, N> sum[SUMS * NV];
  values += tile.slot;
  for (int v = 0; v < SUMS * NV; ++v) sum[v] = s.fresh ? Vec<A, N>{} : load<N>(values + v * N);
  for (int64_t j = 0; j < s.count; ++j) {
    fetch<T, N, NV>(tile, s, j);
    for (int v = 0; v < NV; ++v) {
      const auto x = load<N>(s.rows[j] + tile.begin + v * N);
      for (int k = 0; k < SUMS; ++k) {
        if constexpr (W == kNone) sum[v] += x;
        else sum[k * NV + v] = fma<A, N>(weights<T, N, W>(tile, s, j, v, k), x, sum[k * NV + v]);
      }
    }
  }
  for (int v = 0; v < SUMS * NV; ++v) store<N, A>(values + v * N, sum[v]);
}

// Walks the edges of a segment; false if they may hold a NaN that was passed over. Without EXACT the comparison takes a NaN for
// a loser, which makes the chain from edge to edge half as long; a best that is NaN already stays.
template <class T, int N, int NV, Weighting W, bool MAX, bool TRACKS, bool EXACT>
WEFT_INLINE bool select_edges(const Tile<T>& tile, const Segment<T>& s, Vec<Acc<T>, N>* best, Mask<Acc<T>, N>* winner) {
  using A = Acc<T>;
  using S = typename Signed<A>::type;
  Mask<A, N> odd{};
  for (int64_t j = s.fresh; j < s.count; ++j) {
    fetch<T, N, NV>(tile, s, j);
    for (int v = 0; v < NV; ++v) {
      const auto value = message<T, N, W>(tile, s, j, v);
      if constexpr (EXACT) {
        const auto taken = wins<A, N, MAX>(value, best[v]);
        best[v] = taken ? value : best[v];
        if constexpr (TRACKS) winner[v] = taken ? splat<S, N>(static_cast<S>(s.offset + j)) : winner[v];
      } else {
        odd |= value != value;
        if constexpr (TRACKS) winner[v] = (MAX ? value > best[v] : value < best[v]) ? splat<S, N>(static_cast<S>(s.offset + j)) : winner[v];
        best[v] = (MAX ? value > best[v] : value < best[v]) ? value : best[v];
      }
    }
  }
  return EXACT || !any_lane<A, N>(odd);
}

// Without TRACKS nobody asks which edge won.
template <class T, int N, int NV, Weighting W, bool MAX, bool TRACKS>
void select_tile(const Tile<T>& tile, const Segment<T>& s, Acc<T>* values, typename Signed<Acc<T>>::type* winners) {
  using A = Acc<T>;
  using S = typename Signed<A>::type;
  Vec<A, N> best[NV];
  Mask<A, N> winner[NV];
  const auto begin = [&] {
    for (int v = 0; v < NV; ++v) {
      best[v] = s.fresh ? message<T, N, W>(tile, s, 0, v) : load<N>(values + tile.slot + v * N);
      if constexpr (TRACKS) winner[v] = s.fresh ? splat<S, N>(static_cast<S>(s.offset)) : load<N>(winners + tile.slot + v * N);
    }
  };
  begin();
  if (!select_edges<T, N, NV, W, MAX, TRACKS, false>(tile, s, best, winner)) {
    begin();
    select_edges<T, N, NV, W, MAX, TRACKS, true>(tile, s, best, winner);
  }
  for (int v = 0; v < NV; ++v) {
    store<N, A>(values + tile.slot + v * N, best[v]);
    if constexpr (TRACKS) store<N, S>(winners + tile.slot + v * N, winner[v]);
  }
}

// Writes the accumulators of a tile to the row of its target.
template <class T, int N, int NV>
void finish_tile(const Tile<T>& tile, const Acc<T>* values, Acc<T> divisor, Acc<T> factor, T* row) {
  using A = Acc<T>;
  for (int v = 0; v < NV; ++v) {
    auto value = load<N>(values + tile.slot + v * N);
    if (divisor != A(1)) value /= splat<A, N>(divisor);
    store<N>(row + tile.begin + v * N, value * splat<A, N>(factor));
  }
}

// What tiles do with the rows of edges: a family of kernels, of which `pick` gives one.
struct Additions {
  template <class T, int N, int NV, Weighting W, int SUMS>
  static typename Tile<T>::Run pick(Reduce, bool) { return add_tile<T, N, NV, W, SUMS>; }
};

struct Reductions {
  template <class T, int N, int NV, Weighting W, int SUMS>
  static typename Tile<T>::Run pick(Reduce reduce, bool tracks) {
    if constexpr (SUMS == 1 && (W == kNone || W == kLanes)) {  // lanes serve all that select
      if (reduce == kMax) return tracks ? select_tile<T, N, NV, W, true, true> : select_tile<T, N, NV, W, true, false>;
      if (reduce == kMin) return tracks ? select_tile<T, N, NV, W, false, true> : select_tile<T, N, NV, W, false, false>;
    }
    return add_tile<T, N, NV, W, SUMS>;
  }
};

// How many vectors of N lanes tiles are made of: several only of the longest, since a row is covered by the longest that it has room
// for, and two of single lanes.
template <class T, int N, int MOST, class Body>
WEFT_INLINE auto with_vectors(int64_t vectors, const Body& body) {
  constexpr bool kLongest = N * sizeof(Acc<T>) == kVectorBytes;
  if constexpr (kLongest && MOST >= 8)
    if (vectors == 8) return body(Lanes<8>{});
  if constexpr (kLongest && MOST >= 4)
    if (vectors == 4) return body(Lanes<4>{});
  if constexpr (kLongest || N == 1)
    if (vectors == 2) return body(Lanes<2>{});
  return body(Lanes<1>{});
}

// The tiles of one call: rows of `features` values, `weights` an edge, SUMS of them with weights of their own each.
template <class T, int SUMS = 1, class Kernels = Reductions>
class Tiling {
  using A = Acc<T>;

 public:
  Tiling(int64_t features, int64_t weights, Reduce reduce, bool tracks)
      : features(features), weights_(weights), reduce_(reduce), tracks_(tracks), tiles(features / kMost + 4) {
    if (tiles.data) with_lanes<A>(features, [&](auto n) { cover<decltype(n)::count>(); });
  }

  // Runs all tiles over one segment.
  void run(const Segment<T>& s, A* values, typename Signed<A>::type* winners) const {
    for (int64_t t = 0; t < count; ++t) tiles[t].run(tiles[t], s, values, winners);
  }

  // Writes the accumulators to the row of their target, divided and multiplied.
  void finish(const A* values, A divisor, A factor, T* row) const {
    for (int64_t t = 0; t < count; ++t) tiles[t].finish(tiles[t], values, divisor, factor, row);
  }

  // Calls body(first lane, first feature, lanes) for each tile; lanes of another sum follow.
  template <class Body>
  void each(const Body& body) const {
    for (int64_t t = 0; t < count; ++t)
      body(tiles[t].slot, tiles[t].begin, ((t + 1 < count ? tiles[t + 1].slot : slots) - tiles[t].slot) / SUMS);
  }

  // Copies the sums to the order of features, one sum behind the other.
  void unpack(const A* values, A* sums) const {
    each([&](int64_t slot, int64_t feature, int64_t lanes) {
      for (int k = 0; k < SUMS; ++k) memcpy(sums + k * features + feature, values + slot + k * lanes, lanes * sizeof(A));
    });
  }

  int64_t features, slots = 0, count = 0;

 private:
  static constexpr int kMost = kVectorBytes == 64 ? kTile : kTile / SUMS;  // vectors of a tile: accumulators fit the registers

  int64_t weights_;
  Reduce reduce_;
  bool tracks_;

  template <int N, Weighting W>
  typename Tile<T>::Run pick(int64_t vectors) const {
    return with_vectors<T, N, kMost>(vectors, [&](auto n) { return Kernels::template pick<T, N, decltype(n)::count, W, SUMS>(reduce_, tracks_); });
  }

  template <int N>
  typename Tile<T>::Run kernel(int64_t vectors, int64_t group) const {
    const bool selects = reduce_ == kMax || reduce_ == kMin;
    if (!weights_) return pick<N, kNone>(vectors);
    if (weights_ == 1 && !selects) return pick<N, kScalar>(vectors);
    if (group % N == 0 && !selects) return pick<N, kVector>(vectors);
    return pick<N, kLanes>(vectors);
  }

  // At most features / kMost full tiles, three smaller ones and one overlapping vector.
  template <int N>
  WEFT_OUTLINE void cover() {
    const int64_t group = weights_ ? features / weights_ : features;  // features of a weight
    for (int64_t at = 0; at < features;) {
      int64_t vectors = kMost;
      while (vectors > 1 && at + vectors * N > features) vectors /= 2;
      const int64_t from = at + vectors * N > features ? features - N : at;
      Tile<T>& tile = tiles[count++];
      tile.run = kernel<N>(vectors, group);
      tile.finish = with_vectors<T, N, kMost>(vectors, [](auto n) -> typename Tile<T>::Finish { return finish_tile<T, N, decltype(n)::count>; });
      tile.slot = slots;
      tile.begin = from;
      for (int64_t v = 0; weights_ && v < vectors; ++v) {
        tile.weight[v] = static_cast<int32_t>((from + v * N) / group);
        for (int64_t l = v * N; l < (v + 1) * N; ++l)
          tile.lane[l] = static_cast<typename Signed<A>::type>((from + l) / group - tile.weight[v]);
      }
      slots += SUMS * vectors * N;
      at += vectors * N;
    }
  }

 public:
  Buffer<Tile<T>> tiles;
};

}  // namespace WEFT_ISA
}  // namespace weft
