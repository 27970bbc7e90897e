// A feature row is covered by vectors, and vectors are grouped into tiles of 8, 4, 2 or 1 whose accumulators stay in registers
// while a tile kernel walks the edges of one target. If the width is no multiple of the tile, the second half of its vectors
// overlaps the first: every lane is right for any width, and no lane needs a mask.
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
  bool fresh;  // the first segment of its row: accumulators start anew
  int64_t apart = 0;
};

template <class T>
struct Tile {
  using Run = void (*)(const Tile&, const Segment<T>&, Acc<T>* values, typename Signed<Acc<T>>::type* winners);
  using Finish = void (*)(const Tile&, const Acc<T>* values, Acc<T> divisor, Acc<T> factor, T* row);
  Run run;
  Finish finish;
  int64_t slot, lanes, half;  // first accumulator lane; lanes of one sum; those of the first half of its vectors, none of a single one
  int64_t begin, shift;       // first feature; how far behind it that of the second half is, which may overlap the first
  int32_t weight[kTile];  // of the first lane of each vector
  alignas(64) typename Signed<Acc<T>>::type lane[kTile * kVectorBytes / sizeof(Acc<T>)];  // weights of lanes, from there on

  // Where vector v lies in a row.
  template <int N, int NV, class V>
  WEFT_INLINE_MEMBER V* at(V* row, int v) const {
    V *const first = row + begin, *const second = first + shift;
    return v < NV / 2 ? first + v * N : second + (v - NV / 2) * N;
  }

  int64_t width() const { return shift + lanes - half; }
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

template <class T, int N, int NV>
WEFT_INLINE void fetch(const Tile<T>& tile, const Segment<T>& s, int64_t j) {
  constexpr int kFirst = NV / 2 * N * sizeof(T), kSecond = NV * N * sizeof(T) - kFirst;
  const T *far = s.rows[j + s.far] + tile.begin, *near = s.rows[j + s.near] + tile.begin;
  fetch_far(far, kFirst);
  fetch_far(far + tile.shift, kSecond);
  if (!s.near) return;
  fetch_near(near, kFirst);
  fetch_near(near + tile.shift, kSecond);
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
      const auto x = load<N>(tile.template at<N, NV>(s.rows[j], v));
      for (int k = 0; k < SUMS; ++k) {
        if constexpr (W == kNone) sum[v] += x;
        else sum[k * NV + v] = fma<A, N>(weights<T, N, W>(tile, s, j, v, k), x, sum[k * NV + v]);
      }
    }
  }
  for (int v = 0; v < SUMS * NV; ++v) store<N, A>(values + v * N, sum[v]);
}

// Writes sums to the row of their target, divided and multiplied.
template <class T, int N, int NV>
WEFT_INLINE void write_tile(const Tile<T>& tile, const Vec<Acc<T>, N>* sums, Acc<T> divisor, Acc<T> factor, T* row) {
  using A = Acc<T>;
  for (int v = 0; v < NV; ++v) {
    auto value = sums[v];
    if (divisor != A(1)) value /= splat<A, N>(divisor);
    store<N>(tile.template at<N, NV>(row, v), value * splat<A, N>(factor));
  }
}

template <class T, int N, int NV>
void finish_tile(const Tile<T>& tile, const Acc<T>* values, Acc<T> divisor, Acc<T> factor, T* row) {
  Vec<Acc<T>, N> sums[NV];
  for (int v = 0; v < NV; ++v) sums[v] = load<N>(values + tile.slot + v * N);
  write_tile<T, N, NV>(tile, sums, divisor, factor, row);
}

// What tiles do with the rows of edges: a family of kernels, of which `pick` gives one.
struct Additions {
  template <class T, int N, int NV, Weighting W, int SUMS>
  static typename Tile<T>::Run pick(Reduce, bool) { return add_tile<T, N, NV, W, SUMS>; }
};

// How many vectors of N lanes a tile has at most: many only of the longest, since a row is covered by the longest that it has room for.
template <class T, int N, int MOST>
constexpr int kMostVectors = N * sizeof(Acc<T>) == kVectorBytes ? MOST : 2;

template <int MOST, class Body>
WEFT_INLINE auto with_vectors(int64_t vectors, const Body& body) {
  if constexpr (MOST > 1) {
    if (vectors < MOST) return with_vectors<MOST / 2>(vectors, body);
  }
  return body(Lanes<MOST>{});
}

// The tiles of one call: rows of `features` values, `weights` an edge, SUMS of them with weights of their own each.
template <class T, int SUMS, class Kernels>
class Tiling {
  using A = Acc<T>;

 public:
  Tiling(int64_t features, int64_t weights, Reduce reduce, bool tracks)
      : features(features), weights_(weights), reduce_(reduce), tracks_(tracks), tiles(features / kMost + 2) {
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

  // Calls body(first lane, first feature, lanes) for both halves of each tile, in every sum.
  template <class Body>
  void each(const Body& body) const {
    for (int64_t t = 0; t < count; ++t) {
      const Tile<T>& tile = tiles[t];
      for (int k = 0; k < SUMS; ++k) {
        const int64_t slot = tile.slot + k * tile.lanes, feature = k * features + tile.begin;
        body(slot, feature, tile.half);
        body(slot + tile.half, feature + tile.shift, tile.lanes - tile.half);
      }
    }
  }

  // Copies the sums to the order of features, one sum behind the other.
  void unpack(const A* values, A* sums) const {
    each([&](int64_t slot, int64_t feature, int64_t lanes) { memcpy(sums + feature, values + slot, lanes * sizeof(A)); });
  }

  int64_t features, slots = 0, count = 0;

 private:
  static constexpr int kMost = kVectorBytes == 64 ? kTile : kTile / SUMS;  // vectors of a tile: accumulators fit the registers

  int64_t weights_;
  Reduce reduce_;
  bool tracks_;

  template <int N, Weighting W>
  typename Tile<T>::Run pick(int64_t vectors) const {
    return with_vectors<kMostVectors<T, N, kMost>>(
        vectors, [&](auto n) { return Kernels::template pick<T, N, decltype(n)::count, W, SUMS>(reduce_, tracks_); });
  }

  template <int N>
  typename Tile<T>::Run kernel(int64_t vectors, int64_t group) const {
    const bool selects = reduce_ == kMax || reduce_ == kMin;
    if (!weights_) return pick<N, kNone>(vectors);
    if (weights_ == 1 && !selects) return pick<N, kScalar>(vectors);
    if (group % N == 0 && !selects) return pick<N, kVector>(vectors);
    return pick<N, kLanes>(vectors);
  }

  // The fewest tiles of the most vectors; one vector that is too long begins earlier.
  template <int N>
  WEFT_OUTLINE void cover() {
    constexpr int kVectors = kMostVectors<T, N, kMost>;
    const int64_t group = weights_ ? features / weights_ : features;  // features of a weight
    for (int64_t at = 0, rest = features; rest > 0;) {
      int64_t vectors = 1;
      while (vectors < kVectors && vectors * N < rest) vectors *= 2;
      Tile<T>& tile = tiles[count++];
      tile.run = kernel<N>(vectors, group);
      tile.finish = with_vectors<kVectors>(vectors, [](auto n) -> typename Tile<T>::Finish { return finish_tile<T, N, decltype(n)::count>; });
      tile.slot = slots;
      tile.lanes = vectors * N;
      tile.half = vectors / 2 * N;
      tile.shift = vectors > 1 ? smaller(tile.lanes, rest) - tile.half : 0;
      tile.begin = vectors > 1 ? at : smaller(at, features - N);
      for (int64_t v = 0; weights_ && v < vectors; ++v) {
        const int64_t from = tile.begin + (v < vectors / 2 ? v * N : tile.shift + (v - vectors / 2) * N);
        tile.weight[v] = static_cast<int32_t>(from / group);
        for (int64_t l = 0; l < N; ++l)
          tile.lane[v * N + l] = static_cast<typename Signed<A>::type>((from + l) / group - tile.weight[v]);
      }
      slots += SUMS * tile.lanes;
      at += tile.lanes, rest -= tile.lanes;
    }
  }

 public:
  Buffer<Tile<T>> tiles;
};

}  // namespace WEFT_ISA
}  // namespace weft
