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

  number_places(places.data, a.num, chunks, a.indptr);
  parallel_tasks(chunks, chunks, [&](int64_t chunk) {
    const auto fetch = [&](int64_t p) { __builtin_prefetch(source + p, 1), __builtin_prefetch(edge + p, 1); };
    place_ids(key, chunk * length, smaller(a.num_edges, (chunk + 1) * length), a.num, a.num_edges, places.data + chunk * a.num, faults, fetch,
              [&](int64_t e, int64_t p) { source[p] = other[e], edge[p] = static_cast<I>(e); });
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
