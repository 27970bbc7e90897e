// Memory traffic: ids once, one counter a node and thread.
#include "../coo_to_csc/counting.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const void* index;
  int64_t* out;
  int64_t count, num_nodes;
};

template <class I>
int degree(const Arguments& a) {
  const I* index = static_cast<const I*>(a.index);
  const int64_t chunks = choose_chunks(a.count, a.num_nodes, a.threads);
  Buffer<int64_t> counts(chunks * a.num_nodes);
  if (a.num_nodes && !counts.data) return fail(kNoMemory, "no memory to count %lld nodes", static_cast<long long>(a.num_nodes));
  Faults faults;
  count_ids(index, a.count, a.num_nodes, chunks, counts.data, faults);
  if (faults.any()) return refuse_id("index", index, faults.position, a.num_nodes, "nodes");
  for (int64_t i = 0; i < a.num_nodes; ++i) {
    int64_t sum = 0;
    for (int64_t chunk = 0; chunk < chunks; ++chunk) sum += counts[chunk * a.num_nodes + i];
    a.out[i] = sum;
  }
  return kOk;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(degree, "index out count num_nodes") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  return WEFT_ISA::with_ids(a, [&](auto id) { return WEFT_ISA::degree<decltype(id)>(a); });
}
