// Memory traffic: two pointers a row, in the order of the rows asked for; the result once.
#include "../coo_to_csc/counting.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void* chosen;
  int64_t* out;
  int64_t num_rows, count, total;
};

template <class I>
int row_positions(const Arguments& a) {
  const I* rows = static_cast<const I*>(a.chosen);
  int64_t at = 0;
  for (int64_t r = 0; r < a.count; ++r) {
    const uint64_t row = static_cast<uint64_t>(static_cast<int64_t>(rows[r]));
    if (__builtin_expect(row >= static_cast<uint64_t>(a.num_rows), 0)) return refuse_id("chosen", rows, r, a.num_rows, "rows");
    fetch_listed(rows, a.count, a.indptr, sizeof(int64_t), r);
    const int64_t begin = a.indptr[row], end = a.indptr[row + 1];
    if (__builtin_expect(begin < 0 || begin > end, 0))
      return fail(kBadPointer, "`indptr` falls from %lld to %lld at row %lld", static_cast<long long>(begin), static_cast<long long>(end),
                  static_cast<long long>(row));
    if (__builtin_expect(end - begin > a.total - at, 0)) break;
    for (int64_t p = begin; p < end; ++p) a.out[at++] = p;
    if (r + 1 == a.count && at == a.total) return kOk;
  }
  if (a.count == 0 && a.total == 0) return kOk;
  return fail(kBadPointer, "the rows have another number of entries than `total`, %lld", static_cast<long long>(a.total));
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(row_positions, "indptr chosen out num_rows count total") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  return WEFT_ISA::with_ids(a, [&](auto id) { return WEFT_ISA::row_positions<decltype(id)>(a); });
}
