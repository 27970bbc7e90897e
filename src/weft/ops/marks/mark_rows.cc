// Memory traffic: the edges of the chosen rows once, and a bit for each that is marked. Every thread marks words of its own, which are then
// joined; where the words outweigh the edges, one thread does all.
#include <cstring>

#include "marks.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void *source, *edge;
  const int64_t* chosen;
  const uint64_t* among;
  uint64_t* out;
  int64_t num_rows, num_edges, num_chosen, num_words, count;
};

constexpr int64_t kRowsAhead = 8;

struct Missing {
  Faults row, pointer, source, edge;  // positions in `chosen`, twice; positions of edges, twice
  bool any() const { return row.any() || pointer.any() || source.any() || edge.any(); }
};

template <class I>
struct Marker {
  const Arguments& a;
  const I *source, *edge;
  Marks among;
  Missing& missing;

  // Read once, so that what is followed is what was checked; -1 if it is not there.
  int64_t row_of(int64_t r) const {
    const int64_t row = a.chosen[r];
    return static_cast<uint64_t>(row) < static_cast<uint64_t>(a.num_rows) ? row : -1;
  }

  void fetch(int64_t r) const {
    const int64_t row = row_of(smaller(r + kRowsAhead, a.num_chosen - 1));
    if (row < 0) return;
    const int64_t begin = a.indptr[row];
    fetch_near(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(source) + static_cast<uint64_t>(begin) * sizeof(I)), 128);
    if (edge) fetch_near(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(edge) + static_cast<uint64_t>(begin) * sizeof(I)), 128);
  }

  // Marks the edges of every `stride`-th row from `first` on.
  void mark(int64_t first, int64_t stride, uint64_t* words) const {
    for (int64_t r = first; r < a.num_chosen; r += stride) {
      fetch_listed(a.chosen, a.num_chosen, a.indptr, sizeof(int64_t), r);
      fetch(r);
      const int64_t row = row_of(r);
      if (__builtin_expect(row < 0, 0)) return missing.row.note(r);
      const int64_t begin = a.indptr[row], end = a.indptr[row + 1];
      if (__builtin_expect(begin < 0 || begin > end || end > a.num_edges, 0)) return missing.pointer.note(r);
      for (int64_t p = begin; p < end; ++p) {
        if (among.words) {
          const uint64_t id = unsigned_id(source[p]);
          if (__builtin_expect(!among.fits(id), 0)) return missing.source.note(p);
          if (!among.has(id)) continue;
        }
        const uint64_t id = edge ? unsigned_id(edge[p]) : static_cast<uint64_t>(p);
        if (__builtin_expect(id >= static_cast<uint64_t>(a.count), 0)) return missing.edge.note(p);
        words[id >> 6] |= uint64_t{1} << (id & 63);
      }
    }
  }

  int outcome() const {
    if (missing.row.any()) return refuse_id("chosen", a.chosen, missing.row.position, a.num_rows, "rows");
    if (missing.pointer.any())
      return fail(kBadPointer, "`indptr` falls in row %lld, or it lies outside the %lld edges", static_cast<long long>(a.chosen[missing.pointer.position]),
                  static_cast<long long>(a.num_edges));
    if (missing.source.any()) return refuse_id("source", source, missing.source.position, among.ids(), "sources");
    if (!missing.edge.any()) return kOk;
    if (edge) return refuse_id("edge", edge, missing.edge.position, a.count, "edges");
    return fail(kBadId, "position %lld is marked, but there are %lld edges", static_cast<long long>(missing.edge.position),
                static_cast<long long>(a.count));
  }
};

template <class I>
int mark_rows(const Arguments& a) {
  Missing missing;
  const Marker<I> marker{a, static_cast<const I*>(a.source), static_cast<const I*>(a.edge), Marks{a.among, a.num_words}, missing};
  const int64_t words = (a.count + 63) / 64;
  int64_t work = 0;
  for (int64_t r = 0; r < a.num_chosen && work >= 0; ++r) {
    const int64_t row = marker.row_of(r);
    if (row >= 0) work += smaller(a.num_edges, a.indptr[row + 1] - a.indptr[row]);
  }
  const int64_t chunks = work < kSerialWork || work < 4 * words ? 1 : smaller(a.threads, a.num_chosen);
  Buffer<uint64_t> others((chunks - 1) * words);
  if (chunks > 1 && words && !others.data) return fail(kNoMemory, "no memory to mark %lld edges", static_cast<long long>(a.count));
  parallel_tasks(chunks, chunks, [&](int64_t chunk) {
    uint64_t* mine = chunk ? others.data + (chunk - 1) * words : a.out;
    if (words) memset(mine, 0, words * sizeof(uint64_t));
    marker.mark(chunk, chunks, mine);
  });
  for (int64_t chunk = 1; chunk < chunks; ++chunk)
    for (int64_t w = 0; w < words; ++w) a.out[w] |= others[(chunk - 1) * words + w];
  return missing.any() ? marker.outcome() : kOk;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(mark_rows, "indptr source edge chosen among out num_rows num_edges num_chosen num_words count") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  return WEFT_ISA::with_ids(a, [&](auto id) { return WEFT_ISA::mark_rows<decltype(id)>(a); });
}
