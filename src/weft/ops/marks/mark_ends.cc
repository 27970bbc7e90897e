// Memory traffic: both ends of every edge once, in order, and a bit for each edge. The marks of nodes are 32 times smaller than their ids
// and mostly stay in the nearest caches.
#include "marks.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const void *source, *target;
  const uint64_t *sources, *targets;
  uint64_t* out;
  int64_t num_edges, source_words, target_words;
};

constexpr int64_t kGrain = 512;  // words to a task

// Takes away the bits of edges lo .. hi whose end is not marked; false, and noted, if an end has no bit.
template <class I>
WEFT_INLINE bool filter(const I* ends, const Marks& marks, int64_t lo, int64_t hi, uint64_t* bits, Faults& faults) {
  if (!marks.words) return true;
  uint64_t held = 0;
  for (int64_t e = lo; e < hi; ++e) {
    const uint64_t id = unsigned_id(ends[e]);
    if (__builtin_expect(!marks.fits(id), 0)) return faults.note(e), false;
    held |= static_cast<uint64_t>(marks.has(id)) << (e & 63);
  }
  *bits &= held;
  return true;
}

template <class I>
int mark_ends(const Arguments& a) {
  const I *source = static_cast<const I*>(a.source), *target = static_cast<const I*>(a.target);
  const Marks sources{a.sources, a.source_words}, targets{a.targets, a.target_words};
  const int64_t words = (a.num_edges + 63) / 64;
  Faults bad_source, bad_target;
  parallel_ranges(words, kGrain, a.num_edges < kSerialWork ? 1 : a.threads, [&](int64_t first, int64_t last) {
    for (int64_t w = first; w < last; ++w) {
      const int64_t lo = w * 64, hi = smaller(a.num_edges, lo + 64);
      uint64_t bits = hi - lo == 64 ? ~uint64_t{0} : (uint64_t{1} << (hi - lo)) - 1;
      if (!filter(source, sources, lo, hi, &bits, bad_source) || !filter(target, targets, lo, hi, &bits, bad_target)) return;
      a.out[w] = bits;
    }
  });
  if (bad_source.any()) return refuse_id("source", source, bad_source.position, sources.ids(), "marks");
  return bad_target.any() ? refuse_id("target", target, bad_target.position, targets.ids(), "marks") : kOk;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(mark_ends, "source target sources targets out num_edges source_words target_words") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  return WEFT_ISA::with_ids(a, [&](auto id) { return WEFT_ISA::mark_ends<decltype(id)>(a); });
}
