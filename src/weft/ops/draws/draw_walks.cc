// Memory traffic: for each step two pointers, a source and an edge id, all of them anywhere and each told by the one before. So walks go
// in groups: every member of a group asks for its next line before the first of them reads its own.
#include "drawing.h"

namespace weft {
namespace WEFT_ISA {
namespace {

enum Flag : int64_t { kReturns = 1, kFuture = 2, kStrict = 4, kSecondOrder = 8 };

struct Step {
  int64_t relation;
  uint64_t stop;  // of 2^32: how many words end a walk before the step
};

struct Arguments : Call {
  const Relation* relations;
  const Step* steps;
  const int64_t *num_nodes, *starts, *times;
  const uint64_t* limits;  // of 2^32: how many words keep a step back, one to a common neighbour, and one away
  int64_t *nodes, *edges;
  int64_t num_walks, num_steps, seed, epoch, batch, stream, window, flags;
};

constexpr int64_t kGroup = 64;
constexpr uint64_t kLastStream = 0xFFFF;

// What stopped a group: the kind of fault, and where.
struct Fault {
  int status;
  int64_t relation, where;
};

class Group {
 public:
  Group(const Arguments& a, int64_t first, Fault& fault) : a_(a), first_(first), count_(smaller(kGroup, a.num_walks - first)), fault_(fault) {}

  void run() {
    fault_.status = kOk;
    const int64_t most = a_.num_steps ? a_.num_nodes[a_.relations[a_.steps[0].relation].target_type] : INT64_MAX;
    for (int64_t i = 0; i < count_; ++i) {
      at_[i] = start(i), before_[i] = -1, now_[i] = a_.times ? a_.times[first_ + i] : 0;
      if (static_cast<uint64_t>(at_[i]) >= static_cast<uint64_t>(most)) return refuse(kBadId, -1, first_ + i);
      a_.nodes[(first_ + i) * (a_.num_steps + 1)] = at_[i];
    }
    for (int64_t s = 0; s < a_.num_steps && !fault_.status; ++s) step(s);
  }

 private:
  const Arguments& a_;
  const int64_t first_, count_;
  Fault& fault_;
  int64_t at_[kGroup], before_[kGroup], now_[kGroup], position_[kGroup];  // at -1 a walk has ended
  Draws words_[kGroup];

  int64_t start(int64_t i) const { return a_.starts[first_ + i]; }
  void refuse(int status, int64_t relation, int64_t where) { fault_ = {status, relation, where}; }

  uint64_t first_counter() const { return static_cast<uint64_t>(a_.epoch) << 44 | static_cast<uint64_t>(a_.batch) << 16 | (kLastStream - a_.stream); }
  uint64_t counter(int64_t i, int64_t s) const { return static_cast<uint64_t>(first_ + i) << 32 | static_cast<uint64_t>(s) << 16; }

  void step(int64_t s) {
    constexpr int64_t kJumps = -2, kEnds = -1;
    const Relation& relation = a_.relations[a_.steps[s].relation];
    const AnyIds sources = relation.sources(), ids = relation.edges();
    for (int64_t i = 0; i < count_; ++i)
      if (at_[i] >= 0) __builtin_prefetch(relation.indptr + at_[i], 0, 3);
    for (int64_t i = 0; i < count_; ++i) words_[i] = philox(a_.seed, first_counter(), counter(i, s));
    for (int64_t i = 0; i < count_; ++i) {
      position_[i] = kEnds;
      if (at_[i] < 0) continue;
      WordsOf<1> words(a_.seed, first_counter(), counter(i, s), {words_[i]});
      if (a_.steps[s].stop && words.next() < a_.steps[s].stop) {
        position_[i] = a_.flags & kReturns ? kJumps : kEnds;
        continue;
      }
      Candidates from{0, 0, relation.sums, nullptr, 0};
      if (!relation.row(at_[i], from.lo, from.hi)) return refuse(kBadPointer, a_.steps[s].relation, at_[i]);
      if (relation.times && a_.flags & kFuture) from.keep_future(relation.times, now_[i], a_.flags & kStrict, a_.window);
      else if (relation.times) from.keep_past(relation.times, now_[i], a_.flags & kStrict, a_.window);
      if (from.start(from.hi) <= 0) continue;
      position_[i] = before_[i] >= 0 ? second_order(relation, from, before_[i], words) : draw(from, words);
      __builtin_prefetch(sources.at(position_[i]), 0, 3);
      if (ids) __builtin_prefetch(ids.at(position_[i]), 0, 3);
    }
    for (int64_t i = 0; i < count_; ++i) {
      const int64_t walk = first_ + i, p = position_[i];
      int64_t edge = -1, next = p == kJumps ? start(i) : -1;
      if (p >= 0) {
        next = sources[p], edge = ids ? ids[p] : p;
        if (static_cast<uint64_t>(next) >= static_cast<uint64_t>(a_.num_nodes[relation.source_type])) return refuse(kBadId, a_.steps[s].relation, p);
        if (relation.times) now_[i] = relation.times[p];
      } else if (p == kJumps && a_.times) {
        now_[i] = a_.times[walk];
      }
      before_[i] = a_.flags & kSecondOrder && p >= 0 ? at_[i] : -1;
      at_[i] = next;
      a_.nodes[walk * (a_.num_steps + 1) + s + 1] = next;
      a_.edges[walk * a_.num_steps + s] = edge;
    }
  }

  static int64_t draw(const Candidates& from, WordsOf<1>& words) {
    if (!from.sums) return from.lo + static_cast<int64_t>(words.below(from.count(), from.count() >= INT64_C(0x100000000)));
    return from.find(static_cast<int64_t>(words.below(from.start(from.hi), true)));
  }

  // By rejection: a step is drawn as if there were no node before, and kept with a chance that depends on where it leads.
  int64_t second_order(const Relation& relation, const Candidates& from, int64_t before, WordsOf<1>& words) const {
    const uint64_t *limits = a_.limits, lowest = smaller(limits[0], smaller(limits[1], limits[2]));
    const AnyIds sources = relation.sources();
    for (;;) {
      const int64_t p = draw(from, words), next = sources[p];
      const uint64_t word = words.next();
      if (word < lowest) return p;
      const int kind = next == before ? 0 : relation.joins(before, next) ? 1 : 2;
      if (word < limits[kind]) return p;
    }
  }
};

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(draw_walks, "relations steps num_nodes starts times limits nodes edges num_walks num_steps seed epoch batch stream window flags") {
  using namespace weft::WEFT_ISA;
  const Arguments& a = *static_cast<const Arguments*>(arguments);
  const int64_t groups = (a.num_walks + kGroup - 1) / kGroup;
  Buffer<Fault> faults(groups);
  if (groups && !faults.data) return weft::fail(weft::kNoMemory, "no memory for %lld walks", static_cast<long long>(a.num_walks));
  parallel_tasks(groups, a.num_walks * a.num_steps < kSerialWork / 16 ? 1 : a.threads, [&](int64_t g) { Group(a, g * kGroup, faults[g]).run(); });
  for (int64_t g = 0; g < groups; ++g) {
    const Fault& fault = faults[g];
    const auto where = static_cast<long long>(fault.where), relation = static_cast<long long>(fault.relation);
    if (fault.status == weft::kBadPointer)
      return weft::fail(weft::kBadPointer, "relation %lld: `indptr` falls at row %lld, or leads out of the edges", relation, where);
    if (fault.status && fault.relation < 0)
      return weft::fail(weft::kBadId, "`starts` holds %lld at position %lld, but there are %lld nodes", static_cast<long long>(a.starts[where]), where,
                        static_cast<long long>(a.num_nodes[a.relations[a.steps[0].relation].target_type]));
    if (fault.status)
      return weft::fail(weft::kBadId, "relation %lld: `source` holds %lld at position %lld, but there are %lld nodes", relation,
                        static_cast<long long>(a.relations[relation].sources()[where]), where,
                        static_cast<long long>(a.num_nodes[a.relations[relation].source_type]));
  }
  return weft::kOk;
}
