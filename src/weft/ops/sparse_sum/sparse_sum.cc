// Sum of two compressed matrices. Memory traffic: both patterns in the count, both matrices and the result in the
// numeric phase, all in sequence. Two rows whose columns ascend are merged without a branch on their order; any other
// pair goes through a set of columns.
#include <type_traits>

#include "../coo_to_csc/counting.h"
#include "../sparse_product/column_set.h"
#include "../sparse_product/compressed.h"
#include "weft/vector.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct CountArguments : Call {
  const int64_t* left_indptr;
  const void* left_column;
  const int64_t* right_indptr;
  const void* right_column;
  int64_t* indptr;
  int64_t rows, columns, left_entries, right_entries;
};

struct FillArguments : Call {
  const int64_t* left_indptr;
  const void* left_column;
  const int64_t* right_indptr;
  const void *right_column, *left_value, *right_value;
  const int64_t* indptr;
  void *value, *column;
  int64_t rows, columns, left_entries, right_entries, total;
};

template <class I>
struct Pair {
  Compressed<I> left, right;
  Faults bad_left, bad_right;

  template <class Arguments>
  explicit Pair(const Arguments& a)
      : left{"left_", a.left_indptr, static_cast<const I*>(a.left_column), a.rows, a.columns, a.left_entries},
        right{"right_", a.right_indptr, static_cast<const I*>(a.right_column), a.rows, a.columns, a.right_entries} {}

  int check() const {
    const int status = left.check();
    return status == kOk ? right.check() : status;
  }

  int outcome() const {
    if (bad_left.any()) return left.refuse(bad_left.position);
    return bad_right.any() ? right.refuse(bad_right.position) : kOk;
  }

  // Most matrices are sorted as a whole, which is found in one sweep; then no row has to be looked at.
  void sweep() { sorted_ = left.rises() && right.rises(); }
  bool rises(int64_t row) const { return sorted_ || (left.rises(row) && right.rises(row)); }

  bool collect(int64_t row, ColumnSet& set) { return collect(left, row, set, bad_left) && collect(right, row, set, bad_right); }

  static bool collect(const Compressed<I>& matrix, int64_t row, ColumnSet& set, Faults& bad) {
    for (int64_t p = matrix.begin(row); p < matrix.end(row); ++p) {
      const uint64_t column = matrix.column_at(p);
      if (__builtin_expect(!matrix.fits(column), 0)) return bad.note(p), false;
      set.add(column);
    }
    return true;
  }

  int64_t count_merged(int64_t row) const {
    int64_t p = left.begin(row), q = right.begin(row), count = 0;
    const int64_t left_end = left.end(row), right_end = right.end(row);
    for (; p < left_end && q < right_end; ++count) {
      const I a = left.column[p], b = right.column[q];
      p += a <= b;
      q += b <= a;
    }
    return count + (left_end - p) + (right_end - q);
  }

 private:
  bool sorted_ = false;
};

template <class I>
int count(const CountArguments& a) {
  Pair<I> pair(a);
  const int status = pair.check();
  if (status != kOk) return status;
  pair.sweep();
  const int64_t shares = count_shares(a.rows, a.left_entries), threads = smaller(a.threads, shares);
  Desks<char> desks(threads, a.columns, 0);
  if (!desks.ready()) return fail(kNoMemory, "no memory for sets of %lld columns", static_cast<long long>(a.columns));
  for_shares(a.left_indptr, a.rows, shares, threads, [&](int64_t, int64_t first, int64_t last) {
    auto& desk = desks.take();
    for (int64_t row = first; row < last; ++row) {
      if (pair.rises(row)) a.indptr[row + 1] = pair.count_merged(row);
      else if (pair.collect(row, desk.set)) a.indptr[row + 1] = desk.set.clear();
      else break;
    }
    desks.give_back(desk);
  });
  const int outcome = pair.outcome();
  if (outcome == kOk) add_up(a.indptr, a.rows);
  return outcome;
}

template <class T, class I>
struct Fill {
  using A = Acc<T>;
  const FillArguments& a;
  Pair<I>& pair;
  Faults& misfits;
  const T *left, *right;

  // A value, or minus zero, which changes no number that it is added to, not even a zero. By masks: a branch on the order of two
  // columns is guessed wrong every other time.
  static A taken(T value, bool holds) {
    using Bits = std::make_unsigned_t<typename Signed<A>::type>;
    const A wide = widen(value), zero = -A{0};
    Bits bits, nothing;
    memcpy(&bits, &wide, sizeof bits);
    memcpy(&nothing, &zero, sizeof bits);
    const Bits mask = -static_cast<Bits>(holds);
    bits = (bits & mask) | (nothing & ~mask);
    A found;
    memcpy(&found, &bits, sizeof found);
    return found;
  }

  // Merges two ascending rows into the room that `indptr` gives them.
  bool merge(int64_t row) const {
    const I *at_left = pair.left.column, *at_right = pair.right.column;
    I* column = static_cast<I*>(a.column);
    T* value = static_cast<T*>(a.value);
    int64_t p = pair.left.begin(row), q = pair.right.begin(row), out = a.indptr[row];
    const int64_t left_end = pair.left.end(row), right_end = pair.right.end(row), end = a.indptr[row + 1];
    for (; p < left_end && q < right_end && out < end; ++out) {
      const I c = at_left[p], d = at_right[q];
      const T x = left[p], y = right[q];
      column[out] = c < d ? c : d;
      value[out] = narrow<T>(taken(x, c <= d) + taken(y, d <= c));
      p += c <= d;
      q += d <= c;
    }
    if ((left_end - p) + (right_end - q) != end - out) return misfits.note(row), false;
    for (; p < left_end; ++p, ++out) column[out] = at_left[p], value[out] = left[p];
    for (; q < right_end; ++q, ++out) column[out] = at_right[q], value[out] = right[q];
    return true;
  }

  template <class Desk>
  bool scatter(int64_t row, Desk& desk) const {
    const int64_t begin = a.indptr[row], room = a.indptr[row + 1] - begin;
    if (!pair.collect(row, desk.set)) return false;
    if (desk.set.list(static_cast<I*>(a.column) + begin, room) != room) return misfits.note(row), false;
    A* sums = desk.sums.data;
    for (int64_t k = 0; k < room; ++k) sums[k] = 0;
    if (!add(pair.left, left, row, desk.set, sums, room, pair.bad_left) || !add(pair.right, right, row, desk.set, sums, room, pair.bad_right)) return false;
    for (int64_t k = 0; k < room; ++k) static_cast<T*>(a.value)[begin + k] = narrow<T>(sums[k]);
    desk.set.clear();
    return true;
  }

  static bool add(const Compressed<I>& matrix, const T* value, int64_t row, const ColumnSet& set, A* sums, int64_t room, Faults& bad) {
    for (int64_t p = matrix.begin(row); p < matrix.end(row); ++p) {
      const uint64_t column = matrix.column_at(p);
      if (__builtin_expect(!matrix.fits(column), 0)) return bad.note(p), false;
      const uint64_t slot = set.slot(column);
      if (__builtin_expect(slot >= static_cast<uint64_t>(room), 0)) return bad.note(p), false;
      sums[slot] += widen(value[p]);
    }
    return true;
  }
};

template <class T, class I>
int fill(const FillArguments& a) {
  Pair<I> pair(a);
  const Compressed<I> out{"", a.indptr, static_cast<const I*>(a.column), a.rows, a.columns, a.total};
  int status = pair.check();
  if (status == kOk) status = out.check();
  if (status != kOk) return status;
  pair.sweep();
  use_large_pages(a.column, a.total * sizeof(I));
  use_large_pages(a.value, a.total * sizeof(T));
  const int64_t shares = count_shares(a.rows, a.total), threads = smaller(a.threads, shares);
  Desks<Acc<T>> desks(threads, a.columns, out.longest());
  if (!desks.ready()) return fail(kNoMemory, "no memory for sets of %lld columns", static_cast<long long>(a.columns));
  Faults misfits;
  const Fill<T, I> fill{a, pair, misfits, static_cast<const T*>(a.left_value), static_cast<const T*>(a.right_value)};
  for_shares(a.indptr, a.rows, shares, threads, [&](int64_t, int64_t first, int64_t last) {
    auto& desk = desks.take();
    for (int64_t row = first; row < last && (pair.rises(row) ? fill.merge(row) : fill.scatter(row, desk)); ++row) {
    }
    desks.give_back(desk);
  });
  status = pair.outcome();
  if (status != kOk || !misfits.any()) return status;
  return fail(kBadPointer, "`indptr` has no room for exactly the columns of row %lld", static_cast<long long>(misfits.position));
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(sparse_union_indptr, "left_indptr left_column right_indptr right_column indptr num_rows num_columns left_entries right_entries") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::CountArguments*>(arguments);
  return WEFT_ISA::with_ids(a, [&](auto id) { return WEFT_ISA::count<decltype(id)>(a); });
}

WEFT_KERNEL(sparse_union_entries, "left_indptr left_column right_indptr right_column left_value right_value indptr value column num_rows num_columns left_entries right_entries total") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::FillArguments*>(arguments);
  return WEFT_ISA::with_types(a, [&](auto value, auto id) { return WEFT_ISA::fill<decltype(value), decltype(id)>(a); });
}
