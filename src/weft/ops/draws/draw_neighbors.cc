// Memory traffic: two pointers for each node that draws, the sources that it draws (and their edge ids, if they are asked for), each of
// which may lie anywhere; what is drawn then goes through the caches a few times, in order, while its nodes are numbered.
#include <cstring>

#include "numbering.h"

namespace weft {
namespace WEFT_ISA {
namespace {

enum Flag : int64_t { kReplaces = 1, kTrees = 2, kRepeats = 4, kRecent = 8, kStrict = 16, kBySource = 32, kSharesLayers = 64, kKeepsEdges = 128, kInduced = 256 };

// Rows of the tables that Python packs, as numbers of 8 bytes; `Relation` is another.
struct Seeds {
  int64_t num_nodes, count;
  const int64_t *ids, *trees;  // no trees where each seed has one of its own
};

// Where to put what was drawn: nodes type after type, pointers and edges hop after hop and relation after relation in it. Without trees, or
// where nobody wants the ids of edges, there is no room for them.
struct TakeArguments : Call {
  int64_t workspace;
  const Seeds* seeds;
  int64_t *ids, *trees;
  int32_t* seed_numbers;
  int64_t* indptr;
  int32_t *source, *target;
  int64_t* edge;
  int64_t num_types, num_relations, first_hop, last_hop;
};

struct Arguments : Call {
  int64_t* workspace;
  const Relation* relations;
  const Seeds* seeds;
  const int64_t *times, *fanouts;  // times by tree
  int64_t* sizes;
  int64_t num_types, num_relations, num_hops, num_trees, seed, epoch, batch, stream, window, flags;
};

// Nodes that one thread draws for, for one relation in one hop: how many edges each drew, and which, as positions until their sources
// are read. Of seeds, `relation` is the type.
struct Run {
  int64_t relation, first, last;
  Grow<int32_t> counts;
  Grow<int64_t> drawn;
  Piece piece;
  int64_t row_place = 0, edge_place = 0, edges_before = 0;  // where its rows and edges are taken to, and the edges of the rows before it
  int64_t wrong = -1;  // a position with a bad source, or a row with bad pointers
  int fault = kOk;
};

// What one hop drew for one relation: a range of `Run`s, and a range of the numbers of the sources.
struct Drawn {
  int64_t first_run, last_run, num_edges;
};

struct Workspace {
  Pool<Nodes> nodes;
  Pool<Run> seeds, rows;  // all hops' rows, one behind the other
  Grow<Drawn> drawn;      // (hop, relation)
  Grow<int32_t> numbers, seed_numbers;
  Grow<int64_t> hop_numbers;  // where the numbers of each hop begin
};

// Draws for the nodes of some rows, a block of them after the other: first what each may draw from, then the words of those that draw by
// chance, all at once, then positions; their sources are read when they are on their way to the caches.
// The hop behind the last one draws all edges, and leaves those whose sources were met.
class Drawer {
 public:
  Drawer(const Arguments& a, const Pool<Nodes>& nodes, int64_t hop, Run& rows)
      : a_(a), relation_(a.relations[rows.relation]), keys_(nodes[relation_.target_type].keys), met_(nodes[relation_.source_type]), rows_(rows),
        source_(relation_.sources()), is_last_(hop == a.num_hops),
        edge_{a.flags & kKeepsEdges ? relation_.edge : nullptr, relation_.wide != 0},
        trees_(a.flags & kTrees), num_targets_(a.seeds[relation_.target_type].num_nodes), num_sources_(a.seeds[relation_.source_type].num_nodes),
        fanout_(is_last_ ? -1 : a.fanouts[hop * a.num_relations + rows.relation]),
        counter_(static_cast<uint64_t>(a.epoch) << 44 | static_cast<uint64_t>(a.batch) << 16 |
                 (a.stream + (a.flags & kSharesLayers ? 0 : hop) * a.num_relations + rows.relation)) {}

  void run() {
    const int64_t count = rows_.last - rows_.first;
    rows_.drawn.count = rows_.piece.keys.count = 0;
    rows_.fault = kOk;
    if (!rows_.counts.reserve(count)) return refuse(kNoMemory, 0);
    rows_.counts.count = count;
    for (int64_t first = rows_.first; first < rows_.last && !rows_.fault; first += kBlock) {
      const int64_t last = smaller(rows_.last, first + kBlock), begin = rows_.drawn.count;
      look(first, last);
      for (int64_t i = first; i < last && !rows_.fault; ++i) draw(i, i - first);
      if (!rows_.fault) read(first, last, begin);
    }
    if (!rows_.fault && !is_last_ && !rows_.piece.divide()) rows_.fault = kNoMemory;
  }

 private:
  static constexpr int64_t kBlock = 64, kAhead = 32;
  static constexpr int kMade = 2;  // blocks of words that every row gets

  const Arguments& a_;
  const Relation& relation_;
  const Grow<uint64_t>& keys_;
  const Nodes& met_;
  Run& rows_;
  const AnyIds source_;
  const bool is_last_;
  const AnyIds edge_;  // none where positions are edges, or nobody wants them
  const bool trees_;
  const uint64_t num_targets_, num_sources_;
  const int64_t fanout_;
  const uint64_t counter_;
  Taken taken_;
  Candidates from_[kBlock];
  uint64_t mine_[kBlock];  // the second half of a row's counter
  Draws made_[kBlock][kMade];

  uint64_t node(int64_t i) const { return trees_ ? keys_[i] % num_targets_ : keys_[i]; }
  uint64_t tree(int64_t i) const { return trees_ ? keys_[i] / num_targets_ : 0; }

  void refuse(int fault, int64_t at) { rows_.fault = fault, rows_.wrong = at; }

  bool takes_latest() const { return a_.flags & kRecent && relation_.times; }
  bool takes_all(const Candidates& from) const { return fanout_ < 0 || (from.count() <= fanout_ && !(a_.flags & kReplaces)); }

  // Finds what rows first .. last draw from.
  void look(int64_t first, int64_t last) {
    int64_t chosen[kBlock], by_chance = 0;
    for (int64_t i = first; i < last; ++i) {
      if (i + kAhead < rows_.last) __builtin_prefetch(relation_.indptr + node(i + kAhead), 0, 3);
      const uint64_t node = this->node(i), tree = this->tree(i);
      Candidates& from = from_[i - first] = {0, 0, relation_.sums, nullptr, 0};
      if (fanout_ == 0) continue;
      if (!relation_.row(node, from.lo, from.hi)) return refuse(kBadPointer, node);
      if (relation_.times) from.keep_past(relation_.times, a_.times[tree], a_.flags & kStrict, a_.window);
      if (relation_.num_excluded && !exclude(from)) return refuse(kBadPointer, -1);
      mine_[i - first] = node << 24 | tree << 8;
      chosen[by_chance] = i - first;
      by_chance += !takes_all(from);
    }
    if (takes_latest() || a_.flags & kBySource) return;
    Draws made[kBlock][kMade];
    for (int64_t k = 0; k < by_chance; ++k)
      for (int b = 0; b < kMade; ++b) made[k][b] = philox(a_.seed, counter_, mine_[chosen[k]] + b);
    for (int64_t k = 0; k < by_chance; ++k) memcpy(made_[chosen[k]], made[k], sizeof made[k]);
  }

  void draw(int64_t i, int64_t at) {
    Grow<int64_t>& drawn = rows_.drawn;
    const int64_t before = drawn.count;
    if (fanout_ != 0) choose(from_[at], at, tree(i) << 8, drawn);
    if (!drawn.ok || !taken_.ok()) return refuse(kNoMemory, 0);
    rows_.counts[i - rows_.first] = static_cast<int32_t>(drawn.count - before);
    for (int64_t p = before; p < drawn.count; ++p) __builtin_prefetch(source_.at(drawn[p]), 0, 3);
  }

  void choose(const Candidates& from, int64_t at, uint64_t shared, Grow<int64_t>& drawn) {
    const bool replaces = a_.flags & kReplaces;
    if (takes_latest()) {
      latest(from, fanout_ < 0 ? from.count() : fanout_, drawn);
    } else if (takes_all(from)) {
      from.each([&](int64_t p) { drawn.push(p); });
    } else if (a_.flags & kBySource) {
      const auto draw_of = [&](int64_t p) { return philox(a_.seed, counter_, static_cast<uint64_t>(source_[p]) << 24 | shared).bits[0]; };
      draw_by_source(from, fanout_, draw_of, drawn);
    } else if (from.count() > 0) {
      const Words words(a_.seed, counter_, mine_[at], made_[at]);
      if (from.sums) draw_by_weight(from, fanout_, replaces, words, taken_, drawn);
      else draw_alike(from, fanout_, replaces, words, taken_, drawn);
    }
  }

  // Reads the sources that rows first .. last drew, from position `begin` on, and puts edges in the place of positions. How many a row drew
  // is anybody's guess, so the rows are one list here.
  void read(int64_t first, int64_t last, int64_t begin) {
    Grow<uint64_t>& keys = rows_.piece.keys;
    const int64_t end = rows_.drawn.count;
    if (!keys.reserve(end)) return refuse(kNoMemory, 0);
    for (int64_t i = first, k = begin; trees_ && i < last; ++i)
      for (int32_t left = rows_.counts[i - rows_.first]; left > 0; --left) keys[k++] = tree(i) * num_sources_;
    int64_t* const drawn = rows_.drawn.data;
    for (int64_t k = begin; k < end; ++k) {
      const uint64_t id = source_[drawn[k]];
      if (id >= num_sources_) return refuse(kBadId, drawn[k]);
      keys[k] = trees_ ? keys[k] + id : id;
      if (edge_) __builtin_prefetch(edge_.at(drawn[k]), 0, 3);
    }
    keys.count = end;
    if (is_last_) keep_met(first, last, begin);
    for (int64_t k = begin; edge_ && k < rows_.drawn.count; ++k) drawn[k] = edge_[drawn[k]];
  }

  // In the last hop the numbers of the sources stand for the sources, and edges from nodes that were not met go.
  void keep_met(int64_t first, int64_t last, int64_t begin) {
    Grow<uint64_t>& keys = rows_.piece.keys;
    int64_t k = begin, kept = begin;
    for (int64_t i = first; i < last; ++i) {
      int32_t& count = rows_.counts[i - rows_.first];
      for (int64_t end = k + count; k < end; ++k) {
        const int32_t number = met_.number(keys[k]);
        keys[kept] = number;
        rows_.drawn[kept] = rows_.drawn[k];
        kept += number >= 0;
        count -= number < 0;
      }
    }
    keys.count = rows_.drawn.count = kept;
  }

  // Python has seen that they ascend; somebody may have written to them since.
  bool exclude(Candidates& from) const {
    const int64_t* list = relation_.excluded;
    const int64_t first = boundary(0, relation_.num_excluded, [&](int64_t x) { return list[x] < from.lo; });
    const int64_t last = boundary(first, relation_.num_excluded, [&](int64_t x) { return list[x] < from.hi; });
    from.excluded = list + first;
    from.num_excluded = last - first;
    for (int64_t x = first; x < last; ++x)
      if (list[x] < from.lo || list[x] >= from.hi || (x > first && list[x] <= list[x - 1])) return false;
    return true;
  }

  static void latest(const Candidates& from, int64_t fanout, Grow<int64_t>& out) {
    int64_t x = from.num_excluded;
    for (int64_t p = from.hi - 1; p >= from.lo && fanout > 0; --p) {
      if (x > 0 && from.excluded[x - 1] == p) {
        --x;
      } else if (from.weight(p) > 0) {
        out.push(p);
        --fanout;
      }
    }
  }
};

class Engine {
 public:
  Engine(const Arguments& a, Workspace& w) : a_(a), w_(w), trees_(a.flags & kTrees) {}

  int run() {
    if (!w_.nodes.resize(a_.num_types)) return starved();
    for (int64_t t = 0; t < a_.num_types; ++t) w_.nodes[t].begin();
    w_.rows.count = w_.drawn.count = w_.numbers.count = w_.hop_numbers.count = 0;
    if (const int status = number_seeds()) return status;
    for (int64_t hop = 0; hop <= a_.num_hops; ++hop) {
      for (int64_t t = 0; t < a_.num_types; ++t) nodes(t, hop) = w_.nodes[t].keys.count;
      if (hop == a_.num_hops && !(a_.flags & kInduced)) break;
      if (const int status = draw_hop(hop)) return status;
    }
    return kOk;
  }

 private:
  const Arguments& a_;
  Workspace& w_;
  const bool trees_;

  // Numbers of nodes after each hop, then of edges of each hop and relation; of the last hop, too, if there is one.
  int64_t& nodes(int64_t type, int64_t hop) const { return a_.sizes[type * (a_.num_hops + 1) + hop]; }
  int64_t& edges(int64_t hop, int64_t relation) const {
    return a_.sizes[a_.num_types * (a_.num_hops + 1) + hop * a_.num_relations + relation];
  }
  static int starved() { return fail(kNoMemory, "no memory for the nodes that were drawn"); }

  int number_seeds() {
    constexpr int64_t kGrain = 1 << 14;
    int64_t pieces = 0, all = 0, tree = 0;
    for (int64_t t = 0; t < a_.num_types; ++t) {
      pieces += (a_.seeds[t].count + kGrain - 1) / kGrain;
      all += a_.seeds[t].count;
    }
    if (all > INT32_MAX) return fail(kBadPointer, "expected at most 2147483647 seeds, got %lld", static_cast<long long>(all));
    if (!w_.seeds.resize(pieces) || !w_.seed_numbers.reserve(all)) return starved();
    pieces = 0;
    for (int64_t t = 0; t < a_.num_types; ++t) {
      const Seeds& seeds = a_.seeds[t];
      for (int64_t lo = 0; lo < seeds.count; lo += kGrain) {
        Run& rows = w_.seeds[pieces++];
        rows.relation = t;
        rows.piece.keys.count = 0;
        if (!rows.piece.keys.reserve(kGrain)) return starved();
        for (int64_t i = lo; i < smaller(seeds.count, lo + kGrain); ++i) {
          const uint64_t id = seeds.ids[i];
          if (id >= static_cast<uint64_t>(seeds.num_nodes))
            return fail(kBadId, "`seeds` holds %lld at position %lld, but there are %lld nodes", static_cast<long long>(seeds.ids[i]),
                        static_cast<long long>(i), static_cast<long long>(seeds.num_nodes));
          const int64_t of = seeds.trees ? seeds.trees[i] : tree + i;
          if (trees_ && (of < 0 || of >= a_.num_trees))
            return fail(kBadId, "`trees` holds %lld, but there are %lld", static_cast<long long>(of), static_cast<long long>(a_.num_trees));
          rows.piece.keys.push(key_of(t, id, of));
        }
        if (!rows.piece.divide()) return starved();
      }
      tree += seeds.count;
    }
    w_.seed_numbers.count = all;
    return number(w_.seeds, 0, pieces, [](const Run& rows) { return rows.relation; }, w_.seed_numbers.data);
  }

  uint64_t key_of(int64_t type, uint64_t node, int64_t tree) const {
    return trees_ ? static_cast<uint64_t>(tree) * static_cast<uint64_t>(a_.seeds[type].num_nodes) + node : node;
  }

  // Numbers the nodes that pieces first .. last name, in their order, and writes the number at each place of the sequence.
  template <class TypeOf>
  int number(Pool<Run>& rows, int64_t first, int64_t last, const TypeOf& type_of, int32_t* numbers) {
    int64_t all = 0;
    for (int64_t i = first; i < last; ++i) {
      rows[i].piece.base = all;
      all += rows[i].piece.keys.count;
    }
    const int64_t threads = all < kSerialWork / 8 ? 1 : a_.threads;
    Faults faults;
    parallel_tasks(a_.num_types * kParts, threads, [&](int64_t t) {
      for (int64_t i = first; i < last; ++i)
        if (type_of(rows[i]) == t / kParts && !w_.nodes[t / kParts].look_up(static_cast<int>(t % kParts), rows[i].piece)) return faults.starve();
    });
    if (faults.starved) return starved();
    for (int64_t i = first; i < last; ++i) {
      Piece& piece = rows[i].piece;
      Grow<uint64_t>& keys = w_.nodes[type_of(rows[i])].keys;
      piece.first_number = keys.count;
      for (int q = 0; q < kParts; ++q) keys.count += piece.fresh[q];
      if (keys.count > INT32_MAX) return fail(kBadPointer, "more than 2147483647 nodes in one batch");
      if (!keys.reserve(keys.count + 1)) return starved();
    }
    parallel_tasks(last - first, threads, [&](int64_t i) { w_.nodes[type_of(rows[first + i])].list(rows[first + i].piece); });
    parallel_tasks(last - first, threads, [&](int64_t i) { w_.nodes[type_of(rows[first + i])].write(rows[first + i].piece, numbers); });
    return kOk;
  }

  int draw_hop(int64_t hop) {
    const int64_t first = w_.rows.count;
    for (int64_t r = 0; r < a_.num_relations; ++r) {
      const Relation& relation = a_.relations[r];
      const bool is_last = hop == a_.num_hops;
      const int64_t fanout = is_last ? -1 : a_.fanouts[hop * a_.num_relations + r];
      const int64_t from = a_.flags & kRepeats || hop == 0 || is_last ? 0 : nodes(relation.target_type, hop - 1), to = nodes(relation.target_type, hop);
      const int64_t grain = fanout < 0 ? 64 : larger(64, 4096 / larger(1, fanout));
      int64_t at = w_.rows.count;
      const int64_t end = at + (to - from + grain - 1) / grain;
      w_.drawn.push({at, end, 0});
      if (!w_.drawn.ok || !w_.rows.resize(end)) return starved();
      for (int64_t lo = from; lo < to; lo += grain, ++at) {
        w_.rows[at].relation = r;
        w_.rows[at].first = lo;
        w_.rows[at].last = smaller(to, lo + grain);
      }
    }
    const int64_t last = w_.rows.count;
    parallel_tasks(last - first, a_.threads, [&](int64_t i) {
      Drawer(a_, w_.nodes, hop, w_.rows[first + i]).run();
    });
    int64_t all = 0;
    for (int64_t i = first; i < last; ++i) {
      if (w_.rows[i].fault) return refuse(w_.rows[i]);
      all += w_.rows[i].drawn.count;
    }
    if (all > INT32_MAX) return fail(kBadPointer, "more than 2147483647 edges in one hop; hint: take fewer seeds or a lower fan-out");
    w_.hop_numbers.push(w_.numbers.count);
    if (!w_.hop_numbers.ok || !w_.numbers.reserve(w_.numbers.count + all)) return starved();
    int32_t* numbers = w_.numbers.data + w_.numbers.count;
    if (hop == a_.num_hops) {
      copy_numbers(first, last, numbers);
    } else {
      const auto type_of = [&](const Run& rows) { return a_.relations[rows.relation].source_type; };
      if (const int status = number(w_.rows, first, last, type_of, numbers)) return status;
    }
    w_.numbers.count += all;
    for (int64_t r = 0; r < a_.num_relations; ++r) {
      Drawn& drawn = w_.drawn[hop * a_.num_relations + r];
      for (int64_t i = drawn.first_run; i < drawn.last_run; ++i) drawn.num_edges += w_.rows[i].drawn.count;
      edges(hop, r) = drawn.num_edges;
    }
    return kOk;
  }

  void copy_numbers(int64_t first, int64_t last, int32_t* numbers) const {
    for (int64_t i = first, base = 0; i < last; ++i) {
      Piece& piece = w_.rows[i].piece;
      piece.base = base;
      for (int64_t k = 0; k < piece.keys.count; ++k) numbers[base++] = static_cast<int32_t>(piece.keys[k]);
    }
  }

  int refuse(const Run& rows) const {
    const Relation& relation = a_.relations[rows.relation];
    if (rows.fault == kNoMemory) return starved();
    if (rows.fault == kBadPointer && rows.wrong < 0) return fail(kBadPointer, "`excluded` changed while it was read");
    if (rows.fault == kBadPointer)
      return fail(kBadPointer, "relation %lld: `indptr` goes from %lld to %lld at row %lld, but there are %lld edges",
                  static_cast<long long>(rows.relation), static_cast<long long>(relation.indptr[rows.wrong]),
                  static_cast<long long>(relation.indptr[rows.wrong + 1]), static_cast<long long>(rows.wrong), static_cast<long long>(relation.num_edges));
    return fail(kBadId, "relation %lld: `source` holds %lld at position %lld, but there are %lld nodes", static_cast<long long>(rows.relation),
                static_cast<long long>(relation.sources()[rows.wrong]), static_cast<long long>(rows.wrong),
                static_cast<long long>(a_.seeds[relation.source_type].num_nodes));
  }
};

template <class T>
void copy(T* to, const T* from, int64_t count) {
  if (count) memcpy(to, from, count * sizeof(T));
}

// Copies what a workspace holds into arrays of the caller's.
class Taker {
 public:
  explicit Taker(const TakeArguments& a)
      : a_(a), w_(*reinterpret_cast<Workspace*>(a.workspace)), first_number_(w_.hop_numbers.count ? w_.hop_numbers[a.first_hop] : 0) {}

  void run() const {
    copy(a_.seed_numbers, w_.seed_numbers.data, w_.seed_numbers.count);
    for (int64_t t = 0, at = 0; t < a_.num_types; at += w_.nodes[t++].keys.count) take_nodes(t, at);
    const int64_t begin = a_.first_hop * a_.num_relations, end = a_.last_hop * a_.num_relations;
    if (begin == end) return;
    int64_t row = 0, edge = 0;
    for (int64_t d = begin; d < end; ++d) place(w_.drawn[d], row, edge);
    const int64_t first = w_.drawn[begin].first_run, last = w_.drawn[end - 1].last_run;
    parallel_tasks(last - first, edge < kSerialWork / 8 ? 1 : a_.threads, [&](int64_t i) { take_edges(w_.rows[first + i]); });
  }

 private:
  const TakeArguments& a_;
  const Workspace& w_;
  const int64_t first_number_;

  void take_nodes(int64_t type, int64_t at) const {
    const Grow<uint64_t>& keys = w_.nodes[type].keys;
    if (!a_.trees) return copy(a_.ids + at, reinterpret_cast<const int64_t*>(keys.data), keys.count);
    const uint64_t num_nodes = a_.seeds[type].num_nodes;
    for (int64_t i = 0; i < keys.count; ++i) {
      a_.ids[at + i] = keys[i] % num_nodes;
      a_.trees[at + i] = keys[i] / num_nodes;
    }
  }

  // Tells the runs of one relation where they go; the next one begins at `row` and `edge`.
  void place(const Drawn& drawn, int64_t& row, int64_t& edge) const {
    const int64_t first_edge = edge;
    a_.indptr[row++] = 0;
    for (int64_t i = drawn.first_run; i < drawn.last_run; ++i) {
      Run& rows = w_.rows[i];
      rows.row_place = row, rows.edge_place = edge, rows.edges_before = edge - first_edge;
      row += rows.counts.count;
      edge += rows.drawn.count;
    }
  }

  void take_edges(const Run& rows) const {
    int32_t* target = a_.target + rows.edge_place;
    int64_t edges = rows.edges_before;
    for (int64_t j = 0; j < rows.counts.count; ++j) {
      for (int32_t left = rows.counts[j]; left > 0; --left) *target++ = static_cast<int32_t>(rows.first + j);
      a_.indptr[rows.row_place + j] = edges += rows.counts[j];
    }
    copy(a_.source + rows.edge_place, w_.numbers.data + first_number_ + rows.edge_place, rows.drawn.count);
    if (a_.edge) copy(a_.edge + rows.edge_place, rows.drawn.data, rows.drawn.count);
  }
};

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(draw_neighbors, "workspace relations seeds times fanouts sizes num_types num_relations num_hops num_trees seed epoch batch stream window flags") {
  using namespace weft::WEFT_ISA;
  const Arguments& a = *static_cast<const Arguments*>(arguments);
  if (!*a.workspace) {
    void* place = malloc(sizeof(Workspace));
    if (!place) return weft::fail(weft::kNoMemory, "no memory for a workspace");
    *a.workspace = reinterpret_cast<int64_t>(new (place) Workspace());
  }
  return Engine(a, *reinterpret_cast<Workspace*>(*a.workspace)).run();
}

WEFT_KERNEL(take_neighbors, "workspace seeds ids trees seed_numbers indptr source target edge num_types num_relations first_hop last_hop") {
  using namespace weft::WEFT_ISA;
  Taker(*static_cast<const TakeArguments*>(arguments)).run();
  return weft::kOk;
}

WEFT_KERNEL(drop_neighbors, "workspace") {
  using namespace weft::WEFT_ISA;
  struct Dropped : weft::Call {
    int64_t workspace;
  };
  auto* workspace = reinterpret_cast<Workspace*>(static_cast<const Dropped*>(arguments)->workspace);
  workspace->~Workspace();
  free(workspace);
  return weft::kOk;
}
