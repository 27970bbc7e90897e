// Memory traffic: each row is read and written once, as bytes, so that one kernel serves every dtype; rows ahead are prefetched.
#include <cstring>

#include "../coo_to_csc/counting.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const void *x, *index;
  void* out;
  int64_t num_rows, count, row_bytes;
};

constexpr int64_t kRows = 256;  // rows of a task

template <class I>
int gather_rows(const Arguments& a) {
  const I* index = static_cast<const I*>(a.index);
  const char* x = static_cast<const char*>(a.x);
  char* out = static_cast<char*>(a.out);
  use_large_pages(a.out, a.count * a.row_bytes);
  const int64_t far = rows_ahead(kFarBytes, a.row_bytes, kFarRows), near = rows_ahead(kNearBytes, a.row_bytes, kNearRows);
  Faults faults;
  parallel_ranges(a.count, kRows, a.count * a.row_bytes < 4 * kSerialWork ? 1 : a.threads, [&](int64_t lo, int64_t hi) {
    for (int64_t r = lo; r < hi; ++r) {
      const uint64_t id = static_cast<uint64_t>(static_cast<int64_t>(index[r]));
      if (__builtin_expect(id >= static_cast<uint64_t>(a.num_rows), 0)) return faults.note(r);
      fetch_listed(index, a.count, x, a.row_bytes, r, far, near);
      if (a.row_bytes > 0) memcpy(out + r * a.row_bytes, x + id * a.row_bytes, a.row_bytes);
    }
  });
  return faults.any() ? refuse_id("index", index, faults.position, a.num_rows, "rows in `x`") : kOk;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(gather_rows, "x index out num_rows count row_bytes") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  return WEFT_ISA::with_ids(a, [&](auto id) { return WEFT_ISA::gather_rows<decltype(id)>(a); });
}
