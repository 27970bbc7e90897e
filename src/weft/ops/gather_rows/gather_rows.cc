// Memory traffic: each row is read and written once, as bytes, so that one kernel serves every dtype; rows ahead are prefetched.
#include <cstring>

#include "../coo_to_csc/counting.h"
#include "long_rows.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const void *x, *index;
  void* out;
  int64_t num_rows, count, row_bytes;
};

constexpr int64_t kRows = 256;         // rows of a task
constexpr int64_t kNarrowRows = 8192;  // of rows that fit a register, which take so little that tasks must have many

// Calls move(r, id) for each row of the result.
template <class I, class Move>
WEFT_INLINE int for_rows(const Arguments& a, int64_t grain, const Move& move) {
  const I* index = static_cast<const I*>(a.index);
  const uint64_t rows = a.num_rows;
  Faults faults;
  parallel_ranges(a.count, grain, a.count * a.row_bytes < 4 * kSerialWork ? 1 : a.threads, [&](int64_t lo, int64_t hi) {
    for (int64_t r = lo; r < hi; ++r) {
      const uint64_t id = static_cast<uint64_t>(static_cast<int64_t>(index[r]));
      if (__builtin_expect(id >= rows, 0)) return faults.note(r);
      move(r, id);
    }
  });
  return faults.any() ? refuse_id("index", index, faults.position, a.num_rows, "rows in `x`") : kOk;
}

// A copy of known size is one load and one store.
template <class I, int BYTES>
int gather_narrow(const Arguments& a) {
  const char* x = static_cast<const char*>(a.x);
  char* out = static_cast<char*>(a.out);
  const I* index = static_cast<const I*>(a.index);
  const int64_t count = a.count;
  return for_rows<I>(a, kNarrowRows, [=](int64_t r, uint64_t id) {
    fetch_listed(index, count, x, BYTES, r);
    memcpy(out + r * BYTES, x + id * BYTES, BYTES);
  });
}

template <class I>
int gather_rows(const Arguments& a) {
  use_large_pages(a.out, a.count * a.row_bytes);
  switch (a.row_bytes) {
    case 1: return gather_narrow<I, 1>(a);
    case 2: return gather_narrow<I, 2>(a);
    case 4: return gather_narrow<I, 4>(a);
    case 8: return gather_narrow<I, 8>(a);
    case 16: return gather_narrow<I, 16>(a);
    default: break;
  }
  const I* index = static_cast<const I*>(a.index);
  const char* x = static_cast<const char*>(a.x);
  char* out = static_cast<char*>(a.out);
  const int64_t far = rows_ahead(kFarBytes, a.row_bytes, kFarRows), near = rows_ahead(kNearBytes, a.row_bytes, kNearRows);
  return for_rows<I>(a, kRows, [&](int64_t r, uint64_t id) {
    if (a.row_bytes <= kLongRow) fetch_listed(index, a.count, x, a.row_bytes, r, far, near);
    if (a.row_bytes > 0) memcpy(out + r * a.row_bytes, x + id * a.row_bytes, a.row_bytes);
  });
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(gather_rows, "x index out num_rows count row_bytes") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  return WEFT_ISA::with_ids(a, [&](auto id) { return WEFT_ISA::gather_rows<decltype(id)>(a); });
}
