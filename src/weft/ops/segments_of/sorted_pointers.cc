// Memory traffic: the ids once. Where the id changes, whoever sees the second of the two writes the pointers between them; ids
// that rise do so everywhere once. Behind a fall ids are only checked.
#include <cstring>

#include "../coo_to_csc/counting.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const void* batch;
  int64_t *indptr, *is_sorted;
  int64_t num_rows, num_segments;
};

constexpr int64_t kGrain = 1 << 15;

template <class I>
int sorted_pointers(const Arguments& a) {
  const I* batch = static_cast<const I*>(a.batch);
  Faults faults;
  const int64_t tasks = (a.num_rows + kGrain - 1) / kGrain;
  Buffer<int64_t> falls(tasks);
  if (tasks && !falls.data) return fail(kNoMemory, "no memory for %lld ids", static_cast<long long>(a.num_rows));
  parallel_ranges(a.num_rows, kGrain, a.num_rows < kSerialWork ? 1 : a.threads, [&](int64_t lo, int64_t hi) {
    int64_t before = lo ? static_cast<int64_t>(batch[lo - 1]) : -1;
    if (before < -1 || before >= a.num_segments) before = -1;  // noted by whoever holds it
    falls[lo / kGrain] = 0;
    for (int64_t r = lo; r < hi; ++r) {
      const int64_t id = batch[r];
      if (__builtin_expect(static_cast<uint64_t>(id) >= static_cast<uint64_t>(a.num_segments), 0)) return faults.note(r);
      if (id < before) {
        falls[lo / kGrain] = 1;
        before = a.num_segments;
      }
      for (; before < id; ++before) a.indptr[before + 1] = r;
    }
  });
  if (faults.any()) return refuse_id("batch", batch, faults.position, a.num_segments, "segments");
  int64_t last = a.num_rows ? static_cast<int64_t>(batch[a.num_rows - 1]) : -1;
  if (last < -1) last = -1;
  for (int64_t i = last + 1; i <= a.num_segments; ++i) a.indptr[i] = a.num_rows;
  *a.is_sorted = 1;
  for (int64_t t = 0; t < tasks; ++t)
    if (falls[t]) *a.is_sorted = 0;
  if (!*a.is_sorted) memset(a.indptr, 0, (a.num_segments + 1) * sizeof(int64_t));
  return kOk;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(sorted_pointers, "batch indptr is_sorted num_rows num_segments") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  return WEFT_ISA::with_ids(a, [&](auto id) { return WEFT_ISA::sorted_pointers<decltype(id)>(a); });
}
