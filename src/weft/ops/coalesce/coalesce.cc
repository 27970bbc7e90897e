// Edges compressed by row, grouped by column within each row. Memory traffic: the edges three times, a row at a time,
// and the results once; a counting sort over the ranks that the set of columns gives, so that the work is linear
// however long a row is.
#include "../coo_to_csc/counting.h"
#include "../sparse_product/column_set.h"
#include "../sparse_product/compressed.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* edge_indptr;
  const void *column, *edge;
  const int64_t* indptr;
  void* entries;
  int64_t* segments;
  void* order;
  int64_t rows, columns, edges, total;
};

template <class I>
struct Group {
  const Arguments& a;
  const Compressed<I>& listed;
  int64_t most;  // columns of a row
  Faults &bad_column, &misfits;

  template <class Desk>
  bool row(int64_t row, Desk& desk) const {
    const I* edge = static_cast<const I*>(a.edge);
    I* order = static_cast<I*>(a.order);
    const int64_t first = listed.begin(row), last = listed.end(row), begin = a.indptr[row], room = a.indptr[row + 1] - begin;
    ColumnSet& set = desk.set;
    for (int64_t p = first; p < last; ++p) {
      const uint64_t column = listed.column_at(p);
      if (__builtin_expect(!listed.fits(column), 0)) return bad_column.note(p), false;
      set.add(column);
    }
    if (set.list(static_cast<I*>(a.entries) + begin, room) != room) return misfits.note(row), false;
    int64_t *place = desk.sums.data, *ranks = place + most;
    for (int64_t k = 0; k < room; ++k) place[k] = 0;
    for (int64_t p = first; p < last; ++p) {
      const uint64_t column = listed.column_at(p);
      const uint64_t rank = listed.fits(column) ? set.slot(column) : room;
      if (__builtin_expect(rank >= static_cast<uint64_t>(room), 0)) return bad_column.note(p), false;
      ranks[p - first] = rank;
      ++place[rank];
    }
    for (int64_t k = 0, at = first; k < room; ++k) {
      a.segments[begin + k] = at;
      at += place[k];
      place[k] = a.segments[begin + k];
    }
    for (int64_t p = first; p < last; ++p) order[place[ranks[p - first]]++] = edge[p];
    set.clear();
    return true;
  }
};

template <class I>
int coalesce(const Arguments& a) {
  const Compressed<I> listed{"edge_", a.edge_indptr, static_cast<const I*>(a.column), a.rows, a.columns, a.edges};
  const Compressed<I> out{"", a.indptr, static_cast<const I*>(a.column), a.rows, a.columns, a.total};
  int status = listed.check();
  if (status == kOk) status = out.check();
  if (status != kOk) return status;
  use_large_pages(a.entries, a.total * sizeof(I));
  use_large_pages(a.segments, a.total * sizeof(int64_t));
  use_large_pages(a.order, a.edges * sizeof(I));
  const int64_t shares = count_shares(a.rows, a.edges), threads = smaller(a.threads, shares);
  const int64_t most = out.longest();
  Desks<int64_t> desks(threads, a.columns, most + listed.longest());
  if (!desks.ready()) return fail(kNoMemory, "no memory for sets of %lld columns", static_cast<long long>(a.columns));
  Faults bad_column, misfits;
  const Group<I> group{a, listed, most, bad_column, misfits};
  for_shares(a.edge_indptr, a.rows, shares, threads, [&](int64_t, int64_t first, int64_t last) {
    auto& desk = desks.take();
    for (int64_t row = first; row < last && group.row(row, desk); ++row) {
    }
    desks.give_back(desk);
  });
  a.segments[a.total] = a.edges;
  if (bad_column.any()) return refuse_id("column", static_cast<const I*>(a.column), bad_column.position, a.columns, "columns");
  if (!misfits.any()) return kOk;
  return fail(kBadPointer, "`indptr` has no room for exactly the columns of row %lld", static_cast<long long>(misfits.position));
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(coalesce_entries, "edge_indptr column edge indptr entries segments order num_rows num_columns num_edges total") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  return WEFT_ISA::with_ids(a, [&](auto id) { return WEFT_ISA::coalesce<decltype(id)>(a); });
}
