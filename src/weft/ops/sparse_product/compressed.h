// Compressed matrices as kernels read them: checked pointers, and tasks of rows with about the same number of entries.
#pragma once
#include <cstring>
#include <type_traits>

#include "weft/rows.h"

namespace weft {
namespace WEFT_ISA {

// Row i holds entries indptr[i] .. indptr[i + 1]; `name` is what the operator calls its arguments, as in `left_indptr`.
template <class I>
struct Compressed {
  const char* name;
  const int64_t* indptr;
  const I* column;
  int64_t rows, columns, entries;

  int64_t begin(int64_t row) const { return indptr[row]; }
  int64_t end(int64_t row) const { return indptr[row + 1]; }
  // As unsigned, so that one comparison also refuses negative ids.
  uint64_t column_at(int64_t p) const { return static_cast<uint64_t>(static_cast<int64_t>(column[p])); }
  bool fits(uint64_t column) const { return column < static_cast<uint64_t>(columns); }

  int check() const {
    if (indptr[0] != 0 || indptr[rows] != entries)
      return fail(kBadPointer, "`%sindptr` runs from %lld to %lld, expected 0 to %lld", name, static_cast<long long>(indptr[0]),
                  static_cast<long long>(indptr[rows]), static_cast<long long>(entries));
    bool sorted = true;
    for (int64_t i = 0; i < rows; ++i) sorted &= indptr[i] <= indptr[i + 1];
    if (sorted) return kOk;
    int64_t at = 0;
    while (at + 1 < rows && indptr[at] <= indptr[at + 1]) ++at;
    return fail(kBadPointer, "`%sindptr` falls from %lld to %lld at row %lld", name, static_cast<long long>(indptr[at]),
                static_cast<long long>(indptr[at + 1]), static_cast<long long>(at));
  }

  int64_t longest() const {
    int64_t most = 0;
    for (int64_t i = 0; i < rows; ++i) most = larger(most, indptr[i + 1] - indptr[i]);
    return most;
  }

  // Whether the columns of every row rise and fit: those that do not rise are then the first of their rows.
  bool rises() const {
    using Unsigned = std::make_unsigned_t<I>;
    constexpr int64_t kBlock = 4096;  // counted in the type of the ids, so that their lanes are enough
    Unsigned highest = 0;
    int64_t falls = 0;
    for (int64_t first = 0; first < entries; first += kBlock) {
      Unsigned here = 0;
      for (int64_t p = first; p < smaller(entries, first + kBlock); ++p) {
        highest = static_cast<Unsigned>(column[p]) > highest ? static_cast<Unsigned>(column[p]) : highest;
        here += p > 0 && column[p - 1] >= column[p];
      }
      falls += static_cast<int64_t>(here);
    }
    for (int64_t i = 0, last = 0; i < rows; ++i) {
      const int64_t first = begin(i);
      if (first > last && first < entries) falls -= column[first - 1] >= column[first];
      last = first;
    }
    return falls == 0 && (entries == 0 || fits(highest));
  }

  // Whether the columns of a row rise and fit: then it needs no set.
  bool rises(int64_t row) const {
    const int64_t first = begin(row), last = end(row);
    if (first == last) return true;
    bool holds = column[first] >= 0 && fits(column_at(last - 1));
    for (int64_t p = first + 1; p < last; ++p) holds &= column[p - 1] < column[p];
    return holds;
  }

  int refuse(int64_t at) const {
    return fail(kBadId, "`%scolumn` holds %lld at position %lld, but there are %lld columns", name, static_cast<long long>(column[at]),
                static_cast<long long>(at), static_cast<long long>(columns));
  }
};

// Copies a run of a row. A call of memcpy costs as much as what short runs hold: those are copied as two halves that may overlap.
WEFT_INLINE void copy_run(void* to, const void* from, int64_t bytes) {
  const auto halves = [&](auto half) {
    constexpr int64_t kHalf = decltype(half)::value;
    char first[kHalf], last[kHalf];
    memcpy(first, from, kHalf);
    memcpy(last, static_cast<const char*>(from) + bytes - kHalf, kHalf);
    memcpy(to, first, kHalf);
    memcpy(static_cast<char*>(to) + bytes - kHalf, last, kHalf);
  };
  if (bytes > 128) memcpy(to, from, bytes);
  else if (bytes >= 64) halves(std::integral_constant<int64_t, 64>{});
  else if (bytes >= 32) halves(std::integral_constant<int64_t, 32>{});
  else if (bytes >= 16) halves(std::integral_constant<int64_t, 16>{});
  else if (bytes >= 8) halves(std::integral_constant<int64_t, 8>{});
  else if (bytes >= 4) halves(std::integral_constant<int64_t, 4>{});
  else for (int64_t i = 0; i < bytes; ++i) static_cast<char*>(to)[i] = static_cast<const char*>(from)[i];
}

constexpr int64_t kShare = 4096;  // entries and rows of a task
constexpr int64_t kMostShares = 1024;

inline int64_t count_shares(int64_t rows, int64_t entries) { return larger(1, smaller(kMostShares, (rows + entries) / kShare)); }

// Runs task(share, first row, last row); rows are cut where entries and rows together fill equal shares.
template <class Task>
WEFT_INLINE void for_shares(const int64_t* indptr, int64_t rows, int64_t shares, int64_t threads, const Task& task) {
  const int64_t work = indptr[rows] + rows;
  const auto bound = [&](int64_t share) {
    const int64_t wanted = work / shares * share + work % shares * share / shares;
    int64_t low = 0, high = rows;
    while (low < high) {
      const int64_t middle = (low + high) / 2;
      if (indptr[middle] + middle < wanted) low = middle + 1;
      else high = middle;
    }
    return share == shares ? rows : low;
  };
  parallel_tasks(shares, threads, [&](int64_t share) { task(share, bound(share), bound(share + 1)); });
}

// Turns counts at 1 .. rows into pointers.
inline void add_up(int64_t* indptr, int64_t rows) {
  indptr[0] = 0;
  for (int64_t i = 0; i < rows; ++i) indptr[i + 1] += indptr[i];
}

}  // namespace WEFT_ISA
}  // namespace weft
