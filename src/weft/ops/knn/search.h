// Search: what a query has found so far (collectors), and the two ways to offer it points: a walk through a tree, nearest child first,
// and blocks of all points against tiles of queries.
#pragma once
#include <cfloat>

#include "../segment_sort/ranks.h"
#include "forest.h"

namespace weft {
namespace WEFT_ISA {

template <class A> constexpr A largest_finite() { return sizeof(A) == 4 ? static_cast<A>(FLT_MAX) : static_cast<A>(DBL_MAX); }

// The largest value of A that is finite and at most `limit`: distances beyond float's range are no distances within a limit.
template <class A> WEFT_INLINE A reach_of(double limit) {
  if (!(limit < largest_finite<A>())) return largest_finite<A>();
  const A rounded = static_cast<A>(limit);
  if (rounded <= limit || rounded == 0) return rounded;
  const Bits<A> bits = bits_of(rounded) - 1;
  A below;
  memcpy(&below, &bits, sizeof below);
  return below;
}

// The `wanted` nearest points of one query. Few are kept sorted: a new one is let in by a pass over all of them without a branch, which
// costs less than one wrong guess of where it belongs. Many are kept in a heap.
template <class A>
struct Nearest {
  static constexpr int64_t kFew = 64;
  static constexpr Key<A> kNone = ~Key<A>{0} >> 1;  // above every key, and positive if taken as signed
  Key<A>* held;  // held[-1] has to be there too
  int64_t wanted, count = 0;
  uint32_t self;  // never taken; UINT32_MAX for none
  A reach;        // points beyond cannot enter
  Key<A> worst = kNone;

  Nearest() = default;
  Nearest(Key<A>* held, int64_t wanted, uint32_t self, A reach) : held(held), wanted(wanted), self(self), reach(reach) {
    if (!held) return;
    held[-1] = 0;
    if (wanted <= kFew) std::fill(held, held + wanted, kNone);
  }

  bool is_done() const { return wanted == 0; }

  // Offers the lanes of `mask`, whose distances are at most `reach`.
  template <class Id>
  WEFT_INLINE_MEMBER void take(unsigned mask, const A* distance, const Id& id) {
    for (; mask; mask &= mask - 1) {
      const int lane = __builtin_ctz(mask);
      const Key<A> key = make_key(distance[lane], id(lane));
      if (key < worst && id(lane) != self) add(key);
    }
  }

  WEFT_INLINE_MEMBER void add(Key<A> key) {
    const bool fills = count < wanted;
    count += fills;
    if (wanted <= kFew) {
      insert(key);
    } else if (fills) {
      held[count - 1] = key;
      return;  // as many as are wanted may be all there are: a heap is made when one more comes
    } else {
      if (worst == kNone) std::make_heap(held, held + count);
      if (key > held[0]) return heap_made();
      std::pop_heap(held, held + count);
      held[count - 1] = key;
      std::push_heap(held, held + count);
      return heap_made();
    }
    worst = held[wanted - 1];
    if (count == wanted) reach = distance_of<A>(worst);
  }

  void heap_made() {
    worst = held[0];
    reach = distance_of<A>(worst);
  }

  // Each place keeps its key, or takes the new one or its lower neighbour's: the middle of the three.
  WEFT_INLINE_MEMBER void insert(Key<A> key) {
    int64_t end = wanted;
    if constexpr (sizeof(Key<A>) == 8) {
      constexpr int L = kVectorBytes / 8;
      const Vec<int64_t, L> added = splat<int64_t, L>(static_cast<int64_t>(key));
      for (; end >= L; end -= L) {
        Vec<int64_t, L> here, below;
        memcpy(&here, held + end - L, sizeof here);
        memcpy(&below, held + end - L - 1, sizeof below);
        below = below > added ? below : added;
        here = here < below ? here : below;
        memcpy(held + end - L, &here, sizeof here);
      }
    }
    for (int64_t at = end - 1; at >= 0; --at) held[at] = std::min(held[at], std::max(held[at - 1], key));
  }

  // Up to a few hundred, ranks take less than a sort that branches.
  void sort() {
    constexpr int64_t kRanks = 256;
    if (wanted <= kFew) return;
    if constexpr (sizeof(Key<A>) == 8) {
      if (count <= kRanks) {
        alignas(64) int64_t keys[kRanks + 64], ranks[kRanks + 64];
        for (int64_t i = 0; i < count; ++i) keys[i] = static_cast<int64_t>(held[i]);
        rank_keys(keys, count, ranks);
        for (int64_t i = 0; i < count; ++i) held[ranks[i]] = static_cast<Key<A>>(keys[i]);
        return;
      }
    }
    std::sort(held, held + count);
  }
};

// How many points lie within reach, up to `most`.
template <class A>
struct Counted {
  int64_t count = 0, most;
  uint32_t self;
  A reach;
  Key<A> worst = ~Key<A>{0};

  Counted() = default;
  Counted(int64_t most, uint32_t self, A reach) : most(most), self(self), reach(reach) {}

  bool is_done() const { return count >= most; }

  template <class Id>
  WEFT_INLINE_MEMBER void take(unsigned mask, const A*, const Id& id) {
    count += __builtin_popcount(mask);
    for (; self != UINT32_MAX && mask; mask &= mask - 1) count -= id(__builtin_ctz(mask)) == self;
    if (count >= most) {
      count = most;
      worst = 0;
    }
  }
};

// Offers the points of a tree, nearest child first, until no child can hold a point that would enter.
template <class A, int D, class Found>
void walk(const Forest<A, D>& forest, const Tree& tree, const A* q, Found& found) {
  struct Entry {
    Key<A> bound;
    int64_t node, level;
  };
  constexpr int N = Forest<A, D>::kLanes;
  Entry stack[kLevels * kFan];
  alignas(64) A distance[kBlock], bound[kFan];
  int64_t size = 0;
  if (tree.blocks == 0 || found.is_done()) return;
  stack[size++] = Entry{0, 0, tree.levels - 1};
  while (size > 0) {
    const Entry top = stack[--size];
    if (top.bound >= found.worst) continue;
    const int64_t node = tree.node[top.level] + top.node;
    forest.bounds(node, q, bound);
    Entry near[kFan];
    int count = 0;
    for (int child = 0; child < kFan; ++child) {
      if (!(bound[child] <= found.reach)) continue;
      const Entry entry{make_key(bound[child], forest.least(node)[child]), top.node * kFan + child, top.level - 1};
      int at = count++;
      for (; at > 0 && near[at - 1].bound > entry.bound; --at) near[at] = near[at - 1];
      near[at] = entry;
    }
    if (top.level > 0) {
      while (count > 0) stack[size++] = near[--count];
      continue;
    }
    for (int i = 0; i < count && near[i].bound < found.worst; ++i) {
      const int64_t block = tree.first + near[i].node;
      const uint32_t* ids = forest.ids(block);
      forest.distances(block, q, distance);
      unsigned mask = 0;
      for (int lane = 0; lane < kBlock; lane += N)
        mask |= lane_bits<A, N>(load<N>(distance + lane) <= splat<A, N>(found.reach)) << lane;
      found.take(mask, distance, [&](int lane) { return ids[lane]; });
    }
  }
}

// The queries of a block, up to 16, walk a tree together: calls on_block(block) for those that may hold a point within reach() of one,
// blocks near the box of all queries first. What it says may shrink meanwhile.
template <class A, int D, class Reach, class OnBlock>
void walk_together(const Forest<A, D>& forest, const Tree& tree, const A* low, const A* high, const Reach& reach, const OnBlock& on_block) {
  struct Entry {
    A bound;
    int64_t node, level;
  };
  Entry stack[kLevels * kFan];
  alignas(64) A bound[kFan];
  int64_t size = 0;
  if (tree.blocks > 0) stack[size++] = Entry{0, 0, tree.levels - 1};
  while (size > 0) {
    const Entry top = stack[--size];
    if (!(top.bound <= reach())) continue;
    forest.bounds(tree.node[top.level] + top.node, low, high, bound);
    Entry near[kFan];
    int count = 0;
    for (int child = 0; child < kFan; ++child) {
      if (!(bound[child] <= reach())) continue;
      int at = count++;
      for (; at > 0 && near[at - 1].bound > bound[child]; --at) near[at] = near[at - 1];
      near[at] = Entry{bound[child], top.node * kFan + child, top.level - 1};
    }
    if (top.level > 0)
      while (count > 0) stack[size++] = near[--count];
    for (int i = 0; i < count; ++i)
      if (near[i].bound <= reach()) on_block(tree.first + near[i].node);
  }
}

// A block of a tree as queries, and the box around them.
template <class A, int D>
struct Party {
  int64_t cloud, count;
  const uint32_t* position;
  A low[D ? D : kMostTreeDims], high[D ? D : kMostTreeDims], q[kBlock][D ? D : kMostTreeDims];
};

// Runs on_party(party) for all queries, block by block. `targets` is the forest of the queries.
template <class A, int D, class OnParty>
void for_parties(const Forest<A, D>& targets, int64_t threads, const OnParty& on_party) {
  parallel_ranges(targets.blocks(), kSerialWork / 1024, threads, [&](int64_t lo, int64_t hi) {
    Party<A, D> party;
    party.cloud = cloud_of(targets.first_block.data, targets.clouds() + 1, lo);
    for (int64_t block = lo; block < hi; ++block) {
      while (block >= targets.first_block[party.cloud + 1]) ++party.cloud;
      party.count = smaller(kBlock, targets.finite(party.cloud) - (block - targets.first_block[party.cloud]) * kBlock);
      if (party.count <= 0) continue;
      party.position = targets.ids(block);
      for (int64_t d = 0; d < targets.dims(); ++d) {
        const A* x = targets.coordinate(block, d);
        party.low[d] = *std::min_element(x, x + party.count);
        party.high[d] = *std::max_element(x, x + party.count);
        for (int64_t lane = 0; lane < party.count; ++lane) party.q[lane][d] = x[lane];
      }
      on_party(party);
    }
  });
}

// Runs on_query(cloud, position, q) for every query, neighbours in space one after the other. `targets` is the forest of the queries.
template <class A, int D, class OnQuery>
void for_queries(const Forest<A, D>& targets, int64_t threads, const OnQuery& on_query) {
  parallel_ranges(targets.blocks(), kSerialWork / 1024, threads, [&](int64_t lo, int64_t hi) {
    int64_t cloud = cloud_of(targets.first_block.data, targets.clouds() + 1, lo);
    for (int64_t block = lo; block < hi; ++block) {
      while (block >= targets.first_block[cloud + 1]) ++cloud;
      const int64_t at = (block - targets.first_block[cloud]) * kBlock;
      for (int64_t lane = 0; lane < kBlock && at + lane < targets.finite(cloud); ++lane) {
        A q[D ? D : kMostTreeDims];
        for (int64_t d = 0; d < targets.dims(); ++d) q[d] = targets.coordinate(block, d)[lane];
        on_query(cloud, targets.ids(block)[lane], q);
      }
    }
  });
}

// The same points in blocks without a tree, in their order: for many coordinates, where boxes exclude nothing.
template <class A>
struct Blocks {
  static constexpr int N = kVectorBytes / sizeof(A) < kBlock ? kVectorBytes / sizeof(A) : kBlock;
  static constexpr int kVectors = kBlock / N, kQueries = 8 / kVectors;  // eight sums in flight hide the latency of an addition
  static constexpr int64_t kTile = 64;                                  // queries that share a stretch of blocks from the first cache level

  const int64_t* indptr;
  int64_t clouds, dims;
  Buffer<int64_t> first;
  Buffer<A> coordinates;

  Blocks(const A* x, const int64_t* indptr, int64_t clouds, int64_t dims, int64_t threads)
      : indptr(indptr), clouds(clouds), dims(dims), first(clouds + 1), coordinates(number(indptr, clouds) * kBlock * dims) {
    if (starved()) return;
    first[0] = 0;
    for (int64_t c = 0; c < clouds; ++c) first[c + 1] = first[c] + (indptr[c + 1] - indptr[c] + kBlock - 1) / kBlock;
    use_large_pages(coordinates.data, first[clouds] * kBlock * dims * sizeof(A));
    parallel_ranges(first[clouds], 16, threads, [&](int64_t lo, int64_t hi) {
      for (int64_t block = lo; block < hi; ++block) {
        const int64_t c = cloud_of(first.data, clouds + 1, block), begin = indptr[c] + (block - first[c]) * kBlock;
        for (int64_t lane = 0; lane < kBlock; ++lane)
          for (int64_t d = 0; d < dims; ++d)
            coordinates[(block * dims + d) * kBlock + lane] =
                begin + lane < indptr[c + 1] ? x[(begin + lane) * dims + d] : static_cast<A>(__builtin_inf());
      }
    });
  }

  bool starved() const { return !first.data || (number(indptr, clouds) > 0 && !coordinates.data); }

  // The squared distances from q to the points of a block.
  WEFT_INLINE_MEMBER void distances(int64_t block, const A* q, A* to) const {
    for (int lane = 0; lane < kBlock; lane += N) {
      Vec<A, N> sum = {};
      for (int64_t d = 0; d < dims; ++d)
        sum = add_square<A, N>(load<N>(coordinates.data + (block * dims + d) * kBlock + lane) - splat<A, N>(q[d]), sum);
      store<N, A>(to + lane, sum);
    }
  }

  static int64_t number(const int64_t* indptr, int64_t clouds) {
    int64_t total = 0;
    for (int64_t c = 0; c < clouds; ++c) total += (indptr[c + 1] - indptr[c] + kBlock - 1) / kBlock;
    return total;
  }

  // Runs on_tile(cloud, first query, count, q) for tiles of queries of a cloud; q holds their coordinates and rows to fill the last
  // group. False if memory was short, or a tile said so.
  template <class OnTile>
  bool for_tiles(const A* queries, const int64_t* query_indptr, int64_t threads, const OnTile& on_tile) const {
    Buffer<int64_t> tiles(clouds + 1);
    if (!tiles.data) return false;
    tiles[0] = 0;
    for (int64_t c = 0; c < clouds; ++c) tiles[c + 1] = tiles[c] + (query_indptr[c + 1] - query_indptr[c] + kTile - 1) / kTile;
    Faults faults;
    parallel_tasks(tiles[clouds], threads, [&](int64_t tile) {
      const int64_t cloud = cloud_of(tiles.data, clouds + 1, tile), begin = query_indptr[cloud] + (tile - tiles[cloud]) * kTile;
      const int64_t count = smaller(kTile, query_indptr[cloud + 1] - begin);
      Buffer<A> q(kTile * dims);
      if (!q.data) return faults.starve();
      memcpy(q.data, queries + begin * dims, count * dims * sizeof(A));
      memset(q.data + count * dims, 0, (kTile - count) * dims * sizeof(A));
      if (!on_tile(cloud, begin, count, q.data)) faults.starve();
    });
    return !faults.starved;
  }

  // Offers every point of a cloud to `count` queries in rows of q, whose rows up to the next multiple of kQueries may be read.
  template <class Found>
  void offer(int64_t cloud, const A* q, int64_t count, Found* found) const {
    const int64_t stretch = larger(1, 16384 / (kBlock * larger(1, dims) * static_cast<int64_t>(sizeof(A))));
    for (int64_t begin = first[cloud]; begin < first[cloud + 1]; begin += stretch)
      for (int64_t i = 0; i < count; i += kQueries)
        for (int64_t block = begin; block < smaller(first[cloud + 1], begin + stretch); ++block) {
          alignas(64) A distance[kQueries][kBlock];
          unsigned mask[kQueries];
          measure(coordinates.data + block * dims * kBlock, q + i * dims, found + i, smaller(kQueries, count - i), distance, mask);
          const uint32_t id = static_cast<uint32_t>((block - first[cloud]) * kBlock);
          for (int64_t j = 0; j < smaller(kQueries, count - i); ++j)
            if (mask[j]) found[i + j].take(mask[j], distance[j], [&](int lane) { return id + static_cast<uint32_t>(lane); });
        }
  }

 private:
  template <class Found>
  WEFT_INLINE_MEMBER void measure(const A* block, const A* q, const Found* found, int64_t count, A (*distance)[kBlock],
                                  unsigned* mask) const {
    Vec<A, N> sum[kQueries][kVectors] = {};
    for (int64_t d = 0; d < dims; ++d) {
      Vec<A, N> at[kVectors];
      for (int v = 0; v < kVectors; ++v) at[v] = load<N>(block + d * kBlock + v * N);
      for (int j = 0; j < kQueries; ++j) {
        const Vec<A, N> query = splat<A, N>(q[j * dims + d]);
        for (int v = 0; v < kVectors; ++v) sum[j][v] = add_square<A, N>(at[v] - query, sum[j][v]);
      }
    }
    for (int64_t j = 0; j < count; ++j) {
      mask[j] = 0;
      for (int v = 0; v < kVectors; ++v) {
        mask[j] |= lane_bits<A, N>(sum[j][v] <= splat<A, N>(found[j].reach)) << v * N;
        store<N, A>(distance[j] + v * N, sum[j][v]);
      }
    }
  }
};

}  // namespace WEFT_ISA
}  // namespace weft
