// A stable counting sort. Memory traffic: keys twice, the other ends once, three arrays of E written to scattered places.
#include "counting.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const void *key, *other;
  int64_t* indptr;
  void *source, *edge;
  int64_t num_edges, num;
};

template <class I>
int coo_to_csc(const Arguments& a) {
  const I *key = static_cast<const I*>(a.key), *other = static_cast<const I*>(a.other);
  I *source = static_cast<I*>(a.source), *edge = static_cast<I*>(a.edge);
  const int64_t chunks = choose_chunks(a.num_edges, a.num, a.threads), length = (a.num_edges + chunks - 1) / chunks;
  Buffer<int64_t> places(chunks * a.num);
  if (a.num && !places.data) return fail(kNoMemory, "no memory to count %lld nodes", static_cast<long long>(a.num));
  use_large_pages(a.source, a.num_edges * sizeof(I));
  use_large_pages(a.edge, a.num_edges * sizeof(I));
  Faults faults;
  count_ids(key, a.num_edges, a.num, chunks, places.data, faults);
  if (faults.any()) return refuse_id("key", key, faults.position, a.num, "nodes");

  int64_t at = 0;
  for (int64_t i = 0; i < a.num; ++i) {
    a.indptr[i] = at;
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      const int64_t here = places[chunk * a.num + i];
      places[chunk * a.num + i] = at;
      at += here;
    }
  }
  a.indptr[a.num] = at;

  // The counts held when they were taken; a key that another thread changes since must not write outside.
  parallel_tasks(chunks, chunks, [&](int64_t chunk) {
    int64_t* place = places.data + chunk * a.num;
    for (int64_t e = chunk * length; e < smaller(a.num_edges, (chunk + 1) * length); ++e) {
      const uint64_t id = static_cast<uint64_t>(static_cast<int64_t>(key[e]));
      if (__builtin_expect(id >= static_cast<uint64_t>(a.num) || place[id] >= a.num_edges, 0)) return faults.note(e);
      const int64_t p = place[id]++;
      source[p] = other[e];
      edge[p] = static_cast<I>(e);
    }
  });
  return faults.any() ? refuse_id("key", key, faults.position, a.num, "nodes") : kOk;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(coo_to_csc, "key other indptr source edge num_edges num") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  return WEFT_ISA::with_ids(a, [&](auto id) { return WEFT_ISA::coo_to_csc<decltype(id)>(a); });
}
