// Segments of rows: segment i holds positions indptr[i] .. indptr[i + 1], and position p is row order[p], or row p without an order.
#pragma once
#include "weft/rows.h"
#include "weft/vector.h"

namespace weft {
namespace WEFT_ISA {

// The order of rows. Which of the two id types it has is asked when ids are read, so that kernels are compiled once for both.
struct Listing {
  const void* order;
  bool is_wide;
  int64_t rows;

  Listing(const void* order, int64_t ids, int64_t rows) : order(order), is_wide(ids == kI64), rows(rows) {}

  int64_t at(int64_t p) const {
    if (!order) return p;
    return is_wide ? static_cast<const int64_t*>(order)[p] : static_cast<const int32_t*>(order)[p];
  }

  // Writes the rows of positions lo .. hi; false, and noted, if one is not there.
  bool read(int64_t lo, int64_t hi, int64_t* to, Faults& faults) const {
    for (int64_t p = lo; p < hi; ++p) {
      const int64_t row = *to++ = at(p);
      if (__builtin_expect(static_cast<uint64_t>(row) >= static_cast<uint64_t>(rows), 0)) return faults.note(p), false;
    }
    return true;
  }

  int outcome(const Faults& faults) const {
    if (faults.any())
      return fail(kBadId, "`order` holds %lld at position %lld, but there are %lld rows in `x`", static_cast<long long>(at(faults.position)),
                  static_cast<long long>(faults.position), static_cast<long long>(rows));
    return faults.starved ? fail(kNoMemory, "no memory for a task over %lld rows", static_cast<long long>(rows)) : kOk;
  }
};

// The first segment that begins at position `at` or behind it; `count` if none does.
WEFT_INLINE int64_t first_segment(const int64_t* indptr, int64_t count, int64_t at) {
  int64_t low = 0, high = count;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (indptr[middle] < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

// Tasks of whole segments that together begin in `grain` positions: task(first, last). Cut by the pointers alone.
template <class Task>
WEFT_INLINE void parallel_segments(const int64_t* indptr, int64_t count, int64_t grain, int64_t threads, const Task& task) {
  const int64_t tasks = indptr[count] / grain + 1;  // the last one holds empty segments behind all rows
  parallel_tasks(tasks, threads, [&](int64_t t) {
    const int64_t first = first_segment(indptr, count, t * grain), last = t + 1 < tasks ? first_segment(indptr, count, (t + 1) * grain) : count;
    if (first < last) task(first, last);
  });
}

WEFT_INLINE int64_t longest_segment(const int64_t* indptr, int64_t first, int64_t last, int64_t most) {
  int64_t longest = 0;
  for (int64_t i = first; i < last; ++i) {
    const int64_t length = indptr[i + 1] - indptr[i];
    if (length <= most) longest = larger(longest, length);
  }
  return longest;
}

// Status of body(T{}) for the feature type that the call names, integers among them.
template <class Body>
WEFT_INLINE int with_values(const Call& call, const Body& body) {
  switch (call.dtype) {
    case kF32: return body(float{});
    case kF64: return body(double{});
    case kBF16: return body(bf16{});
    case kF16: return body(f16{});
    case kI32: return body(int32_t{});
    case kI64: return body(int64_t{});
    default: return fail(kBadDtype, "no kernel for dtype %lld", static_cast<long long>(call.dtype));
  }
}

}  // namespace WEFT_ISA
}  // namespace weft
