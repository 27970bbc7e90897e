// Memory traffic: for each draw one node's weights or times, if there are any, and a search in the row of the target, anywhere.
#include "drawing.h"

namespace weft {
namespace WEFT_ISA {
namespace {

enum Flag : int64_t { kSource = 1, kTarget = 2, kInBatch = 4, kStrict = 8, kNoLoops = 16 };

// The nodes at one end of links: how many there are, what those before each weigh, and since when each is there.
struct Side {
  int64_t num_nodes;
  const int64_t *sums, *times;
};

struct Arguments : Call {
  const Relation* known;  // or null
  const int64_t* links;
  const Side* sides;
  const int64_t *table, *times;
  int64_t* out;
  int64_t num_links, count, width, seed, epoch, batch, stream, flags;
};

constexpr uint64_t kLastStream = 0xFFFF - 1024;
constexpr int64_t kTries = 64;

class Drawer {
 public:
  Drawer(const Arguments& a, int64_t link) : a_(a), link_(link), own_{a.links[2 * link], a.links[2 * link + 1]} {}

  // Whether both ends of the link are there.
  bool is_there() const { return fits(0, own_[0]) && fits(1, own_[1]); }

  void draw(int64_t j) {
    WordsOf<1> words(a_.seed, static_cast<uint64_t>(a_.epoch) << 44 | static_cast<uint64_t>(a_.batch) << 16 | (kLastStream - a_.stream),
                     static_cast<uint64_t>(link_) << 32 | static_cast<uint64_t>(j) << 16);
    int64_t* out = a_.out + 2 * (link_ * a_.count + j);
    const bool both = (a_.flags & (kSource | kTarget)) == (kSource | kTarget);
    for (int64_t tries = 0; tries < kTries; ++tries) {
      for (int side = 0; side < 2; ++side) out[side] = changes(side) ? value(side, pick(side, words)) : own_[side];
      if (is_negative(out[0], out[1])) return;
    }
    out[0] = out[1] = -1;
    if (!both) search(a_.flags & kSource ? 0 : 1, words, out);
  }

 private:
  const Arguments& a_;
  const int64_t link_, own_[2];

  bool changes(int side) const { return a_.flags & (side ? kTarget : kSource); }
  bool fits(int side, int64_t node) const { return static_cast<uint64_t>(node) < static_cast<uint64_t>(a_.sides[side].num_nodes); }

  // The nodes to draw among: all of a type, those at that end of the links of the batch, or a row of a table.
  int64_t size(int side) const { return a_.table ? a_.width : a_.flags & kInBatch ? a_.num_links : a_.sides[side].num_nodes; }
  int64_t value(int side, int64_t m) const {
    return a_.table ? a_.table[own_[1 - side] * a_.width + m] : a_.flags & kInBatch ? a_.links[2 * m + side] : m;
  }
  int64_t weight(int side, int64_t m) const {
    const int64_t* sums = a_.sides[side].sums;
    return sums ? sums[m + 1] - sums[m] : 1;
  }

  int64_t pick(int side, WordsOf<1>& words) const {
    const int64_t *sums = a_.sides[side].sums, most = size(side);
    if (!sums) return static_cast<int64_t>(words.below(most, most >= INT64_C(0x100000000)));
    const auto place = static_cast<int64_t>(words.below(sums[most], true));
    return boundary(1, most, [&](int64_t m) { return sums[m] <= place; }) - 1;
  }

  // Nodes of other links and of tables are looked at for the first time.
  bool is_negative(int64_t source, int64_t target) const {
    const int64_t ends[2] = {source, target};
    for (int side = 0; side < 2; ++side) {
      if (!fits(side, ends[side])) return false;
      const int64_t* times = a_.sides[side].times;
      if (times && changes(side) && (a_.flags & kStrict ? times[ends[side]] >= a_.times[link_] : times[ends[side]] > a_.times[link_])) return false;
    }
    if (source == own_[0] && target == own_[1]) return false;
    if (a_.flags & kNoLoops && source == target) return false;
    return !a_.known || !a_.known->joins(target, source);
  }

  // Draws among all that are allowed, when few are.
  void search(int side, WordsOf<1>& words, int64_t* out) const {
    const auto allowed = [&](int64_t m) {
      const int64_t node = value(side, m);
      return (side ? is_negative(own_[0], node) : is_negative(node, own_[1])) ? weight(side, m) : 0;
    };
    int64_t all = 0;
    for (int64_t m = 0; m < size(side); ++m) all += allowed(m);
    if (all <= 0) return;
    auto place = static_cast<int64_t>(words.below(all, true));
    for (int64_t m = 0; m < size(side); ++m) {
      place -= allowed(m);
      if (place >= 0) continue;
      out[side] = value(side, m);
      out[1 - side] = own_[1 - side];
      return;
    }
  }
};

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(draw_negatives, "known links sides table times out num_links count width seed epoch batch stream flags") {
  using namespace weft::WEFT_ISA;
  const Arguments& a = *static_cast<const Arguments*>(arguments);
  Faults faults;
  parallel_ranges(a.num_links, 64, a.num_links * a.count < kSerialWork / 16 ? 1 : a.threads, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      Drawer drawer(a, i);
      if (!drawer.is_there()) return faults.note(i);
      for (int64_t j = 0; j < a.count; ++j) drawer.draw(j);
    }
  });
  if (!faults.any()) return weft::kOk;
  const int64_t* link = a.links + 2 * faults.position;
  return weft::fail(weft::kBadId, "`links` holds (%lld, %lld) at position %lld, but there are %lld sources and %lld targets",
                    static_cast<long long>(link[0]), static_cast<long long>(link[1]), static_cast<long long>(faults.position),
                    static_cast<long long>(a.sides[0].num_nodes), static_cast<long long>(a.sides[1].num_nodes));
}
