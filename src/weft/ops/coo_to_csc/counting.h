// Counting of ids in chunks that threads share; the result is exact, so that it cannot depend on the number of chunks.
#pragma once
#include "weft/rows.h"

namespace weft {
namespace WEFT_ISA {

// Ids count one by one, or in groups of 2^shift neighbours.
WEFT_INLINE int64_t groups_of(int64_t num, int64_t shift) { return (num + (int64_t{1} << shift) - 1) >> shift; }

// counts[chunk * groups + group] = how often the chunk holds an id of the group. `faults` notes the first id outside 0 .. num - 1.
template <class I>
WEFT_INLINE void count_ids(const I* ids, int64_t count, int64_t num, int64_t chunks, int64_t* counts, Faults& faults, int64_t shift = 0) {
  const int64_t length = (count + chunks - 1) / chunks, groups = groups_of(num, shift);
  parallel_tasks(chunks, chunks, [&](int64_t chunk) {
    int64_t* mine = counts + chunk * groups;
    for (int64_t i = 0; i < groups; ++i) mine[i] = 0;
    for (int64_t e = chunk * length; e < smaller(count, (chunk + 1) * length); ++e) {
      const uint64_t id = static_cast<uint64_t>(static_cast<int64_t>(ids[e]));
      if (__builtin_expect(id >= static_cast<uint64_t>(num), 0)) return faults.note(e);
      ++mine[id >> shift];
    }
  });
}

// Turns the counts of chunks into the first place of each id, or group, in each chunk, and into the pointers of all.
WEFT_INLINE void number_places(int64_t* counts, int64_t num, int64_t chunks, int64_t* indptr) {
  int64_t at = 0;
  for (int64_t i = 0; i < num; ++i) {
    indptr[i] = at;
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      const int64_t here = counts[chunk * num + i];
      counts[chunk * num + i] = at;
      at += here;
    }
  }
  indptr[num] = at;
}

// Calls move(e, place) for positions lo .. hi, whose ids, or groups, take the places in turn, and fetch(place) for one that is taken soon. The
// counts held when they were taken; an id that another thread changes since must not lead beyond `total`.
template <class I, class Fetch, class Move>
WEFT_INLINE void place_ids(const I* ids, int64_t lo, int64_t hi, int64_t num, int64_t total, int64_t* place, Faults& faults,
                           const Fetch& fetch, const Move& move, int64_t shift = 0) {
  constexpr int64_t kAhead = 16;
  for (int64_t e = lo; e < hi; ++e) {
    const uint64_t ahead = e + kAhead < hi ? static_cast<uint64_t>(static_cast<int64_t>(ids[e + kAhead])) : UINT64_MAX;
    if (__builtin_expect(ahead < static_cast<uint64_t>(num), 1)) fetch(place[ahead >> shift]);
    const uint64_t id = static_cast<uint64_t>(static_cast<int64_t>(ids[e])), group = id >> shift;
    if (__builtin_expect(id >= static_cast<uint64_t>(num) || place[group] >= total, 0)) return faults.note(e);
    move(e, place[group]++);
  }
}

// Chunks worth their memory: each has a counter for every id.
WEFT_INLINE int64_t choose_chunks(int64_t count, int64_t num, int64_t threads) {
  return count < kSerialWork ? 1 : larger(1, smaller(threads, count / larger(1, num)));
}

template <class I>
WEFT_INLINE int refuse_id(const char* what, const I* ids, int64_t at, int64_t num, const char* things) {
  return fail(kBadId, "`%s` holds %lld at position %lld, but there are %lld %s", what, static_cast<long long>(ids[at]),
              static_cast<long long>(at), static_cast<long long>(num), things);
}

// Kernels that number `count` things in the type of the ids refuse more than it can tell apart.
template <class I>
WEFT_INLINE int check_width(int64_t count, const char* things) {
  if (sizeof(I) == sizeof(int64_t) || count <= INT32_MAX) return kOk;
  return fail(kBadDtype, "int32 ids cannot number %lld %s", static_cast<long long>(count), things);
}

template <class Body>
WEFT_INLINE int with_ids(const Call& call, const Body& body) {
  if (call.ids == kI32) return body(int32_t{});
  if (call.ids == kI64) return body(int64_t{});
  return fail(kBadDtype, "no kernel for ids %lld", static_cast<long long>(call.ids));
}

}  // namespace WEFT_ISA
}  // namespace weft
