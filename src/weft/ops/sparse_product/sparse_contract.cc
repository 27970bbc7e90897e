// Sums over the paths of a product that end at a place of a mask. Memory traffic: the rows of the right matrix, columns
// and values, once for each left entry that meets them; the mask and the result once. Values of the mask's row lie side
// by side at the ranks of its columns. Onto the right matrix rows of the left one meet in the same sums: fixed
// stretches of rows have sums of their own, which add up in order.
#include "paths.h"
#include "weft/vector.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* left_indptr;
  const void* left_column;
  const int64_t* right_indptr;
  const void* right_column;
  const int64_t* indptr;
  const void *column, *x, *y;
  void* out;
  int64_t rows, inner, columns, left_entries, right_entries, entries, onto;
};

enum Onto : int64_t { kProduct = 0, kLeft = 1, kRight = 2 };
constexpr int64_t kMostPartials = 16;

template <class T, class I>
struct Contract {
  using A = Acc<T>;
  const Arguments& a;
  Paths<I>& paths;
  const Compressed<I>& mask;
  Faults& bad_mask;
  const T *x, *y;
  T* out;

  // Fills the set with a row of the mask; returns how many columns it has, -1 if one is wrong.
  int64_t open(int64_t row, ColumnSet& set) const {
    for (int64_t r = mask.begin(row); r < mask.end(row); ++r) {
      const uint64_t column = mask.column_at(r);
      if (__builtin_expect(!mask.fits(column), 0)) return bad_mask.note(r), -1;
      set.add(column);
    }
    return set.rank();
  }

  // Calls body(r, rank) for the entries of a row of the mask.
  template <class Body>
  WEFT_INLINE_MEMBER bool for_mask(int64_t row, const ColumnSet& set, int64_t count, const Body& body) const {
    for (int64_t r = mask.begin(row); r < mask.end(row); ++r) {
      const uint64_t column = mask.column_at(r);
      if (__builtin_expect(!mask.fits(column) || !set.has(column), 0)) return bad_mask.note(r), false;
      const uint64_t slot = set.slot(column);
      if (__builtin_expect(slot >= static_cast<uint64_t>(count), 0)) return bad_mask.note(r), false;
      body(r, slot);
    }
    return true;
  }

  // Calls body(q, rank) for the entries first .. last of the right matrix that stand at a column of the mask.
  template <class Body>
  WEFT_INLINE_MEMBER bool for_shared(int64_t first, int64_t last, const ColumnSet& set, int64_t count, const Body& body) const {
    for (int64_t q = first; q < last; ++q) {
      const uint64_t column = paths.right.column_at(q);
      if (__builtin_expect(!paths.right.fits(column), 0)) return paths.bad_right.note(q), false;
      const uint64_t slot = set.slot(column);
      if (set.has(column) && slot < static_cast<uint64_t>(count)) body(q, slot);
    }
    return true;
  }

  template <class Desk>
  bool row(int64_t row, Desk& desk, A* partial) const {
    ColumnSet& set = desk.set;
    const int64_t count = open(row, set);
    if (count < 0) return false;
    if (count > mask.end(row) - mask.begin(row)) return bad_mask.note(mask.begin(row)), false;
    A* at_mask = desk.sums.data;
    for (int64_t k = 0; k < count; ++k) at_mask[k] = 0;
    bool done;
    if (a.onto == kProduct) {
      done = paths.for_entries(row, y, sizeof(T), [&](int64_t p, int64_t first, int64_t last) {
        const A factor = widen(x[p]);
        return for_shared(first, last, set, count, [&](int64_t q, uint64_t slot) { at_mask[slot] = fma<A, 1>(factor, widen(y[q]), at_mask[slot]); });
      }) && for_mask(row, set, count, [&](int64_t r, uint64_t slot) { out[r] = narrow<T>(at_mask[slot]); });
    } else {
      done = for_mask(row, set, count, [&](int64_t r, uint64_t slot) { at_mask[slot] += widen(y[r]); });
      if (done && a.onto == kLeft)
        done = paths.for_entries(row, x, sizeof(T), [&](int64_t p, int64_t first, int64_t last) {
          A sum = 0;
          const bool fits = for_shared(first, last, set, count, [&](int64_t q, uint64_t slot) { sum = fma<A, 1>(widen(x[q]), at_mask[slot], sum); });
          out[p] = narrow<T>(sum);
          return fits;
        });
      else if (done)
        done = paths.for_entries(row, partial, sizeof(A), [&](int64_t p, int64_t first, int64_t last) {
          const A factor = widen(x[p]);
          return for_shared(first, last, set, count, [&](int64_t q, uint64_t slot) { partial[q] = fma<A, 1>(factor, at_mask[slot], partial[q]); });
        });
    }
    set.clear();
    return done;
  }
};

// How many partial results pay: none where adding them up would cost more than a part of the sums themselves.
template <class I>
int64_t count_partials(const Paths<I>& paths) {
  int64_t pairs = 0;
  for (int64_t p = 0; p < paths.left.entries; ++p) {
    const uint64_t inner = paths.left.column_at(p);
    if (paths.left.fits(inner)) pairs += paths.right.indptr[inner + 1] - paths.right.indptr[inner];
  }
  return pairs < kSerialWork ? 1 : larger(1, smaller(kMostPartials, pairs / larger(1, 2 * paths.right.entries)));
}

template <class T, class I>
int contract(const Arguments& a) {
  using A = Acc<T>;
  Paths<I> paths{{"left_", a.left_indptr, static_cast<const I*>(a.left_column), a.rows, a.inner, a.left_entries},
                 {"right_", a.right_indptr, static_cast<const I*>(a.right_column), a.inner, a.columns, a.right_entries}, {}, {}};
  const Compressed<I> mask{"", a.indptr, static_cast<const I*>(a.column), a.rows, a.columns, a.entries};
  int status = paths.check();
  if (status == kOk) status = mask.check();
  if (status != kOk) return status;
  const bool onto_right = a.onto == kRight;
  const int64_t partials = onto_right ? count_partials(paths) : 0;
  const int64_t shares = onto_right ? partials : count_shares(a.rows, a.left_entries), threads = smaller(a.threads, shares);
  Buffer<A> sums(partials * a.right_entries);
  Desks<A> desks(threads, a.columns, mask.longest());
  if (!desks.ready() || (partials * a.right_entries > 0 && !sums.data))
    return fail(kNoMemory, "no memory for sets of %lld columns and %lld partial sums", static_cast<long long>(a.columns),
                static_cast<long long>(partials * a.right_entries));
  Faults bad_mask;
  const Contract<T, I> contract{a, paths, mask, bad_mask, static_cast<const T*>(a.x), static_cast<const T*>(a.y), static_cast<T*>(a.out)};
  for_shares(a.left_indptr, a.rows, shares, threads, [&](int64_t share, int64_t first, int64_t last) {
    A* partial = onto_right ? sums.data + share * a.right_entries : nullptr;
    if (partial) memset(partial, 0, a.right_entries * sizeof(A));
    auto& desk = desks.take();
    for (int64_t row = first; row < last && contract.row(row, desk, partial); ++row) {
    }
    desks.give_back(desk);
  });
  status = paths.outcome();
  if (status != kOk) return status;
  if (bad_mask.any()) return mask.refuse(bad_mask.position);
  if (onto_right)
    parallel_ranges(a.right_entries, 1 << 14, a.threads, [&](int64_t lo, int64_t hi) {
      for (int64_t q = lo; q < hi; ++q) {
        A sum = sums[q];
        for (int64_t part = 1; part < partials; ++part) sum += sums[part * a.right_entries + q];
        contract.out[q] = narrow<T>(sum);
      }
    });
  return kOk;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(sparse_contract, "left_indptr left_column right_indptr right_column indptr column x y out num_rows num_inner num_columns left_entries right_entries entries onto") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  return WEFT_ISA::with_types(a, [&](auto value, auto id) { return WEFT_ISA::contract<decltype(value), decltype(id)>(a); });
}
