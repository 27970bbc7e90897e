// The number of points within a distance of each query. Without a limit, the queries of a block walk the tree together; with
// one they take the walks of knn, which stop where it is reached.
#include "../knn/search.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const void *x, *queries;
  const int64_t *indptr, *query_indptr;
  int64_t* out;
  int64_t num_points, num_queries, num_clouds, dims, limit, most, itself, loop;
};

template <class A>
struct Problem {
  const Arguments& call;
  const A *x, *queries;
  A reach;

  const int64_t* query_indptr() const { return call.itself ? call.indptr : call.query_indptr; }
  Counted<A> start(int64_t position) const {
    return Counted<A>(call.most, call.itself && !call.loop ? static_cast<uint32_t>(position) : UINT32_MAX, reach);
  }
  // Each count lies one place behind its row until the counts are added up.
  int64_t& count(int64_t row) const { return call.out[row + 1]; }
};

template <class A, int D>
void count_together(const Problem<A>& p, const Forest<A, D>& forest, const Forest<A, D>& targets) {
  constexpr int N = Forest<A, D>::kLanes;
  for_parties(targets, p.call.threads, [&](const Party<A, D>& party) {
    int64_t counts[kBlock];
    for (int64_t& count : counts) count = p.call.itself && !p.call.loop ? -1 : 0;  // a point of the tree is within reach of itself
    walk_together(forest, forest.tree(party.cloud), party.low, party.high, [&] { return p.reach; }, [&](int64_t block) {
      for (int64_t lane = 0; lane < party.count; ++lane) {
        alignas(64) A distance[kBlock];
        forest.distances(block, party.q[lane], distance);
        for (int part = 0; part < kBlock; part += N)
          counts[lane] += __builtin_popcount(lane_bits<A, N>(load<N>(distance + part) <= splat<A, N>(p.reach)));
      }
    });
    for (int64_t lane = 0; lane < party.count; ++lane) p.count(targets.begin(party.cloud) + party.position[lane]) = counts[lane];
  });
}

template <class A, int D>
void count_in_trees(const Problem<A>& p, const Forest<A, D>& forest, const Forest<A, D>& targets) {
  if (p.call.most == INT64_MAX) count_together(p, forest, targets);
  else for_queries(targets, p.call.threads, [&](int64_t cloud, uint32_t position, const A* q) {
    Counted<A> found = p.start(position);
    walk(forest, forest.tree(cloud), q, found);
    p.count(targets.begin(cloud) + position) = found.count;
  });
  for (int64_t c = 0; c < targets.clouds(); ++c)
    for (int64_t i = 0; i < targets.size(c) - targets.finite(c); ++i) p.count(targets.begin(c) + targets.odd(c)[i]) = 0;
}

template <class A, int D>
bool count_in_forest(const Problem<A>& p) {
  const Arguments& a = p.call;
  const Forest<A, D> forest(p.x, a.indptr, a.num_clouds, a.dims, a.threads);
  if (forest.starved) return false;
  if (a.itself) {
    count_in_trees(p, forest, forest);
    return true;
  }
  const Forest<A, D> targets(p.queries, a.query_indptr, a.num_clouds, a.dims, a.threads);
  if (targets.starved) return false;
  count_in_trees(p, forest, targets);
  return true;
}

template <class A>
bool count_in_blocks(const Problem<A>& p) {
  const Arguments& a = p.call;
  const Blocks<A> blocks(p.x, a.indptr, a.num_clouds, a.dims, a.threads);
  if (blocks.starved()) return false;
  return blocks.for_tiles(a.itself ? p.x : p.queries, p.query_indptr(), a.threads, [&](int64_t cloud, int64_t begin, int64_t count, const A* q) {
    Counted<A> found[Blocks<A>::kTile];
    for (int64_t i = 0; i < count; ++i) found[i] = p.start(begin + i - p.query_indptr()[cloud]);
    blocks.offer(cloud, q, count, found);
    for (int64_t i = 0; i < count; ++i) p.count(begin + i) = found[i].count;
    return true;
  });
}

template <class A>
int count_within(const Arguments& a, const A* x, const A* queries) {
  double limit;
  memcpy(&limit, &a.limit, sizeof limit);
  int status = check_clouds("indptr", a.indptr, a.num_clouds, a.num_points);
  if (status == kOk && !a.itself) status = check_clouds("query_indptr", a.query_indptr, a.num_clouds, a.num_queries);
  if (status != kOk) return status;
  const Problem<A> p{a, x, queries, reach_of<A>(limit)};
  const bool done = a.dims > kMostTreeDims ? count_in_blocks(p) : a.dims == 3 ? count_in_forest<A, 3>(p) : count_in_forest<A, 0>(p);
  if (!done) return fail(kNoMemory, "no memory for an index of %lld points", static_cast<long long>(a.num_points));
  a.out[0] = 0;
  for (int64_t row = 0; row < a.num_queries; ++row) a.out[row + 1] += a.out[row];
  return kOk;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(count_within, "x queries indptr query_indptr out num_points num_queries num_clouds dims limit most itself loop") {
  using namespace weft;
  using namespace weft::WEFT_ISA;
  const auto& a = *static_cast<const Arguments*>(arguments);
  const int64_t queries = a.itself ? 0 : a.num_queries * a.dims;
  return with_coordinates(a, a.x, a.queries, a.num_points * a.dims, queries, [&](const auto* x, const auto* y) {
    return count_within(a, x, y);
  });
}
