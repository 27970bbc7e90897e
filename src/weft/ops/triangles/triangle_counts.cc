// Triangles by node. Nodes are numbered by degree, and each edge is kept at its lower end: no list is then longer than sqrt(2 E). The list of a
// node becomes a set of bits, in which the lists of its members are looked up. Memory traffic: a copy of half the edges, each list once
// for each node that lists it; bits and counts of the nodes of high degree, which come last, are met most and stay in the caches.
#include "../cores/by_degree.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void* neighbor;
  int64_t* out;
  int64_t num_nodes, num_edges;
};

constexpr int64_t kGrain = 256;

// The graph by rank, the place in the order of degrees, and where the neighbours of higher rank begin.
template <class I>
struct Ranked {
  const ByDegree<I> sorted;
  const Buffer<int64_t> indptr;
  explicit Ranked(const Rows<I>& rows) : sorted(rows), indptr(rows.count + 1) {}
  bool starved() const { return sorted.starved() || !indptr.data; }
};

// Calls on(place, rank) for the neighbours of rank r that rank higher, and counts them.
template <class I, class On>
WEFT_INLINE int64_t visit_above(const Rows<I>& rows, const Ranked<I>& ranked, int64_t r, Faults& faults, const On& on) {
  const int64_t v = static_cast<int64_t>(ranked.sorted.node[r]);
  int64_t count = 0;
  for (int64_t p = rows.indptr[v]; p < rows.indptr[v + 1]; ++p) {
    const uint64_t u = rows.source_at(p);
    if (__builtin_expect(u >= static_cast<uint64_t>(rows.count), 0)) return faults.note(p), count;
    if (const I rank = ranked.sorted.place[u]; static_cast<int64_t>(rank) > r) on(count++, rank);
  }
  return count;
}

template <class I>
void count_above(const Rows<I>& rows, const Ranked<I>& ranked, int64_t threads, Faults& faults) {
  ranked.indptr[0] = 0;
  parallel_ranges(rows.count, kGrain, threads, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) ranked.indptr[r + 1] = visit_above(rows, ranked, r, faults, [](int64_t, I) {});
  });
  for (int64_t r = 0; r < rows.count; ++r) ranked.indptr[r + 1] += ranked.indptr[r];
}

template <class I>
void list_above(const Rows<I>& rows, const Ranked<I>& ranked, I* above, int64_t threads, Faults& faults) {
  parallel_ranges(rows.count, kGrain, threads, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      I* list = above + ranked.indptr[r];
      const int64_t room = ranked.indptr[r + 1] - ranked.indptr[r];
      // Ids may have been overwritten since they were counted: no place is left out, and none written that is not there.
      for (int64_t place = 0; place < room; ++place) list[place] = static_cast<I>(r);
      visit_above(rows, ranked, r, faults, [&](int64_t place, I rank) {
        if (place < room) list[place] = rank;
      });
    }
  });
}

// Triangles whose lowest rank is r, found with the set `bits`, which is left empty.
template <class I, class Add>
WEFT_INLINE void count_at(const Ranked<I>& ranked, const I* above, int64_t r, uint64_t* bits, const Add& add) {
  const int64_t first = ranked.indptr[r], last = ranked.indptr[r + 1];
  if (last - first < 2) return;
  for (int64_t p = first; p < last; ++p) bits[above[p] / 64] |= UINT64_C(1) << (above[p] % 64);
  int64_t at_lowest = 0;
  for (int64_t p = first; p < last; ++p) {
    const int64_t middle = static_cast<int64_t>(above[p]);
    int64_t at_middle = 0;
    for (int64_t q = ranked.indptr[middle]; q < ranked.indptr[middle + 1]; ++q) {
      const int64_t top = static_cast<int64_t>(above[q]);
      const int64_t closes = bits[top / 64] >> (top % 64) & 1;
      add(top, closes);
      at_middle += closes;
    }
    if (at_middle) add(middle, at_middle);
    at_lowest += at_middle;
  }
  if (at_lowest) add(r, at_lowest);
  for (int64_t p = first; p < last; ++p) bits[above[p] / 64] = 0;
}

template <class I>
int count_triangles(const Arguments& a) {
  const Rows<I> rows{a.indptr, static_cast<const I*>(a.neighbor), nullptr, a.num_nodes, a.num_nodes, a.num_edges};
  int status = Plan(rows).status;
  if (status == kOk) status = check_width<I>(a.num_nodes, "nodes");
  if (status != kOk || a.num_nodes == 0) return status;
  const auto starved = [&] { return fail(kNoMemory, "no memory for %lld nodes", static_cast<long long>(a.num_nodes)); };
  const int64_t threads = a.num_edges < kSerialWork ? 1 : a.threads, words = (a.num_nodes + 63) / 64;
  const Ranked<I> ranked(rows);
  if (ranked.starved()) return starved();
  Faults faults;
  count_above(rows, ranked, threads, faults);
  const Buffer<I> above(faults.any() ? 0 : ranked.indptr[a.num_nodes]);
  const Buffer<int64_t> counts(a.num_nodes);
  if (!faults.any() && ranked.indptr[a.num_nodes] && !above.data) return starved();
  if (!faults.any()) list_above(rows, ranked, above.data, threads, faults);
  if (faults.any()) return refuse_id("neighbor", rows.source, faults.position, a.num_nodes, "nodes");
  if (!counts.data) return starved();
  for (int64_t r = 0; r < a.num_nodes; ++r) counts[r] = 0;

  // Each thread takes shares of the ranks until none is left, so that it needs one set.
  const int64_t shares = (a.num_nodes + kGrain - 1) / kGrain;
  int64_t next = 0;
  parallel_tasks(threads, threads, [&](int64_t) {
    const Buffer<uint64_t> bits(words);
    if (!bits.data) return faults.starve();
    for (int64_t w = 0; w < words; ++w) bits[w] = 0;
    const auto add = [&](int64_t rank, int64_t count) {
      if (threads == 1) counts[rank] += count;
      else if (count) __atomic_fetch_add(&counts[rank], count, __ATOMIC_RELAXED);
    };
    for (int64_t share; (share = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED)) < shares;)
      for (int64_t r = share * kGrain; r < smaller(a.num_nodes, (share + 1) * kGrain); ++r) count_at(ranked, above.data, r, bits.data, add);
  });
  if (faults.starved) return starved();
  for (int64_t r = 0; r < a.num_nodes; ++r) a.out[ranked.sorted.node[r]] = counts[r];
  return kOk;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(triangle_counts, "indptr neighbor out num_nodes num_edges") {
  using namespace weft;
  using namespace weft::WEFT_ISA;
  const auto& a = *static_cast<const Arguments*>(arguments);
  return with_ids(a, [&](auto id) { return count_triangles<decltype(id)>(a); });
}
