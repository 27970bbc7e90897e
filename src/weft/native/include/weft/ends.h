// The ends of edges by id, where a structure lists them so.
#pragma once
#include "weft/rows.h"

namespace weft {
namespace WEFT_ISA {

enum End : int64_t { kSource, kTarget, kEdge };

constexpr int64_t kEdges = 1024;  // of a task
constexpr int64_t kWide = 128;    // bytes of a row beyond which reading rows of targets anywhere costs more than writing results there

// Whether what is found for edges is found in the order of their ids, where their ends are listed; `orders` says whether positions have other ids.
WEFT_INLINE bool walks_by_edge(bool orders, bool reads_edges, int64_t target_bytes) { return !orders || reads_edges || target_bytes <= kWide; }

// Lists are null of ends that nobody reads, and both where none are listed.
struct Ends {
  AnyIds listed[3];   // sources, targets, and no ids: an edge has its own
  int64_t counts[2];  // how many sources and targets there are

  explicit operator bool() const { return listed[kSource] || listed[kTarget]; }

  // Copies an end of `count` edges from `lo` on, if it is read; false if ids do not fit.
  bool copy(int64_t end, int64_t lo, int64_t count, int64_t* to) const {
    if (!listed[end]) return true;
    listed[end].copy(lo, count, to);
    return all_fit(to, 0, count, counts[end]);
  }

  bool fits(int64_t edge, int64_t end) const { return !listed[end] || static_cast<uint64_t>(listed[end][edge]) < static_cast<uint64_t>(counts[end]); }

  // The first of edges lo .. hi whose ids do not fit, where one is known to.
  int64_t first_misfit(int64_t lo, int64_t hi) const {
    while (lo + 1 < hi && fits(lo, kSource) && fits(lo, kTarget)) ++lo;
    return lo;
  }

  // Names the end of an edge that does not fit.
  int explain(int64_t edge) const {
    const End end = fits(edge, kSource) ? kTarget : kSource;
    const char* const name = end == kSource ? "source" : "target";
    return fail(kBadId, "`ends` hold %s %lld at edge %lld, but there are %lld %ss", name, static_cast<long long>(listed[end][edge]),
                static_cast<long long>(edge), static_cast<long long>(counts[end]), name);
  }
};

}  // namespace WEFT_ISA
}  // namespace weft
