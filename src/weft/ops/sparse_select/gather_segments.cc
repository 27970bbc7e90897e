// Memory traffic: two pointers a segment, what the segments hold once and the result once, as bytes, so that one kernel serves every dtype.
#include <cstring>

#include "../coo_to_csc/counting.h"
#include "../sparse_product/compressed.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void *x, *chosen;
  const int64_t* out_indptr;
  void* out;
  int64_t num_segments, num_rows, count, total, row_bytes;
};

constexpr int64_t kSegmentsAhead = 16;

template <class I>
int gather_segments(const Arguments& a) {
  const I* chosen = static_cast<const I*>(a.chosen);
  const Compressed<I> made{"out_", a.out_indptr, nullptr, a.count, 0, a.total};
  const int status = made.check();
  if (status != kOk) return status;
  use_large_pages(a.out, a.total * a.row_bytes);
  const int64_t shares = count_shares(a.count, a.total);
  Faults missing, misfits;
  for_shares(a.out_indptr, a.count, shares, smaller(a.threads, shares), [&](int64_t, int64_t first, int64_t last) {
    for (int64_t r = first; r < last; ++r) {
      const uint64_t segment = static_cast<uint64_t>(static_cast<int64_t>(chosen[r]));
      if (__builtin_expect(segment >= static_cast<uint64_t>(a.num_segments), 0)) return missing.note(r);
      fetch_listed(chosen, a.count, a.indptr, sizeof(int64_t), r);
      if (r + kSegmentsAhead < last && static_cast<uint64_t>(static_cast<int64_t>(chosen[r + kSegmentsAhead])) < static_cast<uint64_t>(a.num_segments))
        fetch_near(reinterpret_cast<const char*>(reinterpret_cast<uintptr_t>(a.x) + a.indptr[chosen[r + kSegmentsAhead]] * a.row_bytes), 128);
      const int64_t begin = a.indptr[segment], end = a.indptr[segment + 1], at = a.out_indptr[r];
      if (__builtin_expect(begin < 0 || end > a.num_rows || end - begin != a.out_indptr[r + 1] - at, 0)) return misfits.note(r);
      copy_run(static_cast<char*>(a.out) + at * a.row_bytes, static_cast<const char*>(a.x) + begin * a.row_bytes, (end - begin) * a.row_bytes);
    }
  });
  if (missing.any()) return refuse_id("chosen", chosen, missing.position, a.num_segments, "segments");
  if (!misfits.any()) return kOk;
  return fail(kBadPointer, "`indptr` and `out_indptr` differ in the segment at position %lld, or it lies outside the %lld rows of `x`",
              static_cast<long long>(misfits.position), static_cast<long long>(a.num_rows));
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(gather_segments, "indptr x chosen out_indptr out num_segments num_rows count total row_bytes") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  return WEFT_ISA::with_ids(a, [&](auto id) { return WEFT_ISA::gather_segments<decltype(id)>(a); });
}
