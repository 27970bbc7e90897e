// Edges compressed by row are sorted by column within each row: few are inserted; short rows are ranked; long ones take a counting sort over the ranks
// that the set of columns gives, so that the work is linear however long a row is. What is sorted shows its entries in one pass.
#include "../coo_to_csc/counting.h"
#include "../segment_sort/ranks.h"
#include "../sparse_product/column_set.h"
#include "../sparse_product/compressed.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct SortArguments : Call {
  const int64_t* edge_indptr;
  const void *column, *edge;
  int64_t* indptr;
  void *sorted, *order;
  int64_t rows, columns, edges;
};

struct EntryArguments : Call {
  const int64_t* edge_indptr;
  const void* sorted;
  const int64_t* indptr;
  void* entries;
  int64_t* segments;
  int64_t rows, edges, total;
};

template <class I>
struct Sort {
  using K = std::make_signed_t<I>;
  const SortArguments& a;
  const Compressed<I>& listed;
  Faults& bad_column;

  template <class Desk>
  bool row(int64_t row, Desk& desk) const {
    const int64_t first = listed.begin(row), count = listed.end(row) - first;
    return count <= kInserted ? insert(row, first, count) : count <= kRanked ? rank(row, first, count) : scatter(row, first, count, desk);
  }

 private:
  static constexpr int64_t kInserted = 12;

  bool insert(int64_t row, int64_t first, int64_t count) const {
    I *sorted = static_cast<I*>(a.sorted) + first, *order = static_cast<I*>(a.order) + first;
    const I* edge = static_cast<const I*>(a.edge) + first;
    for (int64_t k = 0; k < count; ++k) {
      const uint64_t column = listed.column_at(first + k);
      if (__builtin_expect(!listed.fits(column), 0)) return bad_column.note(first + k), false;
      const K key = static_cast<K>(column);
      int64_t at = k;
      for (; at > 0 && static_cast<K>(sorted[at - 1]) > key; --at) sorted[at] = sorted[at - 1], order[at] = order[at - 1];
      sorted[at] = static_cast<I>(key), order[at] = edge[k];
    }
    return count_entries(row, sorted, count);
  }

  bool count_entries(int64_t row, const I* sorted, int64_t count) const {
    int64_t entries = count > 0;
    for (int64_t k = 1; k < count; ++k) entries += sorted[k] != sorted[k - 1];
    a.indptr[row + 1] = entries;
    return true;
  }

  bool rank(int64_t row, int64_t first, int64_t count) const {
    alignas(64) K keys[kRanked + 64], ranks[kRanked + 64];
    for (int64_t k = 0; k < count; ++k) {
      const uint64_t column = listed.column_at(first + k);
      if (__builtin_expect(!listed.fits(column), 0)) return bad_column.note(first + k), false;
      keys[k] = static_cast<K>(column);
    }
    rank_keys(keys, count, ranks);
    I *sorted = static_cast<I*>(a.sorted) + first, *order = static_cast<I*>(a.order) + first;
    const I* edge = static_cast<const I*>(a.edge) + first;
    for (int64_t k = 0; k < count; ++k) sorted[ranks[k]] = static_cast<I>(keys[k]), order[ranks[k]] = edge[k];
    return count_entries(row, sorted, count);
  }

  template <class Desk>
  bool scatter(int64_t row, int64_t first, int64_t count, Desk& desk) const {
    ColumnSet& set = desk.set;
    for (int64_t p = first; p < first + count; ++p) {
      const uint64_t column = listed.column_at(p);
      if (__builtin_expect(!listed.fits(column), 0)) return bad_column.note(p), false;
      set.add(column);
    }
    const int64_t entries = set.rank();
    int64_t *place = desk.sums.data, *ranks = place + count;
    for (int64_t k = 0; k < entries; ++k) place[k] = 0;
    for (int64_t k = 0; k < count; ++k) {
      const uint64_t column = listed.column_at(first + k);
      const uint64_t rank = listed.fits(column) ? set.slot(column) : UINT64_MAX;
      // Only an id that was overwritten since the set was filled can have no place.
      if (__builtin_expect(rank >= static_cast<uint64_t>(entries), 0)) return bad_column.note(first + k), false;
      ranks[k] = rank;
      ++place[rank];
    }
    for (int64_t k = 0, at = first; k < entries; ++k) {
      const int64_t here = place[k];
      place[k] = at;
      at += here;
    }
    for (int64_t k = 0; k < count; ++k) {
      const int64_t at = place[ranks[k]]++;
      static_cast<I*>(a.sorted)[at] = listed.column[first + k];
      static_cast<I*>(a.order)[at] = static_cast<const I*>(a.edge)[first + k];
    }
    a.indptr[row + 1] = set.clear();
    return true;
  }
};

template <class I>
int sort(const SortArguments& a) {
  const Compressed<I> listed{"edge_", a.edge_indptr, static_cast<const I*>(a.column), a.rows, a.columns, a.edges};
  const int status = listed.check();
  if (status != kOk) return status;
  use_large_pages(a.sorted, a.edges * sizeof(I));
  use_large_pages(a.order, a.edges * sizeof(I));
  const int64_t shares = count_shares(a.rows, a.edges), threads = smaller(a.threads, shares);
  Desks<int64_t> desks(threads, a.columns, 2 * listed.longest());
  if (!desks.ready()) return fail(kNoMemory, "no memory for sets of %lld columns", static_cast<long long>(a.columns));
  Faults bad_column;
  const Sort<I> sort{a, listed, bad_column};
  for_shares(a.edge_indptr, a.rows, shares, threads, [&](int64_t, int64_t first, int64_t last) {
    auto& desk = desks.take();
    for (int64_t row = first; row < last && sort.row(row, desk); ++row) {
    }
    desks.give_back(desk);
  });
  if (bad_column.any()) return refuse_id("column", static_cast<const I*>(a.column), bad_column.position, a.columns, "columns");
  add_up(a.indptr, a.rows);
  return kOk;
}

template <class I>
int list_entries(const EntryArguments& a) {
  const I* sorted = static_cast<const I*>(a.sorted);
  const Compressed<I> listed{"edge_", a.edge_indptr, sorted, a.rows, 0, a.edges}, out{"", a.indptr, sorted, a.rows, 0, a.total};
  int status = listed.check();
  if (status == kOk) status = out.check();
  if (status != kOk) return status;
  use_large_pages(a.entries, a.total * sizeof(I));
  use_large_pages(a.segments, a.total * sizeof(int64_t));
  Faults misfits;
  const int64_t shares = count_shares(a.rows, a.edges);
  for_shares(a.edge_indptr, a.rows, shares, smaller(a.threads, shares), [&](int64_t, int64_t first, int64_t last) {
    for (int64_t row = first; row < last; ++row) {
      int64_t at = a.indptr[row];
      const int64_t begin = listed.begin(row), stop = listed.end(row), end = a.indptr[row + 1];
      for (int64_t p = begin; p < stop; ++p) {
        if (p > begin && sorted[p] == sorted[p - 1]) continue;
        if (__builtin_expect(at == end, 0)) return misfits.note(row);
        static_cast<I*>(a.entries)[at] = sorted[p];
        a.segments[at++] = p;
      }
      if (__builtin_expect(at != end, 0)) return misfits.note(row);
    }
  });
  a.segments[a.total] = a.edges;
  if (!misfits.any()) return kOk;
  return fail(kBadPointer, "`indptr` has no room for exactly the columns of row %lld", static_cast<long long>(misfits.position));
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(sort_edges, "edge_indptr column edge indptr sorted order num_rows num_columns num_edges") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::SortArguments*>(arguments);
  return WEFT_ISA::with_ids(a, [&](auto id) { return WEFT_ISA::sort<decltype(id)>(a); });
}

WEFT_KERNEL(coalesce_entries, "edge_indptr column indptr entries segments num_rows num_edges total") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::EntryArguments*>(arguments);
  return WEFT_ISA::with_ids(a, [&](auto id) { return WEFT_ISA::list_entries<decltype(id)>(a); });
}
