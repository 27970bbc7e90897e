// Breadth-first search by levels. A level is pushed along the edges that leave its nodes, or, where it has most of the edges that are left,
// pulled: every node not seen yet looks through the edges that enter it until one comes from the level before. A node keeps the lowest edge
// of those that find it, which the order of threads does not change. Memory traffic: a level that is pushed reads its edges once, on several
// threads twice; one that is pulled those that enter nodes not seen yet, up to the first from the level; a bit at a random place for each,
// and 24 bytes for each node found.
#include "../coo_to_csc/counting.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void *source, *edge;
  const int64_t* by_source_indptr;
  const void *by_source, *by_source_edge;
  const int64_t* seeds;
  int64_t *level, *parent, *tree;
  int64_t num_nodes, num_edges, num_seeds, is_both, most;
};

constexpr uint64_t kNone = UINT64_MAX;  // -1 in the results, above every edge
constexpr int64_t kPullAt = 15, kPushBelow = 18;  // Beamer's, from the GAP benchmark

template <class I>
class Search {
 public:
  explicit Search(const Arguments& a)
      : a_(a),
        enter_{{a.indptr, static_cast<const I*>(a.source), static_cast<const I*>(a.edge), a.num_nodes, a.num_nodes, a.num_edges},
               {a.by_source_indptr, static_cast<const I*>(a.by_source), static_cast<const I*>(a.by_source_edge), a.num_nodes, a.num_nodes, a.num_edges}},
        seen_(words()), now_(words()), frontier_(a.num_nodes), next_(a.num_nodes) {}

  int run() {
    for (const Rows<I>& rows : enter_)
      if (const int status = Plan(rows).status; status != kOk) return status;
    if (const int status = check_width<I>(a_.num_nodes, "nodes"); status != kOk) return status;
    if (a_.num_nodes == 0) return a_.num_seeds ? refuse_id("seeds", a_.seeds, 0, 0, "nodes") : kOk;
    if (!seen_.data || !now_.data || !frontier_.data || !next_.data)
      return fail(kNoMemory, "no memory for %lld nodes", static_cast<long long>(a_.num_nodes));
    for (int64_t w = 0; w < words(); ++w) seen_[w] = 0;
    parallel_ranges(a_.num_nodes, 1 << 15, a_.threads, [&](int64_t first, int64_t last) {
      for (int64_t v = first; v < last; ++v) a_.level[v] = a_.parent[v] = a_.tree[v] = -1;
    });
    for (int64_t s = 0; s < a_.num_seeds; ++s) {
      const uint64_t seed = static_cast<uint64_t>(a_.seeds[s]);
      if (seed >= static_cast<uint64_t>(a_.num_nodes)) return refuse_id("seeds", a_.seeds, s, a_.num_nodes, "nodes");
      if (!has(seen_, seed)) next_[found_++] = static_cast<I>(seed), add(seen_, seed);
    }
    unseen_ = a_.num_nodes, unread_ = a_.num_edges * (a_.is_both ? 2 : 1);
    arrive(0);
    bool pulls = false;
    for (int64_t level = 1; count_ && level <= a_.most; ++level) {
      pulls = pulls ? count_ > a_.num_nodes / kPushBelow : edges_ > (unread_ + unseen_) / kPullAt;
      if (pulls) pull();
      else push();
      for (int way = 0; way < 2; ++way)
        if (faults_[way].any()) return enter_[way].explain(faults_[way].position);
      arrive(level);
    }
    return kOk;
  }

 private:
  int64_t words() const { return (a_.num_nodes + 63) / 64; }
  static bool has(const Buffer<uint64_t>& bits, uint64_t v) { return bits[v / 64] >> (v % 64) & 1; }
  static void add(const Buffer<uint64_t>& bits, uint64_t v) { __atomic_fetch_or(&bits[v / 64], UINT64_C(1) << (v % 64), __ATOMIC_RELAXED); }
  int64_t threads_for(int64_t work) const { return work < kSerialWork ? 1 : a_.threads; }

  // The ways along which a level spreads: along the edges, or both ways. The structure of way w enters nodes, that of the other way leaves them.
  int ways() const { return a_.is_both ? 2 : 1; }
  const Rows<I>& leave(int way) const { return enter_[1 - way]; }

  // Nodes found by a task, handed over many at a time.
  struct Desk {
    Search& search;
    int64_t held = 0;
    I nodes[256];
    explicit Desk(Search& search) : search(search) {}
    void put(uint64_t v) {
      nodes[held++] = static_cast<I>(v);
      if (held == 256) hand_over();
    }
    void hand_over() {
      const int64_t at = __atomic_fetch_add(&search.found_, held, __ATOMIC_RELAXED);
      for (int64_t i = 0; i < held; ++i) search.next_[at + i] = nodes[i];
      held = 0;
    }
    ~Desk() { hand_over(); }
  };

  // Calls on(u, v, edge) for the edges that leave nodes first .. last of the frontier.
  template <class On>
  WEFT_INLINE_MEMBER void each_leaving(int64_t first, int64_t last, const On& on) {
    for (int64_t i = first; i < last; ++i) {
      const int64_t u = static_cast<int64_t>(frontier_[i]);
      for (int way = 0; way < ways(); ++way) {
        const Rows<I>& rows = leave(way);
        for (int64_t p = rows.indptr[u]; p < rows.indptr[u + 1]; ++p) {
          const uint64_t v = rows.source_at(p);
          if (__builtin_expect(v >= static_cast<uint64_t>(a_.num_nodes), 0)) return faults_[1 - way].note(p);
          on(u, v, rows.edge_at(p));
        }
      }
    }
  }

  void push() {
    const int64_t grain = larger(1, smaller(1024, count_ / 64)), threads = threads_for(edges_);
    uint64_t* tree = reinterpret_cast<uint64_t*>(a_.tree);
    parallel_ranges(count_, grain, threads, [&](int64_t first, int64_t last) {
      Desk desk(*this);
      each_leaving(first, last, [&](int64_t u, uint64_t v, uint64_t edge) {
        if (has(seen_, v)) return;
        uint64_t known = __atomic_load_n(tree + v, __ATOMIC_RELAXED);
        while (edge < known) {
          const bool is_first = known == kNone;
          if (!__atomic_compare_exchange_n(tree + v, &known, edge, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) continue;
          if (threads == 1) a_.parent[v] = u;
          if (is_first) desk.put(v);
          break;
        }
      });
    });
    if (threads == 1) return;
    // Threads that lower the edge of a node together would not agree on who came last: whoever's edge it became says so now.
    parallel_ranges(count_, grain, threads, [&](int64_t first, int64_t last) {
      each_leaving(first, last, [&](int64_t u, uint64_t v, uint64_t edge) {
        if (tree[v] == edge) a_.parent[v] = u;
      });
    });
  }

  void pull() {
    for (int64_t w = 0; w < words(); ++w) now_[w] = 0;
    for (int64_t i = 0; i < count_; ++i) now_[static_cast<int64_t>(frontier_[i]) / 64] |= UINT64_C(1) << (static_cast<int64_t>(frontier_[i]) % 64);
    parallel_ranges(words(), 16, threads_for(unread_ + unseen_), [&](int64_t first, int64_t last) {
      Desk desk(*this);
      for (int64_t w = first; w < last; ++w) {
        uint64_t open = ~seen_[w];
        if (w + 1 == words() && a_.num_nodes % 64) open &= (UINT64_C(1) << (a_.num_nodes % 64)) - 1;
        for (; open; open &= open - 1)
          if (!pull_to(w * 64 + __builtin_ctzll(open), desk)) return;
      }
    });
  }

  bool pull_to(int64_t v, Desk& desk) {
    uint64_t edge = kNone;
    for (int way = 0; way < ways(); ++way) {
      const Rows<I>& rows = enter_[way];
      for (int64_t p = rows.indptr[v]; p < rows.indptr[v + 1]; ++p) {
        const uint64_t u = rows.source_at(p);
        if (__builtin_expect(u >= static_cast<uint64_t>(a_.num_nodes), 0)) return faults_[way].note(p), false;
        if (!has(now_, u)) continue;
        if (rows.edge_at(p) < edge) edge = rows.edge_at(p), a_.parent[v] = static_cast<int64_t>(u);
        break;  // edges of a row rise
      }
    }
    if (edge != kNone) a_.tree[v] = static_cast<int64_t>(edge), desk.put(static_cast<uint64_t>(v));
    return true;
  }

  // The nodes found become the frontier.
  void arrive(int64_t level) {
    int64_t edges = 0;
    parallel_ranges(found_, 4096, threads_for(found_), [&](int64_t first, int64_t last) {
      int64_t here = 0;
      for (int64_t i = first; i < last; ++i) {
        const int64_t v = static_cast<int64_t>(next_[i]);
        add(seen_, static_cast<uint64_t>(v));
        frontier_[i] = next_[i];
        a_.level[v] = level;
        for (int way = 0; way < ways(); ++way) here += leave(way).degree(v);
      }
      __atomic_fetch_add(&edges, here, __ATOMIC_RELAXED);
    });
    count_ = found_, found_ = 0, edges_ = edges;
    unread_ -= edges, unseen_ -= count_;
  }

  const Arguments& a_;
  const Rows<I> enter_[2];
  Buffer<uint64_t> seen_, now_;
  Buffer<I> frontier_, next_;
  Faults faults_[2];
  int64_t count_ = 0, found_ = 0, edges_ = 0, unread_ = 0, unseen_ = 0;
};

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(breadth_first, "indptr source edge by_source_indptr by_source by_source_edge seeds level parent tree num_nodes num_edges num_seeds is_both most") {
  using namespace weft;
  using namespace weft::WEFT_ISA;
  const auto& a = *static_cast<const Arguments*>(arguments);
  return with_ids(a, [&](auto id) { return Search<decltype(id)>(a).run(); });
}
