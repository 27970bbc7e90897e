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
  void *entries, *slot;
  int64_t* segments;
  void* order;
  int64_t rows, columns, edges, total;
};

template <class I>
struct Group {
  const Arguments& a;
  const Compressed<I>& listed;
  Faults &bad_column, &bad_edge, &misfits;

  template <class Desk>
  bool row(int64_t row, Desk& desk) const {
    const I* edge = static_cast<const I*>(a.edge);
    I *slot = static_cast<I*>(a.slot), *order = static_cast<I*>(a.order);
    const int64_t first = listed.begin(row), last = listed.end(row), begin = a.indptr[row], room = a.indptr[row + 1] - begin;
    ColumnSet& set = desk.set;
    for (int64_t p = first; p < last; ++p) {
      const uint64_t column = listed.column_at(p);
      if (__builtin_expect(!listed.fits(column), 0)) return bad_column.note(p), false;
      set.add(column);
    }
    if (set.list(static_cast<I*>(a.entries) + begin, room) != room) return misfits.note(row), false;
    int64_t* place = desk.sums.data;
    for (int64_t k = 0; k < room; ++k) place[k] = 0;
    for (int64_t p = first; p < last; ++p) {
      const int64_t at = rank(p, set, room);
      if (at < 0) return false;
      ++place[at];
    }
    for (int64_t k = 0, at = first; k < room; ++k) {
      a.segments[begin + k] = at;
      at += place[k];
      place[k] = a.segments[begin + k];
    }
    for (int64_t p = first; p < last; ++p) {
      const int64_t at = rank(p, set, room);
      const uint64_t id = static_cast<uint64_t>(static_cast<int64_t>(edge[p]));
      if (at < 0) return false;
      if (__builtin_expect(id >= static_cast<uint64_t>(a.edges), 0)) return bad_edge.note(p), false;
      if (__builtin_expect(place[at] >= last, 0)) return bad_column.note(p), false;  // an id was overwritten meanwhile
      order[place[at]++] = static_cast<I>(id);
      slot[id] = static_cast<I>(begin + at);
    }
    set.clear();
    return true;
  }

 private:
  int64_t rank(int64_t p, const ColumnSet& set, int64_t room) const {
    const uint64_t column = listed.column_at(p);
    const uint64_t at = listed.fits(column) ? set.slot(column) : room;
    if (__builtin_expect(at >= static_cast<uint64_t>(room), 0)) return bad_column.note(p), -1;
    return at;
  }
};

template <class I>
int coalesce(const Arguments& a) {
  const Compressed<I> listed{"edge_", a.edge_indptr, static_cast<const I*>(a.column), a.rows, a.columns, a.edges};
  const Compressed<I> out{"", a.indptr, static_cast<const I*>(a.column), a.rows, a.columns, a.total};
  int status = listed.check();
  if (status == kOk) status = out.check();
  if (status != kOk) return status;
  // An edge that is listed twice leaves another without an entry.
  memset(a.slot, 0, a.edges * sizeof(I));
  const int64_t shares = count_shares(a.rows, a.edges), threads = smaller(a.threads, shares);
  Desks<int64_t> desks(threads, a.columns, out.longest());
  if (!desks.ready()) return fail(kNoMemory, "no memory for sets of %lld columns", static_cast<long long>(a.columns));
  Faults bad_column, bad_edge, misfits;
  const Group<I> group{a, listed, bad_column, bad_edge, misfits};
  for_shares(a.edge_indptr, a.rows, shares, threads, [&](int64_t, int64_t first, int64_t last) {
    auto& desk = desks.take();
    for (int64_t row = first; row < last && group.row(row, desk); ++row) {
    }
    desks.give_back(desk);
  });
  a.segments[a.total] = a.edges;
  if (bad_column.any()) return refuse_id("column", static_cast<const I*>(a.column), bad_column.position, a.columns, "columns");
  if (bad_edge.any()) return refuse_id("edge", static_cast<const I*>(a.edge), bad_edge.position, a.edges, "edges");
  if (!misfits.any()) return kOk;
  return fail(kBadPointer, "`indptr` has no room for exactly the columns of row %lld", static_cast<long long>(misfits.position));
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(coalesce_entries, "edge_indptr column edge indptr entries slot segments order num_rows num_columns num_edges total") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  return WEFT_ISA::with_ids(a, [&](auto id) { return WEFT_ISA::coalesce<decltype(id)>(a); });
}
