// The spatial index: over each cloud of a batch a k-d tree of medians, whose leaves are blocks of 16 points and whose nodes have eight
// children. Halves are taken by count, so that neither density nor extent matters, and a tree of n points has n / 16 leaves whatever
// they are. Ties of coordinates split by id: a node knows its lowest id, so that even a cloud of equal points is searched in
// logarithmic time. Points with a coordinate that is not finite stay outside the tree.
//
// Memory traffic of the build: at each level every point is read once in order and written once in order to the other of two
// arrays; below 8,192 points both fit the second cache level. Lanes of a block are points, one vector a coordinate.
#pragma once
#include "keys.h"
#include "weft/rows.h"

namespace weft {
namespace WEFT_ISA {

constexpr int kBlock = 16;    // points of a leaf
constexpr int kFan = 8;       // children of a node
constexpr int kLevels = 11;   // 8^10 leaves are more points than a cloud may have
constexpr int64_t kMostPoints = UINT32_MAX - kBlock;  // positions within a cloud take 32 bits
constexpr int64_t kMostTreeDims = 8;                  // beyond, boxes exclude too little
constexpr int64_t kLocal = 8192;                      // points that one task orders to the end

// Refuses pointers that do not rise from 0 to `total`.
inline int check_pointers(const char* name, const int64_t* indptr, int64_t count, int64_t total) {
  if (indptr[0] != 0 || indptr[count] != total)
    return fail(kBadPointer, "`%s` runs from %lld to %lld, expected 0 to %lld", name, static_cast<long long>(indptr[0]),
                static_cast<long long>(indptr[count]), static_cast<long long>(total));
  for (int64_t i = 0; i < count; ++i)
    if (indptr[i] > indptr[i + 1])
      return fail(kBadPointer, "`%s` falls from %lld to %lld at row %lld", name, static_cast<long long>(indptr[i]),
                  static_cast<long long>(indptr[i + 1]), static_cast<long long>(i));
  return kOk;
}

// The same for clouds, which have a largest size.
inline int check_clouds(const char* name, const int64_t* indptr, int64_t clouds, int64_t total) {
  const int status = check_pointers(name, indptr, clouds, total);
  for (int64_t c = 0; status == kOk && c < clouds; ++c)
    if (indptr[c + 1] - indptr[c] > kMostPoints)
      return fail(kBadPointer, "`%s` gives cloud %lld %lld points, more than %lld", name, static_cast<long long>(c),
                  static_cast<long long>(indptr[c + 1] - indptr[c]), static_cast<long long>(kMostPoints));
  return status;
}

// The cloud that holds position `at`; empty clouds hold none.
WEFT_INLINE int64_t cloud_of(const int64_t* first, int64_t clouds, int64_t at) {
  return std::upper_bound(first, first + clouds, at) - first - 1;
}

// One term of a squared distance. Terms are added in the order of the coordinates, in every algorithm and for every number of lanes.
template <class A, int N> WEFT_INLINE Vec<A, N> add_square(Vec<A, N> difference, Vec<A, N> sum) {
  return fma<A, N>(difference, difference, sum);
}

template <class A> WEFT_INLINE A squared_distance(const A* p, const A* q, int64_t dims) {
  A sum = 0;
  for (int64_t d = 0; d < dims; ++d) sum = add_square<A, 1>(p[d] - q[d], sum);
  return sum;
}

template <class A> WEFT_INLINE bool is_finite(A value) { return value - value == 0; }

template <class A> WEFT_INLINE bool is_finite_point(const A* p, int64_t dims) {
  bool finite = true;
  for (int64_t d = 0; d < dims; ++d) finite &= is_finite(p[d]);
  return finite;
}

// One tree: blocks first .. first + blocks; node[l] is the first node of level l, whose level 0 has the blocks as children.
struct Tree {
  int64_t first, blocks, levels, node[kLevels];
};

// D is the number of coordinates, or 0 for one that only the call knows.
template <class A, int D>
class Forest {
 public:
  // Builds the trees of clouds indptr[c] .. indptr[c + 1]; `starved` says that memory was short.
  Forest(const A* x, const int64_t* indptr, int64_t clouds, int64_t dims, int64_t threads)
      : starved(false), first_block(clouds + 1), indptr_(indptr), clouds_(clouds), dims_(dims), first_node_(clouds + 1), finite_(clouds),
        blocks_(count(kBlock)), nodes_(count(0)), coordinates_(blocks_ * kBlock * this->dims()), ids_(blocks_ * kBlock),
        boxes_(nodes_ * 2 * kFan * this->dims()), least_(nodes_ * kFan), odd_(points()) {
    starved = !first_block.data || !first_node_.data || (clouds && !finite_.data) ||
              (points() && (!coordinates_.data || !ids_.data || !boxes_.data || !least_.data || !odd_.data));
    if (starved) return;
    use_large_pages(coordinates_.data, blocks_ * kBlock * this->dims() * sizeof(A));
    int64_t block = 0, node = 0;
    for (int64_t c = 0; c < clouds; ++c) {
      first_block[c] = block;
      first_node_[c] = node;
      finite_[c] = 0;  // without any points nothing is built
      const Tree whole = shape(0, blocks_for(indptr[c + 1] - indptr[c]), 0);
      block += whole.blocks;
      node += whole.node[whole.levels];
    }
    first_block[clouds] = block;
    first_node_[clouds] = node;
    if (points()) build(x, threads);
  }

  int64_t dims() const { return D ? D : dims_; }
  int64_t clouds() const { return clouds_; }
  int64_t blocks() const { return blocks_; }
  int64_t begin(int64_t cloud) const { return indptr_[cloud]; }
  int64_t size(int64_t cloud) const { return indptr_[cloud + 1] - indptr_[cloud]; }
  int64_t finite(int64_t cloud) const { return finite_[cloud]; }
  Tree tree(int64_t cloud) const { return shape(first_block[cloud], blocks_for(finite_[cloud]), first_node_[cloud]); }

  // Coordinate d of the 16 points of a block, and their positions in the cloud, UINT32_MAX in lanes without a point.
  const A* coordinate(int64_t block, int64_t d) const { return coordinates_.data + (block * dims() + d) * kBlock; }
  const uint32_t* ids(int64_t block) const { return ids_.data + block * kBlock; }
  // Lower and upper ends along coordinate d of the boxes of a node's children, and the lowest id of each.
  const A* lower(int64_t node, int64_t d) const { return boxes_.data + (node * 2 * dims() + d) * kFan; }
  const A* upper(int64_t node, int64_t d) const { return lower(node, dims() + d); }
  const uint32_t* least(int64_t node) const { return least_.data + node * kFan; }
  // Positions in the cloud of the points outside its tree, rising: size(cloud) - finite(cloud) of them.
  const uint32_t* odd(int64_t cloud) const { return odd_.data + indptr_[cloud] + finite_[cloud]; }

  // The squared distances from q to the points of a block.
  WEFT_INLINE_MEMBER void distances(int64_t block, const A* q, A* to) const {
    for (int lane = 0; lane < kBlock; lane += kLanes) {
      Vec<A, kLanes> sum = {};
      for (int64_t d = 0; d < dims(); ++d)
        sum = add_square<A, kLanes>(load<kLanes>(coordinate(block, d) + lane) - splat<A, kLanes>(q[d]), sum);
      store<kLanes, A>(to + lane, sum);
    }
  }

  // No point of child c is nearer to q than bounds[c]: rounding is monotonic, and the steps are those of `distances`.
  WEFT_INLINE_MEMBER void bounds(int64_t node, const A* q, A* to) const { bounds(node, q, q, to); }

  // The same for any q in a box.
  WEFT_INLINE_MEMBER void bounds(int64_t node, const A* low, const A* high, A* to) const {
    constexpr int N = kLanes < kFan ? kLanes : kFan;
    for (int lane = 0; lane < kFan; lane += N) {
      Vec<A, N> sum = {};
      const Vec<A, N> zero = {};
      for (int64_t d = 0; d < dims(); ++d) {
        const Vec<A, N> below = load<N>(lower(node, d) + lane) - splat<A, N>(high[d]), above = splat<A, N>(low[d]) - load<N>(upper(node, d) + lane);
        const Vec<A, N> outside = below > above ? below : above;
        sum = add_square<A, N>(outside > zero ? outside : zero, sum);
      }
      store<N, A>(to + lane, sum);
    }
  }

  static constexpr int kLanes = kVectorBytes / sizeof(A) < kBlock ? kVectorBytes / sizeof(A) : kBlock;

  bool starved;
  Buffer<int64_t> first_block;  // of each cloud

 private:
  struct Range {
    int64_t cloud, begin, count, side;
  };
  // What the build needs and the index does not: two copies of the points in turn, and keys.
  struct Workspace {
    explicit Workspace(int64_t points, int64_t dims)
        : first(points * dims), second(points * dims), second_ids(points), keys(points) {
      use_large_pages(first.data, points * dims * sizeof(A));
      use_large_pages(second.data, points * dims * sizeof(A));
      use_large_pages(keys.data, points * sizeof(Key<A>));
    }
    Buffer<A> first, second;
    Buffer<uint32_t> second_ids;
    Buffer<Key<A>> keys;
    bool starved() const { return !first.data || !second.data || !second_ids.data || !keys.data; }
  };
  struct Side {
    A* x;
    uint32_t* ids;
  };

  const int64_t* indptr_;
  int64_t clouds_, dims_;
  Buffer<int64_t> first_node_, finite_;
  int64_t blocks_, nodes_;
  Buffer<A> coordinates_;
  Buffer<uint32_t> ids_;
  Buffer<A> boxes_;
  Buffer<uint32_t> least_, odd_;

  int64_t points() const { return indptr_[clouds_]; }
  static int64_t blocks_for(int64_t points) { return (points + kBlock - 1) / kBlock; }

  static Tree shape(int64_t first, int64_t blocks, int64_t node) {
    Tree tree{first, blocks, 0, {node}};
    for (int64_t count = blocks; count > 0 && (count > 1 || tree.levels == 0);) {
      count = (count + kFan - 1) / kFan;
      node += count;
      tree.node[++tree.levels] = node;
    }
    return tree;
  }

  // Blocks of all clouds, or with 0 their nodes.
  int64_t count(int64_t what) const {
    int64_t total = 0;
    for (int64_t c = 0; c < clouds_; ++c) {
      const Tree whole = shape(0, blocks_for(indptr_[c + 1] - indptr_[c]), 0);
      total += what ? whole.blocks : whole.node[whole.levels];
    }
    return total;
  }

  void build(const A* x, int64_t threads) {
    Workspace work(points(), dims());
    const int64_t most = clouds_ + 4 * (points() / kLocal) + 4;
    Buffer<Range> large(most), halves(most), small(most);
    starved = work.starved() || !large.data || !halves.data || !small.data;
    if (starved) return;
    const Side sides[2] = {{work.first.data, odd_.data}, {work.second.data, work.second_ids.data}};
    if (points() < kSerialWork / 8) threads = 1;
    take_points(x, sides, threads);

    int64_t larges = 0, smalls = 0;
    for (int64_t c = 0; c < clouds_; ++c)
      if (finite_[c] > 0) (finite_[c] > kLocal ? large[larges++] : small[smalls++]) = Range{c, indptr_[c], finite_[c], 0};
    while (larges > 0) {
      parallel_tasks(larges, threads, [&](int64_t i) {
        const Range r = large[i];
        const int64_t left = left_half(r.count);
        split(sides, r.side, r.begin, r.count, left, work.keys.data + r.begin);
        halves[2 * i] = Range{r.cloud, r.begin, left, 1 - r.side};
        halves[2 * i + 1] = Range{r.cloud, r.begin + left, r.count - left, 1 - r.side};
      });
      const int64_t count = 2 * larges;
      larges = 0;
      for (int64_t i = 0; i < count; ++i) (halves[i].count > kLocal ? large[larges++] : small[smalls++]) = halves[i];
    }
    const int64_t grain = larger(1, smalls * (kLocal / 2) / points());
    parallel_ranges(smalls, grain, threads, [&](int64_t lo, int64_t hi) {
      for (int64_t i = lo; i < hi; ++i)
        order(sides, small[i].side, small[i].cloud, small[i].begin, small[i].count, work.keys.data + small[i].begin);
    });
    parallel_ranges(clouds_, larger(1, clouds_ * kLocal / points()), threads, [&](int64_t lo, int64_t hi) {
      for (int64_t c = lo; c < hi; ++c) join_boxes(tree(c));
    });
  }

  // Copies the points, finite ones of each cloud first.
  void take_points(const A* x, const Side* sides, int64_t threads) {
    Side to = sides[0];
    bool odd = false;
    parallel_ranges(points(), kLocal, threads, [&](int64_t lo, int64_t hi) {
      bool finite = true;
      for (int64_t i = lo * dims(); i < hi * dims(); ++i) {
        to.x[i] = x[i];
        finite &= is_finite(x[i]);
      }
      int64_t c = cloud_of(indptr_, clouds_ + 1, lo);
      for (int64_t i = lo; i < hi; ++i) {
        while (i >= indptr_[c + 1]) ++c;
        to.ids[i] = static_cast<uint32_t>(i - indptr_[c]);
      }
      if (!finite) __atomic_store_n(&odd, true, __ATOMIC_RELAXED);
    });
    for (int64_t c = 0; c < clouds_; ++c) finite_[c] = indptr_[c + 1] - indptr_[c];
    if (!odd) return;
    for (int64_t c = 0; c < clouds_; ++c) {
      int64_t in = indptr_[c], out = 0;
      for (int64_t i = in; i < indptr_[c + 1]; ++i) {
        if (!is_finite_point(to.x + i * dims(), dims())) {
          sides[1].ids[out++] = to.ids[i];
          continue;
        }
        for (int64_t d = 0; d < dims(); ++d) to.x[in * dims() + d] = to.x[i * dims() + d];
        to.ids[in++] = to.ids[i];
      }
      finite_[c] = in - indptr_[c];
      for (int64_t i = 0; i < out; ++i) to.ids[in + i] = sides[1].ids[i];
    }
  }

  // Points that go left: whole blocks, a power of two of them, so that every node's children lie side by side.
  static int64_t left_half(int64_t count) {
    const int64_t blocks = blocks_for(count);
    int64_t left = 1;
    while (2 * left < blocks) left *= 2;
    return left * kBlock;
  }

  // The coordinate in which a sample of the points spreads most.
  int64_t widest(const A* x, int64_t count) const {
    constexpr int64_t kSample = 48;
    const int64_t step = larger(1, count / kSample);
    int64_t best = 0;
    A spread = -1;
    for (int64_t d = 0; d < dims(); ++d) {
      A low = x[d], high = x[d];
      for (int64_t i = 0; i < count; i += step) {
        const A value = x[i * dims() + d];
        low = value < low ? value : low;
        high = value > high ? value : high;
      }
      if (high - low > spread) {
        spread = high - low;
        best = d;
      }
    }
    return best;
  }

  // Moves points begin .. begin + count to the other side, the `left` lowest along one coordinate first; both halves keep their order.
  void split(const Side* sides, int64_t side, int64_t begin, int64_t count, int64_t left, Key<A>* keys) const {
    const A* x = sides[side].x + begin * dims();
    const uint32_t* ids = sides[side].ids + begin;
    A* to = sides[1 - side].x + begin * dims();
    uint32_t* to_ids = sides[1 - side].ids + begin;
    const int64_t d = widest(x, count);
    for (int64_t i = 0; i < count; ++i) keys[i] = make_signed_key(x[i * dims() + d], static_cast<uint32_t>(i));
    const Key<A> pivot = select_key(keys, count, left);
    int64_t low = 0, high = left;
    for (int64_t i = 0; i < count; ++i) {
      const bool goes_left = make_signed_key(x[i * dims() + d], static_cast<uint32_t>(i)) < pivot;
      const int64_t at = goes_left ? low : high;
      low += goes_left;
      high += !goes_left;
      for (int64_t k = 0; k < dims(); ++k) to[at * dims() + k] = x[i * dims() + k];
      to_ids[at] = ids[i];
    }
  }

  void order(const Side* sides, int64_t side, int64_t cloud, int64_t begin, int64_t count, Key<A>* keys) {
    if (count <= kBlock) return make_block(sides[side], cloud, begin, count);
    const int64_t left = left_half(count);
    split(sides, side, begin, count, left, keys);
    order(sides, 1 - side, cloud, begin, left, keys);
    order(sides, 1 - side, cloud, begin + left, count - left, keys + left);
  }

  void make_block(const Side& from, int64_t cloud, int64_t begin, int64_t count) {
    const Tree t = tree(cloud);
    const int64_t at = (begin - indptr_[cloud]) / kBlock, block = t.first + at, node = t.node[0] + at / kFan, child = at % kFan;
    for (int64_t d = 0; d < dims(); ++d) {
      A* to = coordinates_.data + (block * dims() + d) * kBlock;
      A low = from.x[begin * dims() + d], high = low;
      for (int64_t i = 0; i < kBlock; ++i) {
        const A value = i < count ? from.x[(begin + i) * dims() + d] : static_cast<A>(__builtin_inf());
        to[i] = value;
        if (i >= count) continue;
        low = value < low ? value : low;
        high = value > high ? value : high;
      }
      set_child(node, child, d, low, high);
    }
    for (int64_t i = 0; i < kBlock; ++i) ids_[block * kBlock + i] = i < count ? from.ids[begin + i] : UINT32_MAX;
    least_[node * kFan + child] = from.ids[begin];
    if (at == t.blocks - 1) close_node(node, child);
  }

  void set_child(int64_t node, int64_t child, int64_t d, A low, A high) {
    boxes_[(node * 2 * dims() + d) * kFan + child] = low;
    boxes_[(node * 2 * dims() + dims() + d) * kFan + child] = high;
  }

  // Children after the last are infinitely far.
  void close_node(int64_t node, int64_t last) {
    for (int64_t child = last + 1; child < kFan; ++child) {
      for (int64_t d = 0; d < dims(); ++d) set_child(node, child, d, static_cast<A>(__builtin_inf()), static_cast<A>(-__builtin_inf()));
      least_[node * kFan + child] = UINT32_MAX;
    }
  }

  void join_boxes(const Tree& t) {
    for (int64_t level = 1; level < t.levels; ++level) {
      const int64_t below = t.node[level] - t.node[level - 1];
      for (int64_t i = 0; i < below; ++i) {
        const int64_t from = t.node[level - 1] + i, node = t.node[level] + i / kFan, child = i % kFan;
        for (int64_t d = 0; d < dims(); ++d)
          set_child(node, child, d, *std::min_element(lower(from, d), lower(from, d) + kFan),
                    *std::max_element(upper(from, d), upper(from, d) + kFan));
        least_[node * kFan + child] = *std::min_element(least(from), least(from) + kFan);
        if (i == below - 1) close_node(node, child);
      }
    }
  }
};

template <class T, class Body>
int widen_coordinates(const void* x, const void* y, int64_t x_count, int64_t y_count, const Body& body) {
  const T *from_x = static_cast<const T*>(x), *from_y = static_cast<const T*>(y);
  Buffer<Acc<T>> wide_x(larger(1, x_count)), wide_y(larger(1, y_count));
  if (!wide_x.data || !wide_y.data) return fail(kNoMemory, "no memory for %lld coordinates", static_cast<long long>(x_count + y_count));
  for (int64_t i = 0; i < x_count; ++i) wide_x[i] = widen(from_x[i]);
  for (int64_t i = 0; i < y_count; ++i) wide_y[i] = widen(from_y[i]);
  return body(static_cast<const Acc<T>*>(wide_x.data), static_cast<const Acc<T>*>(wide_y.data));
}

// Status of body(x, y) with coordinates as float or double: halves are widened into a copy, so that the index knows two types.
template <class Body>
int with_coordinates(const Call& call, const void* x, const void* y, int64_t x_count, int64_t y_count, const Body& body) {
  switch (call.dtype) {
    case kF32: return body(static_cast<const float*>(x), static_cast<const float*>(y));
    case kF64: return body(static_cast<const double*>(x), static_cast<const double*>(y));
    case kBF16: return widen_coordinates<bf16>(x, y, x_count, y_count, body);
    case kF16: return widen_coordinates<f16>(x, y, x_count, y_count, body);
    default: return fail(kBadDtype, "no kernel for dtype %lld", static_cast<long long>(call.dtype));
  }
}

}  // namespace WEFT_ISA
}  // namespace weft
