// The compressed structure that row kernels walk: checked pointers, and a plan that splits hub rows.
#pragma once
#include <cstring>
#include <type_traits>

#include "weft/parallel.h"

namespace weft {
namespace WEFT_ISA {

constexpr int64_t kHub = 4096;        // a row with more edges than this is cut
constexpr int64_t kPiece = 2048;      // into pieces of this many edges, whose results combine in order
constexpr int64_t kSerialWork = 32768;  // a call that touches fewer values than this stays on its thread

// Rows in any order are fetched twice: far ahead into the second cache level, which keeps twice as many misses under way as
// the first, then near ahead into the first. Distances in bytes; rows_ahead turns them into rows. A function that only fetches has
// to be inlined: GCC takes it for pure and drops calls to it.
constexpr int64_t kFarBytes = 32768, kNearBytes = 4096;
constexpr int64_t kFarRows = 128, kNearRows = 16;  // for rows of a few values
constexpr int64_t kNearCache = 1 << 20;            // bytes of a table that stays near enough to be read without fetching

WEFT_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
WEFT_INLINE int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

WEFT_INLINE int64_t rows_ahead(int64_t bytes, int64_t row_bytes, int64_t most) {
  return larger(2, smaller(most, bytes / larger(1, row_bytes)));
}

WEFT_INLINE void fetch_far(const void* row, int64_t bytes) {
  for (int64_t at = 0; at < bytes; at += 64) __builtin_prefetch(static_cast<const char*>(row) + at, 0, 2);
}

WEFT_INLINE void fetch_near(const void* row, int64_t bytes) {
  for (int64_t at = 0; at < bytes; at += 64) __builtin_prefetch(static_cast<const char*>(row) + at, 0, 3);
}

// A list of ids whose width every read looks up: for kernels that do much with each id, so that they are compiled once for both. Like a pointer it may be null.
struct AnyIds {
  const void* data;
  bool wide;
  int64_t operator[](int64_t p) const { return wide ? static_cast<const int64_t*>(data)[p] : static_cast<const int32_t*>(data)[p]; }
  const void* at(int64_t p) const { return static_cast<const char*>(data) + p * (wide ? 8 : 4); }
  explicit operator bool() const { return data; }

  // Copies `count` ids from position `lo` on; positions themselves if there is no list.
  void copy(int64_t lo, int64_t count, int64_t* to) const {
    const auto fill = [=](const auto& id) {
      for (int64_t k = 0; k < count; ++k) to[k] = id(lo + k);
    };
    if (!data) return fill([](int64_t p) { return p; });
    if (wide) return fill([=, ids = static_cast<const int64_t*>(data)](int64_t p) { return ids[p]; });
    fill([=, ids = static_cast<const int32_t*>(data)](int64_t p) { return int64_t{ids[p]}; });
  }
};

struct AnyId {};
template <class I>
using Ids = std::conditional_t<std::is_same_v<I, AnyId>, AnyIds, const I*>;

// Fetches ahead for a loop that reads `table[ids[p]]`, rows of `bytes`, up to position `end`. Ids are not checked, since any address may be
// fetched; without `ids` the loop reads in order and nothing is fetched.
template <class List>
WEFT_INLINE void fetch_listed(const List& ids, int64_t end, const void* table, int64_t bytes, int64_t p, int64_t far = kFarRows,
                              int64_t near = kNearRows) {
  const auto row = [&](int64_t at) {
    return reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(table) + static_cast<uint64_t>(ids[at]) * static_cast<uint64_t>(bytes));
  };
  if (!ids) return;
  if (p + far < end) fetch_far(row(p + far), bytes);
  if (p + near < end) fetch_near(row(p + near), bytes);
}

// Whether positions lo .. hi of a list of ids all name one of `count` things; a list that is not there does.
template <class I>
WEFT_INLINE bool all_fit(const I* ids, int64_t lo, int64_t hi, int64_t count) {
  using U = std::make_unsigned_t<I>;  // so that a negative id is a large one
  if (!ids || lo >= hi) return true;
  U most = 0;
  for (int64_t p = lo; p < hi; ++p) most = static_cast<U>(ids[p]) > most ? static_cast<U>(ids[p]) : most;
  return most <= static_cast<U>(INT64_MAX >> (64 - 8 * sizeof(I))) && static_cast<int64_t>(most) < count;
}

WEFT_INLINE bool all_fit(const AnyIds& ids, int64_t lo, int64_t hi, int64_t count) {
  return ids.wide ? all_fit(static_cast<const int64_t*>(ids.data), lo, hi, count) : all_fit(static_cast<const int32_t*>(ids.data), lo, hi, count);
}

// Row i holds positions indptr[i] .. indptr[i + 1]; position p is edge (source[p] -> i) with id edge[p].
// A null `source` or `edge` stands for the position itself.
template <class I>
struct Rows {
  const int64_t* indptr;
  Ids<I> source, edge;
  int64_t count, columns, edges;

  int64_t degree(int64_t row) const { return indptr[row + 1] - indptr[row]; }
  // As unsigned, so that one comparison also refuses negative ids.
  uint64_t source_at(int64_t p) const { return source ? static_cast<uint64_t>(static_cast<int64_t>(source[p])) : p; }
  uint64_t edge_at(int64_t p) const { return edge ? static_cast<uint64_t>(static_cast<int64_t>(edge[p])) : p; }
  // For ids that were checked before: what another thread writes there meanwhile must not lead out of what there is.
  uint64_t known_source(int64_t p) const { return known(source_at(p), columns); }
  uint64_t known_edge(int64_t p) const { return known(edge_at(p), edges); }
  static uint64_t known(uint64_t id, int64_t count) { return id < static_cast<uint64_t>(count) ? id : 0; }

  bool source_fits(int64_t p) const { return source_at(p) < static_cast<uint64_t>(columns); }
  bool edge_fits(int64_t p) const { return edge_at(p) < static_cast<uint64_t>(edges); }

  // The first of positions lo .. hi that has an id which does not fit, where one is known to.
  int64_t first_misfit(int64_t lo, int64_t hi, bool of_source = true, bool of_edge = true) const {
    while (lo + 1 < hi && (!of_source || source_fits(lo)) && (!of_edge || edge_fits(lo))) ++lo;
    return lo;
  }

  // What became of the tasks of a call.
  int outcome(const Faults& faults) const {
    if (faults.any()) return explain(faults.position);
    return faults.starved ? no_memory() : kOk;
  }

  int no_memory() const { return fail(kNoMemory, "no memory for partial results of %lld rows", static_cast<long long>(count)); }

  // Names the id at position p that does not fit.
  int explain(int64_t p) const {
    if (!edge_fits(p))
      return fail(kBadId, "`edge` holds edge %lld at position %lld, but there are %lld edges",
                  static_cast<long long>(edge_at(p)), static_cast<long long>(p), static_cast<long long>(edges));
    return fail(kBadId, "`source` holds node %lld at edge %lld, but there are %lld sources",
                static_cast<long long>(source_at(p)), static_cast<long long>(edge_at(p)), static_cast<long long>(columns));
  }
};

using AnyRows = Rows<AnyId>;

// Says for each of `count` positions from `base` on which of rows first .. end begins there, counted from `first`, or -1 if none does: walking
// positions with it needs no branch that depends on where rows end. `begins` has room for one more. Gives the number of rows without positions.
// Pointers were checked; what another thread writes there meanwhile must not lead out of `begins`.
WEFT_INLINE int64_t find_begins(const int64_t* indptr, int64_t first, int64_t end, int64_t base, int64_t count, int64_t* begins) {
  memset(begins, 0xff, count * sizeof *begins);
  const auto place = [=](int64_t row) { return larger(0, smaller(count, indptr[row] - base)); };
  int64_t at = place(first), empty = 0;
  for (int64_t row = first; row < end; ++row) {
    const int64_t next = place(row + 1);
    begins[at] = row - first;  // of several that begin there, the last one has the position
    empty += at == next;
    at = next;
  }
  return empty;
}

// Checks every pointer and lists the hub rows: pieces of hub h are numbered first[h] .. first[h + 1].
class Plan {
 public:
  template <class I>
  explicit Plan(const Rows<I>& rows) : Plan(rows.indptr, rows.count, rows.edges) {}

  Plan(const int64_t* indptr, int64_t count, int64_t edges)
      : hubs(0), pieces(0), status(check(indptr, count, edges)), row(hubs), first(hubs + 1), indptr_(indptr) {
    if (status != kOk || hubs == 0) return;
    if (!row.data || !first.data) {
      status = fail(kNoMemory, "no memory for the plan of %lld hub rows", static_cast<long long>(hubs));
      return;
    }
    int64_t h = 0;
    for (int64_t i = 0; i < count; ++i) {
      const int64_t degree = indptr[i + 1] - indptr[i];
      if (degree <= kHub) continue;
      row[h] = i;
      first[h++] = pieces;
      pieces += (degree + kPiece - 1) / kPiece;
    }
    first[h] = pieces;
  }

  // Positions lo .. hi of piece `piece`, and the hub it belongs to.
  int64_t piece(int64_t piece, int64_t* lo, int64_t* hi) const {
    int64_t a = 0, b = hubs;
    while (b - a > 1) {
      const int64_t middle = (a + b) / 2;
      (first[middle] <= piece ? a : b) = middle;
    }
    const int64_t begin = indptr_[row[a]], end = indptr_[row[a] + 1];
    *lo = begin + (piece - first[a]) * kPiece;
    *hi = smaller(*lo + kPiece, end);
    return a;
  }

  int64_t hubs, pieces;
  int status;
  Buffer<int64_t> row, first;

 private:
  const int64_t* indptr_;

  int check(const int64_t* indptr, int64_t count, int64_t edges) {
    if (indptr[0] != 0 || indptr[count] != edges)
      return fail(kBadPointer, "`indptr` runs from %lld to %lld, expected 0 to %lld", static_cast<long long>(indptr[0]),
                  static_cast<long long>(indptr[count]), static_cast<long long>(edges));
    bool sorted = true;
    for (int64_t i = 0; i < count; ++i) {
      sorted &= indptr[i] <= indptr[i + 1];
      hubs += indptr[i + 1] - indptr[i] > kHub;
    }
    if (sorted) return kOk;
    hubs = 0;
    for (int64_t i = 0; i < count; ++i)
      if (indptr[i] > indptr[i + 1])
        return fail(kBadPointer, "`indptr` falls from %lld to %lld at row %lld", static_cast<long long>(indptr[i]),
                    static_cast<long long>(indptr[i + 1]), static_cast<long long>(i));
    return kOk;
  }
};

// Rows of a task: of the graph alone, and enough tasks to balance.
WEFT_INLINE int64_t rows_per_task(int64_t count) { return larger(16, smaller(1024, count / 256)); }

// Runs on_piece(piece, lo, hi) for the pieces of hubs and on_rows(first, last) for stretches of other rows.
template <class I, class OnPiece, class OnRows>
WEFT_INLINE void for_rows(const Rows<I>& rows, const Plan& plan, int64_t threads, const OnPiece& on_piece, const OnRows& on_rows) {
  const int64_t block = rows_per_task(rows.count);
  const int64_t blocks = (rows.count + block - 1) / block;
  parallel_tasks(plan.pieces + blocks, threads, [&](int64_t task) {
    if (task < plan.pieces) {
      int64_t lo, hi;
      plan.piece(task, &lo, &hi);
      return on_piece(task, lo, hi);
    }
    const int64_t begin = (task - plan.pieces) * block, end = smaller(rows.count, begin + block);
    for (int64_t row = begin, stop; row < end; row = stop) {
      for (stop = row; stop < end && rows.degree(stop) <= kHub;) ++stop;
      if (stop > row) on_rows(row, stop);
      else ++stop;
    }
  });
}

}  // namespace WEFT_ISA
}  // namespace weft
