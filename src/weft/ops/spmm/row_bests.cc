// The best values of whole rows, and which edges have them: maxima, of values times -1 for minima.
#include "row_tiles.h"

namespace weft {
namespace WEFT_ISA {
namespace {

// The best value of each feature and, if it TRACKS, the edge that has it, counted from the first of its row. Without EXACT the comparison
// takes a NaN for a loser, which makes the chain from edge to edge half as long: what came of it does not hold if there was one.
template <class T, int N, int NV, Weighting W, bool TRACKS, bool EXACT>
struct RowBest {
  using A = Acc<T>;
  using S = typename Signed<A>::type;
  const Tile<T>& tile;
  const HeldSegment<T, NV> s;
  const Vec<A, N> sign;
  Vec<A, N> best[NV];
  Mask<A, N> winner[NV], odd{};
  static constexpr bool kWritesFast = writes_fast<T, N, NV>();

  RowBest(const Tile<T>& tile, const RowSegment<T>& s) : tile(tile), s(s), sign(splat<A, N>(s.sign)) {}

  WEFT_INLINE_MEMBER void start() {
    WEFT_UNROLL for (int v = 0; v < NV; ++v) best[v] = Vec<A, N>{}, winner[v] = Mask<A, N>{};
  }

  WEFT_INLINE_MEMBER void resume(const A* values, const S* winners) {
    WEFT_UNROLL for (int v = 0; v < NV; ++v) {
      best[v] = load<N>(values + tile.slot + v * N) * sign;
      if constexpr (TRACKS) winner[v] = load<N>(winners + tile.slot + v * N);
    }
  }

  WEFT_INLINE_MEMBER Vec<A, N> message(int64_t j, int v) const {
    const auto x = load<N>(tile.template at<N, NV>(s.rows[j], v));
    if constexpr (W == kNone) return x * sign;
    else return x * weights<T, N, W>(tile, s, j, v) * sign;
  }

  WEFT_INLINE_MEMBER void take(int64_t begin, int64_t at, int64_t end) {
    if (begin == at && at < end) {
      fetch<T, N, NV>(tile, s, at);
      WEFT_UNROLL for (int v = 0; v < NV; ++v) {
        best[v] = message(at, v);
        if constexpr (TRACKS) winner[v] = Mask<A, N>{};
      }
      ++at;
    }
    for (int64_t j = at; j < end; ++j) add(j, begin, false);
  }

  WEFT_INLINE_MEMBER void add(int64_t j, int64_t begin, bool starts) {
    fetch<T, N, NV>(tile, s, j);
    const auto first = splat<S, N>(-static_cast<S>(starts));
    WEFT_UNROLL for (int v = 0; v < NV; ++v) {
      const auto value = message(j, v);
      Mask<A, N> taken;
      if constexpr (EXACT) taken = wins<A, N, true>(value, best[v]);
      else taken = value > best[v], odd |= value != value;
      taken |= first;
      if constexpr (TRACKS) winner[v] = taken ? splat<S, N>(static_cast<S>(j - begin)) : winner[v];
      best[v] = taken ? value : best[v];
    }
  }

  WEFT_INLINE_MEMBER void keep(A* values, S* winners) const {
    WEFT_UNROLL for (int v = 0; v < NV; ++v) {
      store<N, A>(values + tile.slot + v * N, best[v] * sign);
      if constexpr (TRACKS) store<N, S>(winners + tile.slot + v * N, winner[v]);
    }
  }

  WEFT_INLINE_MEMBER void move(int64_t begin) {
    WEFT_UNROLL for (int v = 0; v < NV && TRACKS; ++v) winner[v] += splat<S, N>(static_cast<S>(begin));
  }

  WEFT_INLINE_MEMBER void finish(int64_t row, int64_t begin, int64_t degree) {
    if (degree > 0) write(row, begin, degree);
    else clear(row);
    start();
  }

  WEFT_INLINE_MEMBER void write(int64_t row, int64_t begin, int64_t) const {
    const int64_t from = s.base + begin, first = row * s.features;
    WEFT_UNROLL for (int v = 0; v < NV; ++v) {
      store<N>(tile.template at<N, NV>(s.out + first, v), best[v] * sign);
      if constexpr (!TRACKS) continue;
      if (s.wide) store_ids(tile.template at<N, NV>(static_cast<int64_t*>(s.winner) + first, v), winner[v], from);
      else store_ids(tile.template at<N, NV>(static_cast<int32_t*>(s.winner) + first, v), winner[v], from);
    }
  }

  template <class I>
  WEFT_INLINE_MEMBER static void store_ids(I* to, const Mask<A, N>& winner, int64_t from) {
    if constexpr (N == 1) {
      *to = static_cast<I>(from + winner);
    } else {
      const Vec<I, N> ids = __builtin_convertvector(winner, Vec<I, N>) + static_cast<I>(from);
      memcpy(to, &ids, sizeof ids);
    }
  }

  WEFT_INLINE_MEMBER void clear(int64_t row) const {
    const int64_t at = row * s.features + tile.begin, count = tile.width(), id = s.wide ? 8 : 4;
    memset(s.out + at, 0, count * sizeof(T));
    if constexpr (TRACKS) memset(static_cast<char*>(s.winner) + at * id, 0xff, count * id);
  }

  WEFT_INLINE_MEMBER bool holds() const { return EXACT || !any_lane<A, N>(odd); }
};

// One vector of the rows, if there was a NaN; slower, but such rows are few.
template <class T, int N, Weighting W, bool TRACKS>
WEFT_OUTLINE void select_exactly(const Tile<T>& vector, const RowSegment<T>& s, Acc<T>* values, typename Signed<Acc<T>>::type* winners) {
  walk_rows<T>(RowBest<T, N, 1, W, TRACKS, true>(vector, s), s, values, winners);
}

// Without TRACKS nobody asks which edge won.
template <class T, int N, int NV, Weighting W, bool TRACKS>
void select_rows(const Tile<T>& tile, const Segment<T>& segment, Acc<T>* values, typename Signed<Acc<T>>::type* winners) {
  const auto& s = static_cast<const RowSegment<T>&>(segment);
  if (walk_rows<T>(RowBest<T, N, NV, W, TRACKS, false>(tile, s), s, values, winners)) return;
  for (int v = 0; v < NV; ++v) select_exactly<T, N, W, TRACKS>(tile.template vector<N, NV>(v), s, values, winners);
}

}  // namespace

template <class T, int SUMS>
typename Tile<T>::Run RowBests<T, SUMS>::of(const Shape& shape) {
  return kernel_of<T, SUMS>(shape, [&](auto fixed) -> typename Tile<T>::Run {
    using F = decltype(fixed);
    if constexpr (F::W == kNone || F::W == kLanes) {  // lanes serve all weights
      return shape.tracks ? select_rows<T, F::N, F::NV, F::W, true> : select_rows<T, F::N, F::NV, F::W, false>;
    } else {
      return nullptr;
    }
  });
}

WEFT_EVERY_TYPE(RowBests, 1)

}  // namespace WEFT_ISA
}  // namespace weft
