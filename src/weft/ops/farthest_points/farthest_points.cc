// Farthest point sampling. Every point keeps its distance to the nearest chosen one, every child of the tree the farthest of its points. A
// newly chosen point changes only children whose box is nearer to it than their farthest point is to those before: nothing else is read, so
// that the work of a choice falls from all points at the first to a few blocks. With many coordinates all points are read each time.
// Ties go to the lowest id through the key, whatever the order of blocks or threads.
#include "../knn/search.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const void* x;
  const int64_t *indptr, *chosen_indptr, *start;
  int64_t* out;
  int64_t num_points, num_clouds, dims, total;
};

constexpr int64_t kManyPoints = 65536;  // of a cloud whose choices are worth several threads

// The largest key is the farthest point, the lowest id among equals; 0 is no point.
template <class A> WEFT_INLINE Key<A> far_key(A distance, uint32_t id) { return make_key(distance, ~id); }
template <class A> WEFT_INLINE uint32_t far_id(Key<A> key) { return ~id_of<A>(key); }

// Lowers the distances of a block, chosen points at -1 excepted, and returns its farthest. The ids of a block rise.
template <class A>
WEFT_INLINE Key<A> lower_block(const A* to_chosen, const uint32_t* ids, A* distance) {
  constexpr int N = Forest<A, 0>::kLanes;
  Vec<A, N> most = splat<A, N>(-1);
  for (int lane = 0; lane < kBlock; lane += N) {
    const Vec<A, N> old = load<N>(distance + lane), now = load<N>(to_chosen + lane);
    const Vec<A, N> least = (now < old) ? now : old;
    store<N, A>(distance + lane, least);
    most = least > most ? least : most;
  }
  A farthest = most[0];
  for (int l = 1; l < N; ++l) farthest = most[l] > farthest ? most[l] : farthest;
  if (farthest < 0) return 0;
  for (int lane = 0;; ++lane)
    if (distance[lane] == farthest) return far_key(farthest, ids[lane]);
}

// One cloud in a tree.
template <class A, int D>
class TreeChoice {
 public:
  TreeChoice(const Forest<A, D>& forest, int64_t cloud, A* distance, Key<A>* farthest, int64_t threads)
      : forest_(forest), tree_(forest.tree(cloud)), distance_(distance), farthest_(farthest),
        threads_(forest.finite(cloud) < kManyPoints ? 1 : threads) {
    for (int64_t b = 0; b < tree_.blocks; ++b)
      for (int64_t lane = 0; lane < kBlock; ++lane)
        distance_[b * kBlock + lane] = forest.ids(tree_.first + b)[lane] == UINT32_MAX ? -1 : static_cast<A>(__builtin_inf());
    for (int64_t level = 0; level < tree_.levels; ++level)
      for (int64_t node = tree_.node[level]; node < tree_.node[level + 1]; ++node)
        for (int64_t child = 0; child < kFan; ++child) {
          const uint32_t least = forest.least(node)[child];
          far(node, child) = least == UINT32_MAX ? 0 : far_key(static_cast<A>(__builtin_inf()), least);
        }
  }

  // The farthest point that is not chosen, or UINT32_MAX.
  uint32_t next() const {
    if (tree_.levels == 0) return UINT32_MAX;
    const Key<A> key = most(root());
    return key ? far_id<A>(key) : UINT32_MAX;
  }

  // Takes the point `next` out of the choice.
  void take_next() {
    const Key<A> key = most(root());
    int64_t path[kLevels], at = 0;
    for (int64_t level = tree_.levels - 1; level >= 0; --level) {
      int child = 0;
      while (far(tree_.node[level] + at, child) != key) ++child;
      path[level] = at = at * kFan + child;
    }
    take(at, far_id<A>(key));
    for (int64_t level = 1; level < tree_.levels; ++level)
      far(tree_.node[level] + path[level] / kFan, path[level] % kFan) = most(tree_.node[level - 1] + path[level - 1] / kFan);
  }

  // The same for any point of the cloud, before the first choice.
  void take_first(uint32_t id) {
    for (int64_t b = 0; b < tree_.blocks; ++b) {
      const uint32_t* ids = forest_.ids(tree_.first + b);
      if (std::find(ids, ids + kBlock, id) == ids + kBlock) continue;
      take(b, id);
      for (int64_t level = 1, at = b / kFan; level < tree_.levels; ++level, at /= kFan)
        far(tree_.node[level] + at / kFan, at % kFan) = most(tree_.node[level - 1] + at);
      return;
    }
  }

  // Lowers the distances of all points to those to q.
  void measure(const A* q) {
    if (tree_.levels == 0) return;
    if (threads_ == 1 || tree_.levels < 4) {
      visit(tree_.levels - 1, 0, q);
      return;
    }
    const int64_t level = tree_.levels - 2;
    int64_t listed[kFan * kFan], count = 0;
    unsigned upper = nearer(root(), q);
    for (unsigned rest = upper; rest; rest &= rest - 1) {
      const int64_t node = __builtin_ctz(rest);
      for (unsigned lower = nearer(tree_.node[level] + node, q); lower; lower &= lower - 1)
        listed[count++] = node * kFan + __builtin_ctz(lower);
    }
    parallel_tasks(count, count < 4 ? 1 : threads_, [&](int64_t i) {
      far(tree_.node[level] + listed[i] / kFan, listed[i] % kFan) = visit(level - 1, listed[i], q);
    });
    for (; upper; upper &= upper - 1) {
      const int child = __builtin_ctz(upper);
      far(root(), child) = most(tree_.node[level] + child);
    }
  }

 private:
  const Forest<A, D>& forest_;
  const Tree tree_;
  A* distance_;
  Key<A>* farthest_;
  const int64_t threads_;

  int64_t root() const { return tree_.node[tree_.levels - 1]; }
  Key<A>& far(int64_t node, int64_t child) const { return farthest_[(node - tree_.node[0]) * kFan + child]; }
  Key<A> most(int64_t node) const { return *std::max_element(&far(node, 0), &far(node, 0) + kFan); }

  // Children with a point that may be nearer to q than to all chosen before.
  unsigned nearer(int64_t node, const A* q) const {
    alignas(64) A bound[kFan];
    forest_.bounds(node, q, bound);
    unsigned bits = 0;
    for (int child = 0; child < kFan; ++child) bits |= (bound[child] < distance_of<A>(far(node, child)) ? 1u : 0u) << child;
    return bits;
  }

  Key<A> visit(int64_t level, int64_t at, const A* q) {
    const int64_t node = tree_.node[level] + at;
    alignas(64) A to_chosen[kBlock];
    for (unsigned bits = nearer(node, q); bits; bits &= bits - 1) {
      const int64_t child = __builtin_ctz(bits), below = at * kFan + child;
      if (level > 0) {
        far(node, child) = visit(level - 1, below, q);
        continue;
      }
      forest_.distances(tree_.first + below, q, to_chosen);
      far(node, child) = lower_block(to_chosen, forest_.ids(tree_.first + below), distance_ + below * kBlock);
    }
    return most(node);
  }

  void take(int64_t block, uint32_t id) {
    A* distance = distance_ + block * kBlock;
    const uint32_t* ids = forest_.ids(tree_.first + block);
    distance[std::find(ids, ids + kBlock, id) - ids] = -1;
    far(tree_.node[0] + block / kFan, block % kFan) = lower_block(distance, ids, distance);
  }
};

// One cloud in blocks without a tree, cut into stretches that threads share.
template <class A>
class FlatChoice {
 public:
  FlatChoice(const Blocks<A>& blocks, int64_t cloud, const A* x, A* distance, Key<A>* farthest, int64_t threads)
      : blocks_(blocks), first_(blocks.first[cloud]), count_(blocks.first[cloud + 1] - first_), distance_(distance), farthest_(farthest),
        stretch_(larger(1, kSerialWork / (kBlock * blocks.dims))), threads_(threads) {
    const int64_t size = blocks.indptr[cloud + 1] - blocks.indptr[cloud];
    for (int64_t i = 0; i < count_ * kBlock; ++i)
      distance_[i] = i < size && is_finite_point(x + i * blocks.dims, blocks.dims) ? static_cast<A>(__builtin_inf()) : -1;
    for (int64_t s = 0; s < stretches(); ++s) farthest_[s] = measure_stretch(s, nullptr);
  }

  uint32_t next() const {
    const Key<A> key = count_ ? *std::max_element(farthest_, farthest_ + stretches()) : 0;
    return key ? far_id<A>(key) : UINT32_MAX;
  }

  void take_next() { take_first(next()); }

  void take_first(uint32_t id) {
    distance_[id] = -1;
    const int64_t stretch = id / kBlock / stretch_;
    farthest_[stretch] = measure_stretch(stretch, nullptr);
  }

  void measure(const A* q) {
    parallel_tasks(stretches(), stretches() < 4 ? 1 : threads_, [&](int64_t s) { farthest_[s] = measure_stretch(s, q); });
  }

 private:
  const Blocks<A>& blocks_;
  const int64_t first_, count_;
  A* distance_;
  Key<A>* farthest_;
  const int64_t stretch_, threads_;

  int64_t stretches() const { return (count_ + stretch_ - 1) / stretch_; }

  Key<A> measure_stretch(int64_t stretch, const A* q) {
    Key<A> farthest = 0;
    for (int64_t b = stretch * stretch_; b < smaller(count_, (stretch + 1) * stretch_); ++b) {
      alignas(64) A to_chosen[kBlock];
      uint32_t ids[kBlock];
      for (int lane = 0; lane < kBlock; ++lane) ids[lane] = static_cast<uint32_t>(b * kBlock + lane);
      if (q) blocks_.distances(first_ + b, q, to_chosen);
      farthest = std::max(farthest, lower_block(q ? to_chosen : distance_ + b * kBlock, ids, distance_ + b * kBlock));
    }
    return farthest;
  }
};

// The choice in one cloud: `x` and `out` begin with it, `odd` are the points that are not finite.
template <class A, class Choice, class Odd>
void choose(Choice& choice, const Arguments& a, int64_t cloud, const A* x, const Odd& odd) {
  const int64_t begin = a.indptr[cloud], places = a.chosen_indptr[cloud + 1] - a.chosen_indptr[cloud];
  int64_t* out = a.out + a.chosen_indptr[cloud];
  const uint32_t start = a.start ? static_cast<uint32_t>(a.start[cloud]) : 0;
  const A* points = x + begin * a.dims;
  int64_t place = 0, next_odd = 0;
  if (places == 0) return;
  if (is_finite_point(points + start * a.dims, a.dims)) choice.take_first(start);
  out[place++] = begin + start;
  for (uint32_t last = start; place < places; ++place) {
    choice.measure(points + last * a.dims);
    last = choice.next();
    if (last == UINT32_MAX) break;
    choice.take_next();
    out[place] = begin + last;
  }
  for (; place < places; ++next_odd) {
    const uint32_t id = odd(next_odd);
    if (id != start) out[place++] = begin + id;
  }
}

template <class A>
int check(const Arguments& a) {
  int status = check_clouds("indptr", a.indptr, a.num_clouds, a.num_points);
  if (status == kOk) status = check_pointers("chosen_indptr", a.chosen_indptr, a.num_clouds, a.total);
  for (int64_t c = 0; status == kOk && c < a.num_clouds; ++c) {
    const int64_t size = a.indptr[c + 1] - a.indptr[c], places = a.chosen_indptr[c + 1] - a.chosen_indptr[c];
    if (places > size)
      return fail(kBadPointer, "`chosen_indptr` asks for %lld points of cloud %lld, which has %lld", static_cast<long long>(places),
                  static_cast<long long>(c), static_cast<long long>(size));
    if (places && a.start && (a.start[c] < 0 || a.start[c] >= size))
      return fail(kBadId, "`start` holds %lld at position %lld, but there are %lld points in the cloud",
                  static_cast<long long>(a.start[c]), static_cast<long long>(c), static_cast<long long>(size));
  }
  return status;
}

// Clouds share the threads; one that is alone has them for itself.
template <class OnCloud>
void for_clouds(const Arguments& a, const OnCloud& on_cloud) {
  const bool alone = a.num_clouds < 2;
  parallel_tasks(a.num_clouds, alone ? 1 : a.threads, [&](int64_t cloud) { on_cloud(cloud, alone ? a.threads : 1); });
}

template <class A, int D>
bool choose_in_forest(const Arguments& a, const A* x) {
  const Forest<A, D> forest(x, a.indptr, a.num_clouds, a.dims, a.threads);
  if (forest.starved) return false;
  Faults faults;
  for_clouds(a, [&](int64_t cloud, int64_t threads) {
    const Tree tree = forest.tree(cloud);
    Buffer<A> distance(larger(1, tree.blocks * kBlock));
    Buffer<Key<A>> farthest(larger(1, (tree.node[tree.levels] - tree.node[0]) * kFan));
    if (!distance.data || !farthest.data) return faults.starve();
    TreeChoice<A, D> choice(forest, cloud, distance.data, farthest.data, threads);
    choose(choice, a, cloud, x, [&](int64_t i) { return forest.odd(cloud)[i]; });
  });
  return !faults.starved;
}

template <class A>
bool choose_in_blocks(const Arguments& a, const A* x) {
  const Blocks<A> blocks(x, a.indptr, a.num_clouds, a.dims, a.threads);
  if (blocks.starved()) return false;
  Faults faults;
  for_clouds(a, [&](int64_t cloud, int64_t threads) {
    const int64_t count = blocks.first[cloud + 1] - blocks.first[cloud], size = a.indptr[cloud + 1] - a.indptr[cloud];
    const A* points = x + a.indptr[cloud] * a.dims;
    Buffer<A> distance(larger(1, count * kBlock));
    Buffer<Key<A>> farthest(larger(1, count));
    Buffer<uint32_t> odd(larger(1, size));
    if (!distance.data || !farthest.data || !odd.data) return faults.starve();
    for (int64_t i = 0, found = 0; i < size; ++i)
      if (!is_finite_point(points + i * a.dims, a.dims)) odd[found++] = static_cast<uint32_t>(i);
    FlatChoice<A> choice(blocks, cloud, points, distance.data, farthest.data, threads);
    choose(choice, a, cloud, x, [&](int64_t i) { return odd[i]; });
  });
  return !faults.starved;
}

template <class A>
int choose_farthest(const Arguments& a, const A* x) {
  const int status = check<A>(a);
  if (status != kOk || a.total == 0) return status;
  const bool done = a.dims > kMostTreeDims ? choose_in_blocks(a, x) : a.dims == 3 ? choose_in_forest<A, 3>(a, x) : choose_in_forest<A, 0>(a, x);
  return done ? kOk : fail(kNoMemory, "no memory for an index of %lld points", static_cast<long long>(a.num_points));
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(choose_farthest, "x indptr chosen_indptr start out num_points num_clouds dims total") {
  using namespace weft;
  using namespace weft::WEFT_ISA;
  const auto& a = *static_cast<const Arguments*>(arguments);
  return with_coordinates(a, a.x, nullptr, a.num_points * a.dims, 0, [&](const auto* x, const auto*) { return choose_farthest(a, x); });
}
