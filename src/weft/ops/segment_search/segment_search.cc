// Memory traffic: two pointers and about log(rows) lines of each segment that is searched, wherever they are; the pointers and the
// middle of a segment, which every search reads first, are fetched ahead.
#include "../coo_to_csc/counting.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void* x;
  const int64_t* segment;
  const void* value;
  int64_t *first, *last;
  int64_t num_segments, num_rows, count;
};

constexpr int64_t kGrain = 2048, kPointersAhead = 32, kMiddlesAhead = 16;

// The first of `count` ascending rows for which `before` does not hold. Without a branch, since what it would be is not known ahead.
template <class I, class Before>
WEFT_INLINE int64_t search(const I* x, int64_t count, const Before& before) {
  const I* at = x;
  while (count > 0) {
    const int64_t half = (count + 1) / 2;
    at += before(at[half - 1]) ? half : 0;
    count -= half;
  }
  return at - x;
}

template <class I>
int segment_search(const Arguments& a) {
  const I *x = static_cast<const I*>(a.x), *value = static_cast<const I*>(a.value);
  // Read once, so that what is followed is what was checked; -1 if it is not there.
  const auto segment_of = [&](int64_t q) {
    const int64_t segment = a.segment[q];
    return static_cast<uint64_t>(segment) < static_cast<uint64_t>(a.num_segments) ? segment : -1;
  };
  Faults missing, misfits;
  parallel_ranges(a.count, kGrain, a.count < kGrain ? 1 : a.threads, [&](int64_t lo, int64_t hi) {
    for (int64_t q = lo; q < hi; ++q) {
      const int64_t segment = segment_of(q);
      if (const int64_t ahead = segment_of(smaller(q + kPointersAhead, hi - 1)); ahead >= 0) fetch_near(a.indptr + ahead, 16);
      if (const int64_t ahead = segment_of(smaller(q + kMiddlesAhead, hi - 1)); ahead >= 0) {
        const uint64_t middle = (static_cast<uint64_t>(a.indptr[ahead]) + static_cast<uint64_t>(a.indptr[ahead + 1])) / 2;
        fetch_near(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(x) + middle * sizeof(I)), 1);
      }
      if (__builtin_expect(segment < 0, 0)) return missing.note(q);
      const int64_t begin = a.indptr[segment], end = a.indptr[segment + 1];
      if (__builtin_expect(begin < 0 || begin > end || end > a.num_rows, 0)) return misfits.note(q);
      const I wanted = value[q];
      const int64_t first = begin + search(x + begin, end - begin, [&](I row) { return row < wanted; });
      int64_t last = first, step = 1;  // few rows are equal
      while (last + step <= end && x[last + step - 1] == wanted) last += step, step *= 2;
      const int64_t rest = smaller(step, end - last);
      a.first[q] = first;
      a.last[q] = last + search(x + last, rest, [&](I row) { return row <= wanted; });
    }
  });
  if (missing.any()) return refuse_id("segment", a.segment, missing.position, a.num_segments, "segments");
  if (!misfits.any()) return kOk;
  return fail(kBadPointer, "`indptr` falls in segment %lld, or it lies outside the %lld rows of `x`",
              static_cast<long long>(a.segment[misfits.position]), static_cast<long long>(a.num_rows));
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(segment_search, "indptr x segment value first last num_segments num_rows count") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  return WEFT_ISA::with_ids(a, [&](auto id) { return WEFT_ISA::segment_search<decltype(id)>(a); });
}
