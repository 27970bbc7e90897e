// Values of one compressed matrix at the places of another. Memory traffic: everything once, in sequence, the columns
// twice; the values of a row lie side by side at the ranks of its columns.
#include "../sparse_product/column_set.h"
#include "../sparse_product/compressed.h"
#include "weft/vector.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void *column, *value;
  const int64_t* at_indptr;
  const void* at_column;
  void* out;
  int64_t rows, columns, entries, places;
};

template <class T, class I>
struct Lookup {
  using A = Acc<T>;
  const Compressed<I>&held, &asked;
  const T* value;
  T* out;
  Faults &bad_held, &bad_asked;

  template <class Desk>
  bool row(int64_t row, Desk& desk) const {
    ColumnSet& set = desk.set;
    for (int64_t q = held.begin(row); q < held.end(row); ++q) {
      const uint64_t column = held.column_at(q);
      if (__builtin_expect(!held.fits(column), 0)) return bad_held.note(q), false;
      set.add(column);
    }
    // Ids that were overwritten since, or a set that a failed task left behind, could give a rank beyond the sums.
    const int64_t count = set.rank(), room = held.end(row) - held.begin(row);
    if (__builtin_expect(count > room, 0)) return bad_held.note(held.begin(row)), false;
    A* sums = desk.sums.data;
    for (int64_t k = 0; k < count; ++k) sums[k] = 0;
    for (int64_t q = held.begin(row); q < held.end(row); ++q) {
      const uint64_t column = held.column_at(q);
      if (__builtin_expect(!held.fits(column), 0)) return bad_held.note(q), false;
      const uint64_t slot = set.slot(column);
      if (__builtin_expect(slot >= static_cast<uint64_t>(count), 0)) return bad_held.note(q), false;
      sums[slot] += widen(value[q]);
    }
    for (int64_t p = asked.begin(row); p < asked.end(row); ++p) {
      const uint64_t column = asked.column_at(p);
      if (__builtin_expect(!asked.fits(column), 0)) return bad_asked.note(p), false;
      out[p] = narrow<T>(set.has(column) ? sums[set.slot(column)] : A{0});
    }
    set.clear();
    return true;
  }
};

template <class T, class I>
int look_up(const Arguments& a) {
  const Compressed<I> held{"", a.indptr, static_cast<const I*>(a.column), a.rows, a.columns, a.entries};
  const Compressed<I> asked{"at_", a.at_indptr, static_cast<const I*>(a.at_column), a.rows, a.columns, a.places};
  int status = held.check();
  if (status == kOk) status = asked.check();
  if (status != kOk) return status;
  const int64_t shares = count_shares(a.rows, a.entries), threads = smaller(a.threads, shares);
  Desks<Acc<T>> desks(threads, a.columns, held.longest());
  if (!desks.ready()) return fail(kNoMemory, "no memory for sets of %lld columns", static_cast<long long>(a.columns));
  Faults bad_held, bad_asked;
  const Lookup<T, I> lookup{held, asked, static_cast<const T*>(a.value), static_cast<T*>(a.out), bad_held, bad_asked};
  for_shares(a.indptr, a.rows, shares, threads, [&](int64_t, int64_t first, int64_t last) {
    auto& desk = desks.take();
    for (int64_t row = first; row < last && lookup.row(row, desk); ++row) {
    }
    desks.give_back(desk);
  });
  if (bad_held.any()) return held.refuse(bad_held.position);
  return bad_asked.any() ? asked.refuse(bad_asked.position) : kOk;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(sparse_lookup, "indptr column value at_indptr at_column out num_rows num_columns num_entries num_places") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  return WEFT_ISA::with_types(a, [&](auto value, auto id) { return WEFT_ISA::look_up<decltype(value), decltype(id)>(a); });
}
