// Gustavson's product of compressed matrices, row by row. Memory traffic: the rows of the right matrix once for each
// left entry that meets them, in the count, and twice in the numeric phase, where the second reading finds them in the
// cache; the result once. The set of columns gives a sum its place, so that sums are added where they stay and nothing
// is sorted. A right matrix that selects columns adds nothing up: what a row reaches is copied, and short rows are ranked.
#include "../coo_to_csc/counting.h"
#include "../segment_sort/ranks.h"
#include "paths.h"

namespace weft {
namespace WEFT_ISA {
namespace {

template <class I>
Paths<I> read_paths(const int64_t* left_indptr, const void* left_column, const int64_t* right_indptr, const void* right_column,
                    const int64_t sizes[5]) {
  return {{"left_", left_indptr, static_cast<const I*>(left_column), sizes[0], sizes[1], sizes[3]},
          {"right_", right_indptr, static_cast<const I*>(right_column), sizes[1], sizes[2], sizes[4]}, {}, {}};
}

// Whether no two paths of a row end at one column: the left rows rise, and the right matrix has each column at most once.
template <class I>
class Selection {
 public:
  explicit Selection(const Paths<I>& paths) : holds(false), rises(true), only(paths.right.rows) {
    const Compressed<I>& right = paths.right;
    if (right.entries > right.columns || !paths.left.rises()) return;
    const int64_t words = right.columns / 64 + 1;
    Buffer<uint64_t> seen(words);
    if (!seen.data || !only.data) return;
    memset(seen.data, 0, words * sizeof(uint64_t));
    bool repeats = false;
    for (int64_t q = 0; q < right.entries && !repeats; ++q) {
      const uint64_t column = right.column_at(q);
      if (!right.fits(column)) return;
      const uint64_t bit = uint64_t{1} << (column & 63);
      repeats = seen[column >> 6] & bit;
      seen[column >> 6] |= bit;
      rises &= q == 0 || right.column[q - 1] < right.column[q];
    }
    holds = !repeats;
    for (int64_t i = 0; holds && i < right.rows; ++i) {
      const int64_t length = right.end(i) - right.begin(i);
      only[i] = length == 1 ? static_cast<I>(right.begin(i)) : length == 0 ? kNone : kSeveral;
    }
  }

  static constexpr I kNone = -1, kSeveral = -2;
  bool holds, rises;  // `rises`: and what a row reaches comes in ascending order
  Buffer<I> only;     // entry of each row of the right matrix
};

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
  const bool selects = Selection<I>(paths).holds;
  for_shares(a.left_indptr, paths.left.rows, shares, threads, [&](int64_t, int64_t first, int64_t last) {
    if (selects) {
      for (int64_t row = first; row < last && paths.reach(row, &a.indptr[row + 1]); ++row) {
      }
      return;
    }
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
struct Copy {
  using K = std::make_signed_t<I>;
  const FillArguments& a;
  Paths<I>& paths;
  const Selection<I>& selection;
  Faults& misfits;
  Buffer<K> column;
  Buffer<T> value;

  Copy(const FillArguments& a, Paths<I>& paths, const Selection<I>& selection, int64_t longest, Faults& misfits)
      : a(a), paths(paths), selection(selection), misfits(misfits), column(longest + 64), value(longest + 1) {}

  bool row(int64_t row, ColumnSet& set) const {
    const int64_t begin = a.indptr[row], room = a.indptr[row + 1] - begin;
    const int64_t count = take(row, room);
    if (count != room) return misfits.note(row), false;
    I* out_column = static_cast<I*>(a.column) + begin;
    T* out = static_cast<T*>(a.value) + begin;
    if (selection.rises) {
      copy_run(out_column, column.data, count * sizeof(I));
      copy_run(out, value.data, count * sizeof(T));
    } else if (count <= kRanked) {
      alignas(64) K ranks[kRanked + 64];
      rank_keys(column.data, count, ranks);
      for (int64_t k = 0; k < count; ++k) out_column[ranks[k]] = column[k], out[ranks[k]] = value[k];
    } else {
      for (int64_t k = 0; k < count; ++k)
        if (!paths.right.fits(static_cast<uint64_t>(column[k]))) return misfits.note(row), false;
      for (int64_t k = 0; k < count; ++k) set.add(static_cast<uint64_t>(column[k]));
      set.list(out_column, room);
      for (int64_t k = 0; k < count; ++k) out[smaller(room - 1, set.slot(static_cast<uint64_t>(column[k])))] = value[k];
      set.clear();
    }
    return true;
  }

 private:
  // Lists what the row reaches, at most `room` columns; returns how many those are, or -1.
  int64_t take(int64_t row, int64_t room) const {
    const Compressed<I> left = paths.left, right = paths.right;
    const T *left_value = static_cast<const T*>(a.left_value), *right_value = static_cast<const T*>(a.right_value);
    K* const to = column.data;
    T* const out = value.data;
    int64_t count = 0;
    const auto append = [&](int64_t p, int64_t q) {
      to[count] = static_cast<K>(right.column[q]);
      out[count] = narrow<T>(fma<Acc<T>, 1>(widen(left_value[p]), widen(right_value[q]), Acc<T>(0)));
    };
    if (right.entries == 0) return 0;
    const I* const only = selection.only.data;
    const int64_t stop = left.end(row);
    for (int64_t p = left.begin(row); p < stop; ++p) {
      if (p + kEntriesAhead < left.entries) __builtin_prefetch(only + static_cast<int64_t>(left.column_at(p + kEntriesAhead)));
      const uint64_t inner = left.column_at(p);
      if (__builtin_expect(!left.fits(inner), 0)) return paths.bad_left.note(p), -1;
      const int64_t q = only[inner];
      if (__builtin_expect(q == Selection<I>::kSeveral, 0)) {
        const int64_t end = right.indptr[inner + 1];
        for (int64_t r = right.indptr[inner]; r < end && count <= room; ++r, ++count) append(p, r);
      } else {
        append(p, larger(q, 0));  // no branch guesses which are taken: one that is not is overwritten by the next
        count += q >= 0;
      }
      if (__builtin_expect(count > room, 0)) return -1;
    }
    return count;
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
  const Selection<I> selection(paths);
  const int64_t longest = selection.holds ? out.longest() : 0;
  for_shares(a.left_indptr, paths.left.rows, shares, threads, [&](int64_t, int64_t first, int64_t last) {
    const Copy<T, I> copy(a, paths, selection, longest, misfits);
    const bool copies = selection.holds && copy.column.data && copy.value.data;
    auto& desk = desks.take();
    for (int64_t row = first; row < last && (copies ? copy.row(row, desk.set) : fill.row(row, desk.set, desk.sums.data)); ++row) {
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
