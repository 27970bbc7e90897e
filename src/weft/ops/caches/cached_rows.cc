// Memory traffic: each row is read and written once, as bytes; rows of the cache, which lie anywhere, are fetched ahead.
#include <cstring>

#include "../gather_rows/long_rows.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Take : Call {
  const char *held, *fetched;
  const int64_t* slots;
  char* out;
  int64_t num_slots, num_fetched, count, row_bytes;
};

struct Keep : Call {
  char* held;
  const char* rows;
  const int64_t* places;
  int64_t num_slots, count, row_bytes;
};

constexpr int64_t kRows = 256;  // of a task

template <class Task>
WEFT_INLINE void for_rows(const Call& a, int64_t count, int64_t row_bytes, const Task& task) {
  parallel_ranges(count, kRows, count * row_bytes < 4 * kSerialWork ? 1 : a.threads, task);
}

int refuse(const char* what, const int64_t* values, const Faults& faults) {
  if (!faults.any()) return kOk;
  return fail(kBadId, "`%s` holds %lld at position %lld, where nothing lies", what, static_cast<long long>(values[faults.position]),
              static_cast<long long>(faults.position));
}

int take(const Take& a) {
  use_large_pages(a.out, a.count * a.row_bytes);
  const int64_t far = rows_ahead(kFarBytes, a.row_bytes, kFarRows), near = rows_ahead(kNearBytes, a.row_bytes, kNearRows);
  Faults faults;
  for_rows(a, a.count, a.row_bytes, [&](int64_t lo, int64_t hi) {
    for (int64_t r = lo; r < hi; ++r) {
      if (a.row_bytes <= kLongRow) fetch_listed(a.slots, hi, a.held, a.row_bytes, r, far, near);
      const int64_t at = a.slots[r];
      if (at >= a.num_slots || -1 - at >= a.num_fetched) return faults.note(r);
      const char* row = at >= 0 ? a.held + at * a.row_bytes : a.fetched + (-1 - at) * a.row_bytes;
      if (a.row_bytes > 0) memcpy(a.out + r * a.row_bytes, row, a.row_bytes);
    }
  });
  return refuse("slots", a.slots, faults);
}

int keep(const Keep& a) {
  Faults faults;
  for_rows(a, a.count, a.row_bytes, [&](int64_t lo, int64_t hi) {
    for (int64_t r = lo; r < hi; ++r) {
      const int64_t at = a.places[r];
      if (at >= a.num_slots) return faults.note(r);
      if (at >= 0 && a.row_bytes > 0) memcpy(a.held + at * a.row_bytes, a.rows + r * a.row_bytes, a.row_bytes);
    }
  });
  return refuse("places", a.places, faults);
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(take_cached_rows, "held fetched slots out num_slots num_fetched count row_bytes") {
  return weft::WEFT_ISA::take(*static_cast<const weft::WEFT_ISA::Take*>(arguments));
}

WEFT_KERNEL(keep_rows, "held rows places num_slots count row_bytes") {
  return weft::WEFT_ISA::keep(*static_cast<const weft::WEFT_ISA::Keep*>(arguments));
}
