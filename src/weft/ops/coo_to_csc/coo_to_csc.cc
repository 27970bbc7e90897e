// A stable counting sort. Memory traffic: keys twice, the other ends once (or their pointers, where they ascend), two arrays of E written to
// scattered places. Where the counters of all nodes outgrow the caches, edges are sorted into groups of neighbouring nodes first, and each
// group within the caches.
#include <algorithm>
#include <cstring>

#include "../sparse_product/compressed.h"
#include "counting.h"

namespace weft {
namespace WEFT_ISA {
namespace {

// What is sorted, and where to.
struct Edges {
  const void* key;
  int64_t* indptr;
  void *source, *edge;
  int64_t num_edges, num, threads;
  const char* called;  // the keys, in errors
};

struct ListArguments : Call {
  const void *key, *other;
  int64_t* indptr;
  void *source, *edge;
  int64_t num_edges, num;
};

struct RowArguments : Call {
  const int64_t* indptr;
  const void* column;
  int64_t* out_indptr;
  void *row, *entry;
  int64_t num_rows, num_entries, num_columns;
};

// The other ends from one edge on, asked for in turn: listed, or the rows in which the edges stand.
template <class I>
struct Listed {
  const I* other;
  struct Cursor {
    const I* other;
    I at(int64_t e) { return other[e]; }
  };
  Cursor from(int64_t) const { return {other}; }
};

template <class I>
struct Compressing {
  const int64_t* indptr;
  int64_t num_rows;
  struct Cursor {
    const int64_t* indptr;
    int64_t num_rows, row;
    I at(int64_t e) {
      while (row + 1 < num_rows && indptr[row + 1] <= e) ++row;
      return static_cast<I>(row);
    }
  };
  Cursor from(int64_t e) const { return {indptr, num_rows, larger(0, std::upper_bound(indptr, indptr + num_rows, e) - indptr - 1)}; }
};

constexpr int64_t kGroups = 256;           // as many streams of writes as the caches hold
constexpr int64_t kCachedNodes = 1 << 17;  // whose counters the second cache level holds

template <class I, class Others>
struct Sort {
  const Edges a;
  const Others others;
  const I* const key = static_cast<const I*>(a.key);
  I *const source = static_cast<I*>(a.source), *const edge = static_cast<I*>(a.edge);
  Faults faults{};

  int no_memory() const { return fail(kNoMemory, "no memory to count %lld nodes", static_cast<long long>(a.num)); }
  int outcome() const { return faults.any() ? refuse_id(a.called, key, faults.position, a.num, "nodes") : kOk; }

  // Sorts by groups of 2^shift nodes, whose first places go to `begins`; move(e, p) takes what else belongs to an edge.
  template <class Move>
  int place(int64_t chunks, int64_t shift, int64_t* begins, const Move& move) {
    const int64_t length = (a.num_edges + chunks - 1) / chunks, groups = groups_of(a.num, shift);
    Buffer<int64_t> places(chunks * groups);
    if (groups && !places.data) return no_memory();
    count_ids(key, a.num_edges, a.num, chunks, places.data, faults, shift);
    if (faults.any()) return outcome();
    number_places(places.data, groups, chunks, begins);
    parallel_tasks(chunks, chunks, [&](int64_t chunk) {
      auto other = others.from(chunk * length);
      const auto fetch = [&](int64_t p) {
        if (shift == 0) __builtin_prefetch(source + p, 1), __builtin_prefetch(edge + p, 1);
      };
      const auto put = [&](int64_t e, int64_t p) { source[p] = other.at(e), edge[p] = static_cast<I>(e), move(e, p); };
      place_ids(key, chunk * length, smaller(a.num_edges, (chunk + 1) * length), a.num, a.num_edges, places.data + chunk * groups, faults, fetch, put, shift);
    });
    return outcome();
  }

  int at_once() {
    return place(choose_chunks(a.num_edges, a.num, a.threads), 0, a.indptr, [](int64_t, int64_t) {});
  }

  // `Low` holds what a node is within its group.
  template <class Low>
  int by_groups(int64_t shift) {
    const int64_t nodes = int64_t{1} << shift, groups = groups_of(a.num, shift), tasks = larger(1, a.threads);
    Buffer<Low> low(a.num_edges);
    Buffer<int64_t> begins(groups + 1);
    if (!low.data || !begins.data) return no_memory();
    use_large_pages(low.data, a.num_edges * sizeof(Low));
    const int status = place(tasks, shift, begins.data, [&](int64_t e, int64_t p) { low[p] = static_cast<Low>(key[e] & (nodes - 1)); });
    if (status != kOk) return status;
    parallel_tasks(groups, tasks, [&](int64_t group) { sort_group(group << shift, nodes, begins[group], begins[group + 1], low.data); });
    a.indptr[a.num] = a.num_edges;
    return faults.starved ? no_memory() : kOk;
  }

  // Nodes are masked: where another thread changed keys under way, `low` may hold anything.
  template <class Low>
  void sort_group(int64_t first, int64_t nodes, int64_t begin, int64_t end, const Low* low) {
    const int64_t count = end - begin;
    Buffer<int64_t> places(nodes);
    Buffer<I> kept(2 * count);
    if (!places.data || (count && !kept.data)) return faults.starve();
    memset(places.data, 0, nodes * sizeof(int64_t));
    for (int64_t p = begin; p < end; ++p) ++places[low[p] & (nodes - 1)];
    int64_t at = begin;
    for (int64_t k = 0; k < nodes; ++k) {
      const int64_t here = places[k];
      if (first + k < a.num) a.indptr[first + k] = at;
      places[k] = at;
      at += here;
    }
    if (!count) return;
    memcpy(kept.data, source + begin, count * sizeof(I));
    memcpy(kept.data + count, edge + begin, count * sizeof(I));
    for (int64_t k = 0; k < count; ++k) {
      const int64_t p = places[low[begin + k] & (nodes - 1)]++;
      source[p] = kept[k];
      edge[p] = kept[count + k];
    }
  }

  int run() {
    const int status = check_width<I>(a.num_edges, "edges");
    if (status != kOk) return status;
    use_large_pages(source, a.num_edges * sizeof(I));
    use_large_pages(edge, a.num_edges * sizeof(I));
    if (a.num_edges < a.num || a.num <= kCachedNodes || std::is_sorted(key, key + a.num_edges)) return at_once();
    int64_t shift = 0;
    while (groups_of(a.num, shift) > kGroups) ++shift;
    return shift <= 16 ? by_groups<uint16_t>(shift) : shift < 32 ? by_groups<uint32_t>(shift) : at_once();
  }
};

template <class I>
int compress(const ListArguments& a) {
  const Edges edges{a.key, a.indptr, a.source, a.edge, a.num_edges, a.num, a.threads, "key"};
  return Sort<I, Listed<I>>{edges, {static_cast<const I*>(a.other)}}.run();
}

template <class I>
int turn(const RowArguments& a) {
  const Compressed<I> matrix{"", a.indptr, static_cast<const I*>(a.column), a.num_rows, a.num_columns, a.num_entries};
  int status = matrix.check();
  if (status == kOk) status = check_width<I>(a.num_rows, "rows");
  if (status != kOk) return status;
  const Edges edges{a.column, a.out_indptr, a.row, a.entry, a.num_entries, a.num_columns, a.threads, "column"};
  return Sort<I, Compressing<I>>{edges, {a.indptr, a.num_rows}}.run();
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(coo_to_csc, "key other indptr source edge num_edges num") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::ListArguments*>(arguments);
  return WEFT_ISA::with_ids(a, [&](auto id) { return WEFT_ISA::compress<decltype(id)>(a); });
}

WEFT_KERNEL(csr_to_csc, "indptr column out_indptr row entry num_rows num_entries num_columns") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::RowArguments*>(arguments);
  return WEFT_ISA::with_ids(a, [&](auto id) { return WEFT_ISA::turn<decltype(id)>(a); });
}
