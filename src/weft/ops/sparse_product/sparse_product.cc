// Gustavson's product of compressed matrices, row by row. Memory traffic: the rows of the right matrix once for each
// left entry that meets them, in the count, and twice in the numeric phase, where the second reading finds them in the
// cache; the result once. The set of columns gives a sum its place, so that sums are added where they stay and nothing
// is sorted.
#include "../coo_to_csc/counting.h"
#include "paths.h"
#include "weft/vector.h"

namespace weft {
namespace WEFT_ISA {
namespace {

template <class I>
Paths<I> read_paths(const int64_t* left_indptr, const void* left_column, const int64_t* right_indptr, const void* right_column,
                    const int64_t sizes[5]) {
  return {{"left_", left_indptr, static_cast<const I*>(left_column), sizes[0], sizes[1], sizes[3]},
          {"right_", right_indptr, static_cast<const I*>(right_column), sizes[1], sizes[2], sizes[4]}, {}, {}};
}

struct CountArguments : Call {
  const int64_t* left_indptr;
  const void* left_column;
  const int64_t* right_indptr;
  const void* right_column;
  int64_t* indptr;
  int64_t sizes[5];  // rows, inner, columns, entries of the left and of the right matrix
};

template <class I>
int count(const CountArguments& a) {
  auto paths = read_paths<I>(a.left_indptr, a.left_column, a.right_indptr, a.right_column, a.sizes);
  const int status = paths.check();
  if (status != kOk) return status;
  const int64_t shares = count_shares(paths.left.rows, paths.left.entries), threads = smaller(a.threads, shares);
  Desks<char> desks(threads, paths.right.columns, 0);
  if (!desks.ready()) return fail(kNoMemory, "no memory for sets of %lld columns", static_cast<long long>(paths.right.columns));
  for_shares(a.left_indptr, paths.left.rows, shares, threads, [&](int64_t, int64_t first, int64_t last) {
    auto& desk = desks.take();
    for (int64_t row = first; row < last && paths.collect(row, desk.set); ++row) a.indptr[row + 1] = desk.set.clear();
    desks.give_back(desk);
  });
  const int outcome = paths.outcome();
  if (outcome == kOk) add_up(a.indptr, paths.left.rows);
  return outcome;
}

struct FillArguments : Call {
  const int64_t* left_indptr;
  const void* left_column;
  const int64_t* right_indptr;
  const void *right_column, *left_value, *right_value;
  const int64_t* indptr;
  void *value, *column;
  int64_t sizes[5], total;
};

template <class T, class I>
struct Fill {
  using A = Acc<T>;
  const FillArguments& a;
  Paths<I>& paths;
  Faults& misfits;

  bool row(int64_t row, ColumnSet& set, A* scratch) const {
    constexpr bool in_place = sizeof(T) == sizeof(A);
    const T *left = static_cast<const T*>(a.left_value), *right = static_cast<const T*>(a.right_value);
    const int64_t begin = a.indptr[row], room = a.indptr[row + 1] - begin;
    T* out = static_cast<T*>(a.value) + begin;
    if (!paths.collect(row, set)) return false;
    if (set.list(static_cast<I*>(a.column) + begin, room) != room) return misfits.note(row), false;
    A* sums = scratch;
    if constexpr (in_place) sums = out;
    for (int64_t k = 0; k < room; ++k) sums[k] = 0;
    const bool done = paths.for_entries(row, right, sizeof(T), [&](int64_t p, int64_t first, int64_t last) {
      const A factor = widen(left[p]);
      for (int64_t q = first; q < last; ++q) {
        const uint64_t column = paths.right.column_at(q);
        if (__builtin_expect(!paths.right.fits(column), 0)) return paths.bad_right.note(q), false;
        const uint64_t slot = set.slot(column);
        // Only an id that was overwritten since the set was filled can have another place.
        if (__builtin_expect(slot >= static_cast<uint64_t>(room), 0)) return paths.bad_right.note(q), false;
        sums[slot] = fma<A, 1>(factor, widen(right[q]), sums[slot]);
      }
      return true;
    });
    if constexpr (!in_place)
      for (int64_t k = 0; k < room; ++k) out[k] = narrow<T>(sums[k]);
    set.clear();
    return done;
  }
};

template <class T, class I>
int fill(const FillArguments& a) {
  using A = Acc<T>;
  auto paths = read_paths<I>(a.left_indptr, a.left_column, a.right_indptr, a.right_column, a.sizes);
  const Compressed<I> out{"", a.indptr, static_cast<const I*>(a.column), paths.left.rows, paths.right.columns, a.total};
  int status = paths.check();
  if (status == kOk) status = out.check();
  if (status != kOk) return status;
  use_large_pages(a.column, a.total * sizeof(I));
  use_large_pages(a.value, a.total * sizeof(T));
  const int64_t shares = count_shares(paths.left.rows, paths.left.entries), threads = smaller(a.threads, shares);
  Desks<A> desks(threads, paths.right.columns, sizeof(T) == sizeof(A) ? 0 : out.longest());
  if (!desks.ready()) return fail(kNoMemory, "no memory for sets of %lld columns", static_cast<long long>(paths.right.columns));
  Faults misfits;
  const Fill<T, I> fill{a, paths, misfits};
  for_shares(a.left_indptr, paths.left.rows, shares, threads, [&](int64_t, int64_t first, int64_t last) {
    auto& desk = desks.take();
    for (int64_t row = first; row < last && fill.row(row, desk.set, desk.sums.data); ++row) {
    }
    desks.give_back(desk);
  });
  const int outcome = paths.outcome();
  if (outcome != kOk || !misfits.any()) return outcome;
  return fail(kBadPointer, "`indptr` has no room for exactly the columns that row %lld reaches", static_cast<long long>(misfits.position));
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(sparse_product_indptr, "left_indptr left_column right_indptr right_column indptr num_rows num_inner num_columns left_entries right_entries") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::CountArguments*>(arguments);
  return WEFT_ISA::with_ids(a, [&](auto id) { return WEFT_ISA::count<decltype(id)>(a); });
}

WEFT_KERNEL(sparse_product_entries, "left_indptr left_column right_indptr right_column left_value right_value indptr value column num_rows num_inner num_columns left_entries right_entries total") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::FillArguments*>(arguments);
  return WEFT_ISA::with_types(a, [&](auto value, auto id) { return WEFT_ISA::fill<decltype(value), decltype(id)>(a); });
}
