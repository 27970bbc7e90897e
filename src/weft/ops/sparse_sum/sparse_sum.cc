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

  // Places of two rising rows: each column of the shorter one is compared with a vector of the longer one at once.
  int64_t count_merged(int64_t row) const {
    constexpr int N = kVectorBytes / sizeof(I);
    const bool swaps = left.end(row) - left.begin(row) < right.end(row) - right.begin(row);
    const Compressed<I>&longer = swaps ? right : left, &shorter = swaps ? left : right;
    int64_t q = shorter.begin(row), common = 0;
    const int64_t begin = longer.begin(row), end = longer.end(row), stop = shorter.end(row);
    for (int64_t p = begin; p < end && q < stop; p += N) {
      if (p + N > longer.entries) {  // the last of the matrix
        for (; p < end && q < stop; p += 1) {
          while (q < stop && shorter.column[q] < longer.column[p]) ++q;
          common += q < stop && shorter.column[q] == longer.column[p];
        }
        break;
      }
      Vec<I, N> lanes, hits = {};
      for (int l = 0; l < N; ++l) lanes[l] = l;
      const int64_t rest = smaller(N, end - p);
      const Vec<I, N> all = load<N>(longer.column + p), some = lanes < splat<I, N>(static_cast<I>(rest)) ? all : splat<I, N>(-1);
      const int64_t last = end - p <= N ? stop : q + first_above(shorter.column + q, stop - q, longer.column[p + N - 1]);
      for (; q < last; ++q) hits -= some == splat<I, N>(shorter.column[q]);
      common += sum_lanes<I, N>(hits);
    }
    return (end - begin) + (stop - shorter.begin(row)) - common;
  }

 private:
  static int64_t first_above(const I* column, int64_t count, I bound) {
    int64_t at = 0;
    while (at < count && column[at] <= bound) ++at;
    return at;
  }

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

template <int Bytes> using Word = std::conditional_t<Bytes == 2, uint16_t, std::conditional_t<Bytes == 4, uint32_t, uint64_t>>;

constexpr int64_t kBothEnds = 8;  // the shortest row whose merge from both ends pays

template <class T, class I>
struct Fill {
  using A = Acc<T>;
  const FillArguments& a;
  Pair<I>& pair;
  Faults& misfits;
  const T *left, *right;

  // Merges two rising rows into the room that `indptr` gives them, from both ends: two chains of steps, each of which waits for the
  // step before it. They meet if the room is right.
  bool merge(int64_t row) const {
    const int64_t left_begin = pair.left.begin(row), left_end = pair.left.end(row), right_begin = pair.right.begin(row), right_end = pair.right.end(row);
    const int64_t begin = a.indptr[row], end = a.indptr[row + 1], shorter = smaller(left_end - left_begin, right_end - right_begin);
    const int64_t middle = shorter < kBothEnds ? end : begin + (end - begin) / 2;
    int64_t p = left_begin, q = right_begin, out = begin, last_p = left_end, last_q = right_end, last = end;
    for (int64_t steps = shorter; middle < end && steps > 0;) {
      steps = smaller(smaller(middle - out, smaller(left_end - p, right_end - q)), smaller(last_p - left_begin, last_q - right_begin));
      for (int64_t step = 0; step < steps; ++step) step_up(p, q, out), step_down(last_p, last_q, last);
    }
    while (out < middle && p < left_end && q < right_end) step_up(p, q, out);
    while (last > middle && last_p > left_begin && last_q > right_begin) step_down(last_p, last_q, last);
    const int64_t up_p = smaller(middle - out, left_end - p), up_q = smaller(middle - out - up_p, right_end - q);
    copy(pair.left.column, left, p, out, up_p);
    copy(pair.right.column, right, q, out + up_p, up_q);
    const int64_t down_p = smaller(last - middle, last_p - left_begin), down_q = smaller(last - middle - down_p, last_q - right_begin);
    if (down_p > 0) copy(pair.left.column, left, last_p - down_p, last - down_p, down_p);
    if (down_q > 0) copy(pair.right.column, right, last_q - down_q, last - down_p - down_q, down_q);
    const bool meets = p + up_p == last_p - down_p && q + up_q == last_q - down_q && out + up_p + up_q == last - down_p - down_q;
    return meets || (misfits.note(row), false);
  }

  // A branch on the order of two columns would be guessed wrong every other time; that they are equal is rare.
  WEFT_INLINE_MEMBER void step_up(int64_t& p, int64_t& q, int64_t& out) const {
    const I c = pair.left.column[p], d = pair.right.column[q];
    static_cast<I*>(a.column)[out] = c < d ? c : d;
    write(out++, p, q, c <= d, c == d);
    p += c <= d;
    q += d <= c;
  }

  WEFT_INLINE_MEMBER void step_down(int64_t& p, int64_t& q, int64_t& out) const {
    const I c = pair.left.column[p - 1], d = pair.right.column[q - 1];
    static_cast<I*>(a.column)[--out] = c > d ? c : d;
    write(out, p - 1, q - 1, c >= d, c == d);
    p -= c >= d;
    q -= d >= c;
  }

  WEFT_INLINE_MEMBER void write(int64_t out, int64_t p, int64_t q, bool takes_left, bool adds) const {
    using Bits = Word<sizeof(T)>;
    Bits x, y;
    memcpy(&x, left + p, sizeof x);
    memcpy(&y, right + q, sizeof y);
    const Bits mask = static_cast<Bits>(-static_cast<Bits>(takes_left)), taken = static_cast<Bits>((x & mask) | (y & ~mask));
    T* const value = static_cast<T*>(a.value) + out;
    memcpy(static_cast<void*>(value), &taken, sizeof taken);
    if (__builtin_expect(adds, 0)) *value = narrow<T>(widen(left[p]) + widen(right[q]));
  }

  WEFT_INLINE_MEMBER void copy(const I* column, const T* value, int64_t from, int64_t to, int64_t count) const {
    copy_run(static_cast<I*>(a.column) + to, column + from, count * sizeof(I));
    copy_run(static_cast<T*>(a.value) + to, value + from, count * sizeof(T));
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
