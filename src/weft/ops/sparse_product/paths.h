// The paths row -> inner -> column of a product of two compressed matrices, one row at a time, in the order of the left
// entries.
#pragma once
#include "column_set.h"
#include "compressed.h"

namespace weft {
namespace WEFT_ISA {

constexpr int64_t kEntriesAhead = 24, kRowsAhead = 8;
constexpr int64_t kFetched = 128;  // of a row; what follows comes by itself

template <class I>
struct Paths {
  Compressed<I> left, right;
  Faults bad_left, bad_right;

  int check() const {
    const int status = left.check();
    return status == kOk ? right.check() : status;
  }

  int outcome() const {
    if (bad_left.any()) return left.refuse(bad_left.position);
    return bad_right.any() ? right.refuse(bad_right.position) : kOk;
  }

  // Calls entry(p, begin, end) for each entry of a row of the left matrix with the row of the right one that it meets.
  template <class Entry>
  WEFT_INLINE_MEMBER bool for_entries(int64_t row, const void* values, int64_t value_bytes, const Entry& entry) {
    const int64_t stop = left.end(row);
    for (int64_t p = left.begin(row); p < stop; ++p) {
      fetch(p, values, value_bytes);
      const uint64_t inner = left.column_at(p);
      if (__builtin_expect(!left.fits(inner), 0)) return bad_left.note(p), false;
      if (__builtin_expect(!entry(p, right.indptr[inner], right.indptr[inner + 1]), 0)) return false;
    }
    return true;
  }

  // Puts the columns that a row reaches into a set.
  WEFT_INLINE_MEMBER bool collect(int64_t row, ColumnSet& set) {
    return for_entries(row, nullptr, 0, [&](int64_t, int64_t begin, int64_t end) {
      for (int64_t q = begin; q < end; ++q) {
        const uint64_t column = right.column_at(q);
        if (__builtin_expect(!right.fits(column), 0)) return bad_right.note(q), false;
        set.add(column);
      }
      return true;
    });
  }

  // Counts the paths of a row.
  bool reach(int64_t row, int64_t* count) {
    int64_t sum = 0;
    const int64_t* const at = right.indptr;
    for (int64_t p = left.begin(row), stop = left.end(row); p < stop; ++p) {
      if (p + kEntriesAhead < left.entries) __builtin_prefetch(at + static_cast<int64_t>(left.column_at(p + kEntriesAhead)));
      const uint64_t inner = left.column_at(p);
      if (__builtin_expect(!left.fits(inner), 0)) return bad_left.note(p), false;
      sum += at[inner + 1] - at[inner];
    }
    *count = sum;
    return true;
  }

 private:
  WEFT_INLINE_MEMBER void fetch(int64_t p, const void* values, int64_t value_bytes) const {
    if (p + kEntriesAhead < left.entries) __builtin_prefetch(right.indptr + static_cast<int64_t>(left.column_at(p + kEntriesAhead)));
    if (p + kRowsAhead >= left.entries) return;
    const uint64_t inner = left.column_at(p + kRowsAhead);
    if (!left.fits(inner)) return;
    const int64_t begin = right.indptr[inner];
    fetch_near(right.column + begin, kFetched);
    if (values) fetch_near(static_cast<const char*>(values) + begin * value_bytes, kFetched);
  }
};

}  // namespace WEFT_ISA
}  // namespace weft
