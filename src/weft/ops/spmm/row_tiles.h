// Tile kernels that reduce the rows of a segment one behind the other, and write those that end in it straight from their registers.
#pragma once
#include "values.h"

namespace weft {
namespace WEFT_ISA {

// Before a loop over the vectors of a tile: it is unrolled before GCC decides whether they stay in registers.
#define WEFT_UNROLL _Pragma("GCC unroll 8")

// Rows `first` .. `end` end in this segment, and one more goes on behind it if `open`; row i has positions indptr[i] .. indptr[i + 1].
template <class T>
struct RowSegment : Segment<T> {
  const int64_t* indptr;
  int64_t base;  // position of the first edge of the segment
  int64_t first, end;
  bool open;
  T* out;        // (rows, features)
  void* winner;  // the same, ids
  bool wide;     // of 64 bits
  int64_t features;
  const T* scale;  // of each row, or null
  bool divides;    // by the number of edges
};

// Of one tile a copy, whose parts no store can change; of several, which are called for every row, the segment itself.
template <class T, int NV>
using HeldSegment = std::conditional_t<(NV < kTile), RowSegment<T>, const RowSegment<T>&>;

// Whether a tile is written within so few instructions that it can be after every edge.
template <class T, int N, int NV>
constexpr bool writes_fast() { return N > 1 && NV * sizeof(Acc<T>) <= 2 * sizeof(T); }

// Takes the edges of rows that end in a segment one by one, without a branch that depends on where rows end: each writes what its row
// has come to, and the last one of a row is right. Not for rows that are divided, which would be after each edge.
template <class T, class Work>
WEFT_INLINE void walk_few(Work& work, const RowSegment<T>& s, int64_t edges) {
  int64_t begins[kMostEdges + 1], begin = s.fresh ? 0 : s.indptr[s.first] - s.base, row = s.first;
  if (find_begins(s.indptr, row, s.end, s.base, edges, begins)) {
    for (int64_t empty = row, at = begin; empty < s.end; ++empty) {
      const int64_t end = smaller(edges, s.indptr[empty + 1] - s.base);
      if (end <= at) work.clear(empty);
      at = larger(at, end);
    }
  }
  if (!s.fresh) begins[0] = -1, work.move(begin);
  for (int64_t j = 0; j < edges; ++j) {
    row = larger(row, s.first + begins[j]);
    work.add(j, 0, begins[j] >= 0);
    work.write(row, 0, 1);
  }
}

// Walks the rows of a segment; false if what the work found does not hold. A Work has
//   start(), or resume(values, winners), and keep(values, winners): what it holds of a row that other segments have edges of, too;
//   take(begin, at, end): edges at .. end of a row whose first is `begin`;  write(row, begin, degree), clear(row);  holds();
//   add(edge, begin, starts): one edge, before which the work starts anew or does not;  move(begin): counts from another `begin`.
template <class T, class Work>
WEFT_INLINE bool walk_rows(Work work, const RowSegment<T>& s, Acc<T>* values, typename Signed<Acc<T>>::type* winners) {
  if (s.fresh) work.start();
  else work.resume(values, winners);
  int64_t at = 0, row = s.first;
  const int64_t ended = s.indptr[s.end] - s.base;
  if (Work::kWritesFast && !s.divides && 0 < ended && ended <= smaller(kMostEdges, (s.end - row) * kFewEdges)) {
    at = smaller(s.count, ended);
    walk_few<T>(work, s, at);
    row = s.end;
  }
  for (; row < s.end + s.open; ++row) {
    // Pointers were checked; what another thread writes there meanwhile must not lead out of the segment.
    const int64_t begin = s.indptr[row] - s.base, end = row == s.end ? s.count : larger(at, smaller(s.count, s.indptr[row + 1] - s.base));
    if (at < end) work.take(begin, at, end);
    if (row < s.end && begin < end) work.write(row, begin, end - begin);
    else if (row < s.end) work.clear(row);
    at = end;
  }
  if (!work.holds()) return false;
  if (s.open) work.keep(values, winners);
  return true;
}

template <class T, int N, int NV, Weighting W>
struct RowSum {
  using A = Acc<T>;
  using S = typename Signed<A>::type;
  const Tile<T>& tile;
  const HeldSegment<T, NV> s;
  Vec<A, N> sum[NV];
  static constexpr bool kWritesFast = writes_fast<T, N, NV>();

  RowSum(const Tile<T>& tile, const RowSegment<T>& s) : tile(tile), s(s) {}

  WEFT_INLINE_MEMBER void start() {
    WEFT_UNROLL for (int v = 0; v < NV; ++v) sum[v] = Vec<A, N>{};
  }

  WEFT_INLINE_MEMBER void resume(const A* values, const S*) {
    WEFT_UNROLL for (int v = 0; v < NV; ++v) sum[v] = load<N>(values + tile.slot + v * N);
  }

  WEFT_INLINE_MEMBER void take(int64_t begin, int64_t at, int64_t end) {
    if (begin == at) start();
    for (int64_t j = at; j < end; ++j) add(j, begin, false);
  }

  WEFT_INLINE_MEMBER void add(int64_t j, int64_t, bool starts) {
    fetch<T, N, NV>(tile, s, j);
    const auto none = splat<S, N>(-static_cast<S>(starts));
    WEFT_UNROLL for (int v = 0; v < NV; ++v) {
      const auto x = load<N>(tile.template at<N, NV>(s.rows[j], v));
      const auto before = none ? Vec<A, N>{} : sum[v];
      if constexpr (W == kNone) sum[v] = before + x;
      else sum[v] = fma<A, N>(weights<T, N, W>(tile, s, j, v), x, before);
    }
  }

  WEFT_INLINE_MEMBER void keep(A* values, S*) const {
    WEFT_UNROLL for (int v = 0; v < NV; ++v) store<N, A>(values + tile.slot + v * N, sum[v]);
  }

  WEFT_INLINE_MEMBER void move(int64_t) {}

  WEFT_INLINE_MEMBER void write(int64_t row, int64_t, int64_t degree) const {
    const A factor = s.scale ? widen(s.scale[row]) : A(1);
    T* const to = s.out + row * s.features;
    if (s.divides) write_tile<T, N, NV>(tile, sum, static_cast<A>(degree), factor, to);
    else write_tile<T, N, NV>(tile, sum, A(1), factor, to);
  }

  WEFT_INLINE_MEMBER void clear(int64_t row) const { memset(s.out + row * s.features + tile.begin, 0, tile.width() * sizeof(T)); }
  WEFT_INLINE_MEMBER bool holds() const { return true; }
};

// The best value of each feature and, if it TRACKS, the edge that has it, counted from the first of its row. Without EXACT the comparison
// takes a NaN for a loser, which makes the chain from edge to edge half as long: what came of it does not hold if there was one.
template <class T, int N, int NV, Weighting W, bool MAX, bool TRACKS, bool EXACT>
struct RowBest {
  using A = Acc<T>;
  using S = typename Signed<A>::type;
  const Tile<T>& tile;
  const HeldSegment<T, NV> s;
  Vec<A, N> best[NV];
  Mask<A, N> winner[NV], odd{};
  static constexpr bool kWritesFast = writes_fast<T, N, NV>();

  RowBest(const Tile<T>& tile, const RowSegment<T>& s) : tile(tile), s(s) {}

  WEFT_INLINE_MEMBER void start() {
    WEFT_UNROLL for (int v = 0; v < NV; ++v) best[v] = Vec<A, N>{}, winner[v] = Mask<A, N>{};
  }

  WEFT_INLINE_MEMBER void resume(const A* values, const S* winners) {
    WEFT_UNROLL for (int v = 0; v < NV; ++v) {
      best[v] = load<N>(values + tile.slot + v * N);
      if constexpr (TRACKS) winner[v] = load<N>(winners + tile.slot + v * N);
    }
  }

  WEFT_INLINE_MEMBER Vec<A, N> message(int64_t j, int v) const {
    const auto x = load<N>(tile.template at<N, NV>(s.rows[j], v));
    if constexpr (W == kNone) return x;
    else return x * weights<T, N, W>(tile, s, j, v);
  }

  WEFT_INLINE_MEMBER void take(int64_t begin, int64_t at, int64_t end) {
    if (begin == at) {
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
      if constexpr (EXACT) taken = wins<A, N, MAX>(value, best[v]);
      else taken = MAX ? value > best[v] : value < best[v], odd |= value != value;
      taken |= first;
      if constexpr (TRACKS) winner[v] = taken ? splat<S, N>(static_cast<S>(j - begin)) : winner[v];
      best[v] = taken ? value : best[v];
    }
  }

  WEFT_INLINE_MEMBER void keep(A* values, S* winners) const {
    WEFT_UNROLL for (int v = 0; v < NV; ++v) {
      store<N, A>(values + tile.slot + v * N, best[v]);
      if constexpr (TRACKS) store<N, S>(winners + tile.slot + v * N, winner[v]);
    }
  }

  WEFT_INLINE_MEMBER void move(int64_t begin) {
    WEFT_UNROLL for (int v = 0; v < NV && TRACKS; ++v) winner[v] += splat<S, N>(static_cast<S>(begin));
  }

  WEFT_INLINE_MEMBER void write(int64_t row, int64_t begin, int64_t) const {
    const int64_t from = s.base + begin, first = row * s.features;
    WEFT_UNROLL for (int v = 0; v < NV; ++v) {
      store<N>(tile.template at<N, NV>(s.out + first, v), best[v]);
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

template <class T, int N, int NV, Weighting W>
void sum_rows(const Tile<T>& tile, const Segment<T>& segment, Acc<T>* values, typename Signed<Acc<T>>::type* winners) {
  const auto& s = static_cast<const RowSegment<T>&>(segment);
  walk_rows<T>(RowSum<T, N, NV, W>(tile, s), s, values, winners);
}

// Without TRACKS nobody asks which edge won.
template <class T, int N, int NV, Weighting W, bool MAX, bool TRACKS>
void select_rows(const Tile<T>& tile, const Segment<T>& segment, Acc<T>* values, typename Signed<Acc<T>>::type* winners) {
  const auto& s = static_cast<const RowSegment<T>&>(segment);
  if (!walk_rows<T>(RowBest<T, N, NV, W, MAX, TRACKS, false>(tile, s), s, values, winners))
    walk_rows<T>(RowBest<T, N, NV, W, MAX, TRACKS, true>(tile, s), s, values, winners);
}

struct RowReductions {
  template <class T, int N, int NV, Weighting W, int SUMS>
  static typename Tile<T>::Run pick(Reduce reduce, bool tracks) {
    if constexpr (W == kNone || W == kLanes) {  // lanes serve all that select
      if (reduce == kMax) return tracks ? select_rows<T, N, NV, W, true, true> : select_rows<T, N, NV, W, true, false>;
      if (reduce == kMin) return tracks ? select_rows<T, N, NV, W, false, true> : select_rows<T, N, NV, W, false, false>;
    }
    return sum_rows<T, N, NV, W>;
  }
};

}  // namespace WEFT_ISA
}  // namespace weft
