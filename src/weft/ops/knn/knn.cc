// The nearest points of each query. With few coordinates each query walks a k-d tree; queries are taken in the order of a tree of
// their own, so that one after the other reads the same blocks from the first cache levels. With many coordinates every point meets every
// query: 16 KB of points in blocks stay in the first cache level for 64 queries, so that arithmetic is the limit.
#include "search.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const void *x, *queries;
  const int64_t *indptr, *query_indptr, *row_indptr;
  void* squared_distance;
  int64_t* source;
  int64_t num_points, num_queries, num_clouds, dims, total, limit, itself, loop;
};

// A call with coordinates in the type of the computation; without queries of their own the points are the queries.
template <class A>
struct Problem {
  const Arguments& call;
  const A *x, *queries;
  A* distance;
  double limit;

  bool asks_itself() const { return call.itself; }
  const int64_t* query_indptr() const { return asks_itself() ? call.indptr : call.query_indptr; }
  const A* query(int64_t row) const { return (asks_itself() ? x : queries) + row * call.dims; }
  uint32_t excluded(int64_t position) const { return asks_itself() && !call.loop ? static_cast<uint32_t>(position) : UINT32_MAX; }
  int64_t wanted(int64_t row) const { return call.row_indptr[row + 1] - call.row_indptr[row]; }
};

// No row may ask for more points than its cloud has.
template <class A>
int check_rows(const Problem<A>& p) {
  const int status = check_pointers("row_indptr", p.call.row_indptr, p.call.num_queries, p.call.total);
  if (status != kOk) return status;
  for (int64_t c = 0; c < p.call.num_clouds; ++c) {
    const int64_t most = p.call.indptr[c + 1] - p.call.indptr[c] - (p.asks_itself() && !p.call.loop);
    for (int64_t row = p.query_indptr()[c]; row < p.query_indptr()[c + 1]; ++row)
      if (p.wanted(row) > most)
        return fail(kBadPointer, "`row_indptr` asks for %lld neighbours of query %lld, but its cloud has %lld",
                    static_cast<long long>(p.wanted(row)), static_cast<long long>(row), static_cast<long long>(most));
  }
  return kOk;
}

// Writes the row of a query, nearest first. Without a limit, points at no finite distance follow by their position.
template <class A>
void write_row(const Problem<A>& p, int64_t cloud, uint32_t position, Nearest<A>& found, Faults& faults) {
  const Arguments& call = p.call;
  const int64_t first = call.indptr[cloud], row = p.query_indptr()[cloud] + position, size = call.indptr[cloud + 1] - first;
  found.sort();
  int64_t* source = call.source + call.row_indptr[row];
  A* distance = p.distance + call.row_indptr[row];
  for (int64_t i = 0; i < found.count; ++i) {
    source[i] = first + id_of<A>(found.held[i]);
    distance[i] = distance_of<A>(found.held[i]);
  }
  if (found.count == found.wanted) return;
  if (p.limit != __builtin_inf()) return faults.note(row);
  int64_t count = found.count;
  for (int64_t id = 0; id < size && count < found.wanted; ++id) {
    const A d = squared_distance(p.x + (first + id) * call.dims, p.query(row), call.dims);
    if (is_finite(d) || static_cast<uint32_t>(id) == found.self) continue;
    source[count] = first + id;
    distance[count++] = d;
  }
  if (count < found.wanted) faults.note(row);  // a coordinate changed while it was searched
}

// Memory for the row of one query: on the stack if it is short.
template <class A>
struct Held {
  static constexpr int64_t kShort = 64;
  Key<A> few[kShort + 1];
  Buffer<Key<A>> many;
  explicit Held(int64_t most) : many(most <= kShort ? 0 : most + 1), most(most) {}
  bool starved() const { return most > kShort && !many.data; }
  Key<A>* data() { return (most > kShort ? many.data : few) + 1; }
  int64_t most;
};

// Within a limit, which keeps the box of a block of queries about as narrow as that of one, they walk the tree together.
template <class A, int D>
void search_together(const Problem<A>& p, const Forest<A, D>& forest, const Forest<A, D>& targets, Faults& faults) {
  constexpr int N = Forest<A, D>::kLanes;
  const A limit = reach_of<A>(p.limit);
  for_parties(targets, p.call.threads, [&](const Party<A, D>& party) {
    const auto wanted = [&](int64_t lane) { return p.wanted(targets.begin(party.cloud) + party.position[lane]); };
    int64_t places = kBlock;
    for (int64_t lane = 0; lane < party.count; ++lane) places += wanted(lane);
    const Buffer<Key<A>> held(places);
    if (!held.data) return faults.starve();
    Nearest<A> found[kBlock];
    Key<A>* next = held.data + 1;
    for (int64_t lane = 0; lane < party.count; ++lane) {
      found[lane] = Nearest<A>(next, wanted(lane), p.excluded(party.position[lane]), wanted(lane) ? limit : -1);
      next += wanted(lane) + 1;
    }
    const auto reach = [&] {
      A most = -1;
      for (int64_t lane = 0; lane < party.count; ++lane) most = found[lane].reach > most ? found[lane].reach : most;
      return most;
    };
    A most = reach();
    walk_together(forest, forest.tree(party.cloud), party.low, party.high, [&] { return most; }, [&](int64_t block) {
      const uint32_t* ids = forest.ids(block);
      for (int64_t lane = 0; lane < party.count; ++lane) {
        alignas(64) A distance[kBlock];
        forest.distances(block, party.q[lane], distance);
        unsigned mask = 0;
        for (int part = 0; part < kBlock; part += N)
          mask |= lane_bits<A, N>(load<N>(distance + part) <= splat<A, N>(found[lane].reach)) << part;
        if (mask) found[lane].take(mask, distance, [&](int at) { return ids[at]; });
      }
      most = reach();
    });
    for (int64_t lane = 0; lane < party.count; ++lane) write_row(p, party.cloud, party.position[lane], found[lane], faults);
  });
}

template <class A, int D>
void search_trees(const Problem<A>& p, const Forest<A, D>& forest, const Forest<A, D>& targets, Faults& faults) {
  const A reach = reach_of<A>(p.limit);
  if (p.limit != __builtin_inf()) search_together(p, forest, targets, faults);
  else for_queries(targets, p.call.threads, [&](int64_t cloud, uint32_t position, const A* q) {
    Held<A> held(p.wanted(targets.begin(cloud) + position));
    if (held.starved()) return faults.starve();
    Nearest<A> found(held.data(), held.most, p.excluded(position), reach);
    walk(forest, forest.tree(cloud), q, found);
    write_row(p, cloud, position, found, faults);
  });
  parallel_tasks(targets.clouds(), p.call.threads, [&](int64_t cloud) {
    for (int64_t i = 0; i < targets.size(cloud) - targets.finite(cloud); ++i) {
      const uint32_t position = targets.odd(cloud)[i];
      Nearest<A> found(nullptr, p.wanted(targets.begin(cloud) + position), p.excluded(position), reach);
      write_row(p, cloud, position, found, faults);
    }
  });
}

template <class A, int D>
int search_forest(const Problem<A>& p, Faults& faults) {
  const Arguments& a = p.call;
  const Forest<A, D> forest(p.x, a.indptr, a.num_clouds, a.dims, a.threads);
  if (forest.starved) return fail(kNoMemory, "no memory for a tree of %lld points", static_cast<long long>(a.num_points));
  if (p.asks_itself()) {
    search_trees(p, forest, forest, faults);
    return kOk;
  }
  const Forest<A, D> targets(p.queries, a.query_indptr, a.num_clouds, a.dims, a.threads);
  if (targets.starved) return fail(kNoMemory, "no memory for a tree of %lld queries", static_cast<long long>(a.num_queries));
  search_trees(p, forest, targets, faults);
  return kOk;
}

template <class A>
int search_blocks(const Problem<A>& p, Faults& faults) {
  const Arguments& a = p.call;
  const Blocks<A> blocks(p.x, a.indptr, a.num_clouds, a.dims, a.threads);
  if (blocks.starved()) return fail(kNoMemory, "no memory for blocks of %lld points", static_cast<long long>(a.num_points));
  const A reach = reach_of<A>(p.limit);
  const bool done = blocks.for_tiles(p.query(0), p.query_indptr(), a.threads, [&](int64_t cloud, int64_t begin, int64_t count, const A* q) {
    const int64_t* row = a.row_indptr + begin;
    const int64_t first = p.query_indptr()[cloud];
    Buffer<Key<A>> held(row[count] - row[0] + count);
    if (!held.data) return false;
    Nearest<A> found[Blocks<A>::kTile];
    for (int64_t i = 0; i < count; ++i) {
      const int64_t wanted = row[i + 1] - row[i];
      found[i] = Nearest<A>(held.data + (row[i] - row[0] + i + 1), wanted, p.excluded(begin + i - first), wanted ? reach : -1);
    }
    blocks.offer(cloud, q, count, found);
    for (int64_t i = 0; i < count; ++i) write_row(p, cloud, static_cast<uint32_t>(begin + i - first), found[i], faults);
    return true;
  });
  return done ? kOk : fail(kNoMemory, "no memory for tiles of queries");
}

template <class T>
void narrow_all(const float* from, int64_t count, void* to) {
  for (int64_t i = 0; i < count; ++i) static_cast<T*>(to)[i] = narrow<T>(from[i]);
}

template <class A>
int nearest_points(const Arguments& call, const A* x, const A* queries) {
  const bool narrows = call.dtype == kBF16 || call.dtype == kF16;
  Buffer<A> wide(narrows ? call.total : 0);
  if (narrows && call.total && !wide.data) return fail(kNoMemory, "no memory for %lld distances", static_cast<long long>(call.total));
  A* distance = narrows ? wide.data : static_cast<A*>(call.squared_distance);
  double limit;
  memcpy(&limit, &call.limit, sizeof limit);
  const Problem<A> p{call, x, queries, distance, limit};
  int status = check_clouds("indptr", call.indptr, call.num_clouds, call.num_points);
  if (status == kOk && !call.itself) status = check_clouds("query_indptr", call.query_indptr, call.num_clouds, call.num_queries);
  if (status == kOk) status = check_rows(p);
  if (status != kOk || call.total == 0) return status;
  Faults faults;
  if (call.dims > kMostTreeDims) status = search_blocks(p, faults);
  else status = call.dims == 3 ? search_forest<A, 3>(p, faults) : search_forest<A, 0>(p, faults);
  if (status != kOk) return status;
  if (faults.any())
    return fail(kBadPointer, "`row_indptr` asks for %lld neighbours of query %lld, but fewer lie within the limit",
                static_cast<long long>(p.wanted(faults.position)), static_cast<long long>(faults.position));
  if (faults.starved) return fail(kNoMemory, "no memory for the neighbours of a query");
  if constexpr (sizeof(A) == 4) {
    if (call.dtype == kBF16) narrow_all<bf16>(distance, call.total, call.squared_distance);
    if (call.dtype == kF16) narrow_all<f16>(distance, call.total, call.squared_distance);
  }
  return kOk;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(nearest_points,
            "x queries indptr query_indptr row_indptr squared_distance source num_points num_queries num_clouds dims total limit itself "
            "loop") {
  using namespace weft;
  using namespace weft::WEFT_ISA;
  const auto& a = *static_cast<const Arguments*>(arguments);
  const int64_t queries = a.itself ? 0 : a.num_queries * a.dims;
  return with_coordinates(a, a.x, a.queries, a.num_points * a.dims, queries, [&](const auto* x, const auto* y) {
    return nearest_points(a, x, y);
  });
}
