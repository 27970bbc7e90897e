// A stable counting sort of entries by column. Memory traffic: columns twice and values once, in order; rows and values
// written to scattered places, which are fetched ahead. Values are moved as bytes, so that one kernel serves every dtype.
#include <algorithm>
#include <cstring>

#include "../coo_to_csc/counting.h"
#include "../sparse_product/compressed.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void *column, *value;
  void *out, *row;
  int64_t* out_indptr;
  int64_t num_rows, num_columns, num_entries, row_bytes;
};

// `size` is the width of a value, or a constant that lets its copy be one instruction.
template <class I, class Size>
void move_entries(const Arguments& a, int64_t chunks, int64_t* places, Size size, Faults& faults) {
  const I* column = static_cast<const I*>(a.column);
  I* row = static_cast<I*>(a.row);
  const char* value = static_cast<const char*>(a.value);
  char* out = static_cast<char*>(a.out);
  const int64_t length = (a.num_entries + chunks - 1) / chunks;
  parallel_tasks(chunks, chunks, [&](int64_t chunk) {
    const int64_t lo = chunk * length, hi = smaller(a.num_entries, lo + length);
    int64_t r = std::upper_bound(a.indptr, a.indptr + a.num_rows, lo) - a.indptr - 1;
    const auto fetch = [&](int64_t p) { __builtin_prefetch(row + p, 1), __builtin_prefetch(out + p * size, 1); };
    place_ids(column, lo, hi, a.num_columns, a.num_entries, places + chunk * a.num_columns, faults, fetch, [&](int64_t e, int64_t p) {
      while (r + 1 < a.num_rows && a.indptr[r + 1] <= e) ++r;
      row[p] = static_cast<I>(r);
      memcpy(out + p * size, value + e * size, size);
    });
  });
}

template <class I>
int transpose_entries(const Arguments& a) {
  const Compressed<I> matrix{"", a.indptr, static_cast<const I*>(a.column), a.num_rows, a.num_columns, a.num_entries};
  const int status = matrix.check();
  if (status != kOk) return status;
  const int64_t chunks = choose_chunks(a.num_entries, a.num_columns, a.threads);
  Buffer<int64_t> places(chunks * a.num_columns);
  if (a.num_columns && !places.data) return fail(kNoMemory, "no memory to count %lld columns", static_cast<long long>(a.num_columns));
  use_large_pages(a.row, a.num_entries * sizeof(I));
  use_large_pages(a.out, a.num_entries * a.row_bytes);
  Faults faults;
  count_ids(matrix.column, a.num_entries, a.num_columns, chunks, places.data, faults);
  if (faults.any()) return matrix.refuse(faults.position);
  number_places(places.data, a.num_columns, chunks, a.out_indptr);
  const auto move = [&](auto size) { move_entries<I>(a, chunks, places.data, size, faults); };
  if (a.row_bytes == 4) move(std::integral_constant<int64_t, 4>{});
  else if (a.row_bytes == 8) move(std::integral_constant<int64_t, 8>{});
  else move(a.row_bytes);
  return faults.any() ? matrix.refuse(faults.position) : kOk;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(transpose_entries, "indptr column value out row out_indptr num_rows num_columns num_entries row_bytes") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  return WEFT_ISA::with_ids(a, [&](auto id) { return WEFT_ISA::transpose_entries<decltype(id)>(a); });
}
