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
  int64_t stride, count, far, near;  // rows to fetch ahead: into the second cache level, into the first; 0 for none
  bool fresh;  // the first segment of its row: accumulators start anew
  int64_t apart = 0;
};

template <class T>
struct Tile {
  using Run = void (*)(const Tile&, const Segment<T>&, Acc<T>* values, typename Signed<Acc<T>>::type* winners);
  Run run;
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

  // Vector v as a tile of its own.
  template <int N, int NV>
  Tile vector(int v) const {
    Tile one = *this;
    one.slot += v * N, one.lanes = N, one.half = 0;
    one.begin += v < NV / 2 ? v * N : shift + (v - NV / 2) * N, one.shift = 0;
    one.weight[0] = weight[v];
    memcpy(one.lane, lane + v * N, N * sizeof *lane);
    return one;
  }
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
  if (s.far) {
    fetch_far(far, kFirst);
    fetch_far(far + tile.shift, kSecond);
  }
  if (s.near) {
    fetch_near(near, kFirst);
    fetch_near(near + tile.shift, kSecond);
  }
}

// Writes a vector of sums of a row, divided and multiplied.
template <class T, int N>
WEFT_INLINE void write_sums(Vec<Acc<T>, N> sums, Acc<T> divisor, Acc<T> factor, T* to) {
  if (divisor != Acc<T>(1)) sums /= splat<Acc<T>, N>(divisor);
  store<N>(to, sums * splat<Acc<T>, N>(factor));
}

// What a tile kernel is asked for: the lanes of a vector, the vectors of a tile, how weights meet them, and what becomes of the rows.
struct Shape {
  int64_t lanes, vectors;
  Weighting weighting;
  Reduce reduce;
  bool tracks;
};

// How many vectors a tile has at most, so that accumulators of SUMS fit the registers: many only of the longest, since a row is covered by
// the longest that it has room for; of single values as many as cover three.
template <class T, int SUMS>
WEFT_INLINE constexpr int most_vectors(int64_t lanes) {
  if (lanes * int64_t{sizeof(Acc<T>)} < kVectorBytes) return lanes == 1 ? 4 : 2;
  return kVectorBytes == 64 ? kTile : kTile / SUMS;
}

template <int MOST, class Body>
WEFT_INLINE void with_vectors(int64_t vectors, const Body& body) {
  if constexpr (MOST > 1) {
    if (vectors < MOST) return with_vectors<MOST / 2>(vectors, body);
  }
  body(Lanes<MOST>{});
}

template <int N_, int NV_, Weighting W_>
struct FixedShape {
  static constexpr int N = N_, NV = NV_;
  static constexpr Weighting W = W_;
};

// The kernel that pick(FixedShape) names for a shape.
template <class T, int SUMS, class Pick>
WEFT_INLINE typename Tile<T>::Run kernel_of(const Shape& shape, const Pick& pick) {
  typename Tile<T>::Run run = nullptr;
  with_lanes<Acc<T>>(shape.lanes, [&](auto n) {
    constexpr int N = decltype(n)::count;
    with_vectors<most_vectors<T, SUMS>(N)>(shape.vectors, [&](auto vectors) {
      constexpr int NV = decltype(vectors)::count;
      switch (shape.weighting) {
        case kNone: run = pick(FixedShape<N, NV, kNone>{}); break;
        case kScalar: run = pick(FixedShape<N, NV, kScalar>{}); break;
        case kVector: run = pick(FixedShape<N, NV, kVector>{}); break;
        case kLanes: run = pick(FixedShape<N, NV, kLanes>{}); break;
      }
    });
  });
  return run;
}

// A family of kernels says what tiles do with the rows of edges: its `of` finds the one for a shape. Each is compiled once, in a file of its
// own, for all operators that use it.
#define WEFT_EVERY_TYPE(FAMILY, SUMS) \
  template struct FAMILY<float, SUMS>; \
  template struct FAMILY<double, SUMS>; \
  template struct FAMILY<bf16, SUMS>; \
  template struct FAMILY<f16, SUMS>;

// Adds up the rows of a segment.
template <class T, int SUMS>
struct Additions {
  static typename Tile<T>::Run of(const Shape& shape);
};

// The tiles of one call: rows of `features` values, `weights` an edge, SUMS of them with weights of their own each.
template <class T, int SUMS, template <class, int> class Kernels>
class Tiling {
  using A = Acc<T>;

 public:
  Tiling(int64_t features, int64_t weights, Reduce reduce, bool tracks)
      : features(features), weights_(weights), reduce_(reduce), tracks_(tracks), tiles(features / kTile + 2) {
    if (tiles.data) with_lanes<A>(features, [&](auto n) { cover(decltype(n)::count); });
  }

  // Runs all tiles over one segment.
  void run(const Segment<T>& s, A* values, typename Signed<A>::type* winners) const {
    for (int64_t t = 0; t < count; ++t) tiles[t].run(tiles[t], s, values, winners);
  }

  // Writes the accumulators to the row of their target, divided and multiplied.
  void finish(const A* values, A divisor, A factor, T* row) const {
    with_lanes<A>(features, [&](auto n) {
      constexpr int N = decltype(n)::count;
      each([&](int64_t slot, int64_t feature, int64_t lanes) {
        for (int64_t l = 0; l < lanes; l += N) write_sums<T, N>(load<N>(values + slot + l), divisor, factor, row + feature + l);
      });
    });
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
  int64_t weights_;
  Reduce reduce_;
  bool tracks_;

  Weighting weighting(int64_t lanes, int64_t group) const {
    const bool selects = reduce_ == kMax || reduce_ == kMin;
    if (!weights_) return kNone;
    if (weights_ == 1 && !selects) return kScalar;
    return group % lanes == 0 && !selects ? kVector : kLanes;
  }

  // The fewest tiles of the most vectors; one vector that is too long begins earlier.
  WEFT_OUTLINE void cover(int64_t n) {
    const int64_t group = weights_ ? features / weights_ : features;  // features of a weight
    for (int64_t at = 0, rest = features; rest > 0;) {
      int64_t vectors = 1;
      while (vectors < most_vectors<T, SUMS>(n) && vectors * n < rest) vectors *= 2;
      Tile<T>& tile = tiles[count++];
      tile.run = Kernels<T, SUMS>::of({n, vectors, weighting(n, group), reduce_, tracks_});
      tile.slot = slots;
      tile.lanes = vectors * n;
      tile.half = vectors / 2 * n;
      tile.shift = vectors > 1 ? smaller(tile.lanes, rest) - tile.half : 0;
      tile.begin = vectors > 1 ? at : smaller(at, features - n);
      for (int64_t v = 0; weights_ && v < vectors; ++v) {
        const int64_t from = tile.begin + (v < vectors / 2 ? v * n : tile.shift + (v - vectors / 2) * n);
        tile.weight[v] = static_cast<int32_t>(from / group);
        for (int64_t l = 0; l < n; ++l)
          tile.lane[v * n + l] = static_cast<typename Signed<A>::type>((from + l) / group - tile.weight[v]);
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
