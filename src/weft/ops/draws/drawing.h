// Which positions of a row are drawn. Whole numbers decide every draw, so that all machines draw alike.
#pragma once
#include "grow.h"
#include "weft/philox.h"

namespace weft {
namespace WEFT_ISA {

// Words of the counter (first, second + 0), (first, second + 1), ...; a lane of the counter costs one multiplication a round, so
// several blocks are made at once.
template <int kBlocks>
class WordsOf {
 public:
  WordsOf(uint64_t seed, uint64_t first, uint64_t second) : seed_(seed), first_(first), second_(second) {}

  // Words whose first blocks somebody has made already.
  WordsOf(uint64_t seed, uint64_t first, uint64_t second, const Draws (&made)[kBlocks]) : WordsOf(seed, first, second + kBlocks) {
    keep(made);
  }

  uint32_t next() {
    if (at_ == kWords) refill();
    return words_[at_++];
  }

  // A number below n, each as likely as the others: the high part of a product, whose low part shows the few draws to refuse. It takes
  // a word, or two for numbers that may need them.
  uint64_t below(uint64_t n, bool is_wide) {
    if (!is_wide) {
      uint64_t product = next() * n;
      if (static_cast<uint32_t>(product) < n) {
        const uint64_t least = ((uint64_t{1} << 32) - n) % n;
        while (static_cast<uint32_t>(product) < least) product = next() * n;
      }
      return product >> 32;
    }
    unsigned __int128 product = wide() * static_cast<unsigned __int128>(n);
    if (static_cast<uint64_t>(product) < n) {
      const uint64_t least = (0 - n) % n;
      while (static_cast<uint64_t>(product) < least) product = wide() * static_cast<unsigned __int128>(n);
    }
    return static_cast<uint64_t>(product >> 64);
  }

 private:
  static constexpr int kWords = 4 * kBlocks;
  const uint64_t seed_, first_;
  uint64_t second_;
  int at_ = kWords;
  uint32_t words_[kWords];

  uint64_t wide() {
    const uint64_t low = next();
    return low | static_cast<uint64_t>(next()) << 32;
  }

  void refill() {
    Draws made[kBlocks];
    for (int b = 0; b < kBlocks; ++b) made[b] = philox(seed_, first_, second_ + b);
    second_ += kBlocks;
    keep(made);
  }

  void keep(const Draws (&made)[kBlocks]) {
    for (int b = 0; b < kBlocks; ++b)
      for (int l = 0; l < 4; ++l) words_[4 * b + l] = made[b].bits[l];
    at_ = 0;
  }
};

using Words = WordsOf<2>;

// The first of lo .. hi that `is_before` is not said of; it is said of the first ones, if of any.
template <class Before>
WEFT_INLINE int64_t boundary(int64_t lo, int64_t hi, const Before& is_before) {
  while (lo < hi) {
    const int64_t middle = lo + (hi - lo) / 2;
    if (is_before(middle)) lo = middle + 1;
    else hi = middle;
  }
  return lo;
}

// The edges of one type, as numbers of 8 bytes that Python packs.
struct Relation {
  int64_t source_type, target_type, num_edges, wide;
  const int64_t* indptr;
  const void *source, *edge;
  const int64_t *sums, *times, *excluded;
  int64_t num_excluded;
  const void* ascending;

  AnyIds sources() const { return {source, wide != 0}; }
  AnyIds edges() const { return {edge, wide != 0}; }
  AnyIds in_order() const { return {ascending, wide != 0}; }

  // The positions of a row, read once, since somebody may write there; false if there are none such.
  bool row(int64_t node, int64_t& lo, int64_t& hi) const {
    lo = indptr[node], hi = indptr[node + 1];
    return 0 <= lo && lo <= hi && hi <= num_edges;
  }

  // Whether an edge joins `other` to the node whose row it is.
  bool joins(int64_t node, int64_t other) const {
    int64_t lo, hi;
    if (!row(node, lo, hi)) return false;
    const AnyIds ids = in_order();
    const int64_t at = boundary(lo, hi, [&](int64_t p) { return ids[p] < other; });
    return at < hi && ids[at] == other;
  }
};

// The edges from which a node's are drawn: positions lo .. hi of the compressed edges, without those in `excluded`, which ascend.
// `sums[p]` is what all weights before position p add up to; without it each weighs 1.
struct Candidates {
  int64_t lo, hi;
  const int64_t *sums, *excluded;
  int64_t num_excluded;

  // Leaves what happened up to `now` (before it, if strict) and, from a window of 0 on, not longer than that before; `times` rise in a row.
  void keep_past(const int64_t* times, int64_t now, bool is_strict, int64_t window) {
    hi = boundary(lo, hi, [&](int64_t p) { return is_strict ? times[p] < now : times[p] <= now; });
    if (window >= 0)
      lo = boundary(lo, hi, [&](int64_t p) { return static_cast<uint64_t>(now) - static_cast<uint64_t>(times[p]) > static_cast<uint64_t>(window); });
  }

  // Leaves what happens from `now` on, in the same way.
  void keep_future(const int64_t* times, int64_t now, bool is_strict, int64_t window) {
    lo = boundary(lo, hi, [&](int64_t p) { return is_strict ? times[p] <= now : times[p] < now; });
    if (window >= 0)
      hi = boundary(lo, hi, [&](int64_t p) { return static_cast<uint64_t>(times[p]) - static_cast<uint64_t>(now) <= static_cast<uint64_t>(window); });
  }

  int64_t count() const { return hi - lo - num_excluded; }
  int64_t weight(int64_t p) const { return sums ? sums[p + 1] - sums[p] : 1; }
  int64_t start(int64_t p) const { return sums ? sums[p] - sums[lo] : p - lo; }

  // The position whose weight covers the place `at` of the row.
  int64_t find(int64_t at) const {
    return boundary(lo + 1, hi, [&](int64_t p) { return sums[p] - sums[lo] <= at; }) - 1;
  }

  // The position of rank `rank` among all that are not excluded.
  int64_t ranked(int64_t rank) const {
    return lo + rank + boundary(0, num_excluded, [&](int64_t x) { return excluded[x] - x - lo <= rank; });
  }

  template <class Visit>
  void each(const Visit& visit) const {
    for (int64_t p = lo, x = 0; p < hi; ++p) {
      if (x < num_excluded && excluded[x] == p) ++x;
      else if (weight(p) > 0) visit(p);
    }
  }
};

// What a draw leaves behind: for equal weights the ranks that were drawn, else the positions out of the draw, ascending, and what those
// before each weigh.
struct Taken {
  Grow<int64_t> places, removed;
  bool ok() const { return places.ok && removed.ok; }
};

// Draws `fanout` of the candidates, all alike, by Floyd's method: of the first j + 1 a number that was not drawn, else j itself. There
// have to be that many, unless they are put back.
WEFT_INLINE void draw_alike(const Candidates& from, int64_t fanout, bool replaces, Words words, Taken& taken, Grow<int64_t>& out) {
  constexpr int64_t kLanes = 8;
  const int64_t count = from.count();
  Grow<int64_t>& ranks = taken.places;
  if ((!replaces && !ranks.reserve(fanout + kLanes)) || !out.reserve(out.count + fanout)) return;
  for (int64_t i = 0; i < fanout; ++i) {
    const int64_t last = replaces ? count - 1 : count - fanout + i;
    int64_t rank = static_cast<int64_t>(words.below(last + 1, last >= INT64_C(0xFFFFFFFF)));
    if (!replaces) {
      if (i % kLanes == 0)
        for (int64_t l = 0; l < kLanes; ++l) ranks[i + l] = -1;
      bool is_taken = false;
      for (int64_t m = 0; m <= i; m += kLanes)
        for (int64_t l = 0; l < kLanes; ++l) is_taken |= ranks[m + l] == rank;
      ranks[i] = rank = is_taken ? last : rank;
    }
    out.data[out.count++] = from.ranked(rank);
  }
}

// Draws `fanout` of the candidates one after the other, each by its weight among those that are left (or among all, if they are put
// back): a number below the weight that is left, in which the ones taken before are stepped over.
WEFT_INLINE void draw_by_weight(const Candidates& from, int64_t fanout, bool replaces, Words words, Taken& taken, Grow<int64_t>& out) {
  int64_t left = from.start(from.hi), gone = 0;
  Grow<int64_t>&position = taken.places, &removed = taken.removed;
  const int64_t most = from.num_excluded + (replaces ? 0 : smaller(fanout, from.count()));
  if (!position.reserve(most) || !removed.reserve(most)) return;
  const auto take = [&](int64_t rank, int64_t p) {
    const int64_t weight = from.weight(p);
    for (int64_t i = gone++; i > rank; --i) {
      position[i] = position[i - 1];
      removed[i] = removed[i - 1] + weight;
    }
    position[rank] = p;
    removed[rank] = rank ? removed[rank - 1] + from.weight(position[rank - 1]) : 0;
    left -= weight;
  };
  for (int64_t x = 0; x < from.num_excluded; ++x) take(x, from.excluded[x]);
  for (int64_t draws = 0; draws < fanout && left > 0; ++draws) {
    const int64_t at = static_cast<int64_t>(words.below(left, true));
    // How many of those taken start at or before the place, when they are taken out.
    const int64_t rank = boundary(0, gone, [&](int64_t i) { return from.start(position[i]) - removed[i] <= at; });
    const int64_t skipped = rank ? removed[rank - 1] + from.weight(position[rank - 1]) : 0;
    const int64_t p = from.find(at + skipped);
    out.push(p);
    if (!replaces) take(rank, p);
  }
}

// Keeps each candidate with the chance that makes `fanout` the expected number: a draw of its source, which is the same for all
// targets, decides. Chances are weights over a common divisor, and those that would exceed 1 are kept in any case.
template <class Draw>
WEFT_INLINE void draw_by_source(const Candidates& from, int64_t fanout, const Draw& draw_of, Grow<int64_t>& out) {
  int64_t sure = 0, rest = 0;
  uint64_t bound = UINT64_MAX;  // weights from here on are kept
  from.each([&](int64_t p) { rest += from.weight(p); });
  for (bool grows = from.sums != nullptr; grows;) {
    grows = false;
    int64_t more = 0, heavy = 0;
    const unsigned __int128 share = fanout - sure;
    uint64_t lowest = bound;
    from.each([&](int64_t p) {
      const uint64_t weight = from.weight(p);
      if (weight >= bound || share * weight < static_cast<unsigned __int128>(rest)) return;
      ++more, heavy += weight;
      lowest = weight < lowest ? weight : lowest;
    });
    if (more) sure += more, rest -= heavy, bound = lowest, grows = sure < fanout;
  }
  const unsigned __int128 share = fanout - sure;
  from.each([&](int64_t p) {
    const uint64_t weight = from.weight(p);
    if (weight >= bound || static_cast<unsigned __int128>(draw_of(p)) * rest < (share * weight << 32)) out.push(p);
  });
}

}  // namespace WEFT_ISA
}  // namespace weft
