// Personalised PageRank by pushing. A seed is one thread's, in dense memory that is cleared where it was touched. Memory traffic: the row
// of a node for each of its pushes, in order, and for each of its entries a record of 16 bytes at a random place, fetched ahead.
#include <algorithm>
#include <cfloat>
#include <new>

#include "../coo_to_csc/counting.h"
#include "../sparse_product/compressed.h"
#include "weft/exp.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kHeldAhead = 16;

struct Arguments : Call {
  const int64_t* indptr;
  const void *column, *value, *limit;
  const int64_t* seeds;
  void *out_value, *out_column;
  int64_t* out_indptr;
  int64_t num_nodes, num_entries, num_seeds, alpha, most, capacity;
};

// What became of a seed: `found` entries from `begin` on in the memory of a worker, or the position of what is wrong.
struct Row {
  enum Fault : int64_t { kNone, kColumn, kValue, kSeed };
  int64_t found, begin, worker, fault, position;
};

// The rows that are pushed along; values and limits of any dtype are computed with as doubles.
template <class T, class I>
struct Graph {
  Compressed<I> rows;
  const T *value, *limit;
  double alpha;
  int64_t most;
};

// What one thread works with, and the rows that it has found.
template <class T, class I>
class Worker {
 public:
  Worker(const Graph<T, I>& graph, int64_t room)
      : column(room), value(room), used(0), graph_(graph), node_(graph.rows.rows + 1), kept_(graph.rows.rows + 1), sent_(graph.rows.rows + 1),
        touched_(graph.rows.rows + 1), pushed_(graph.rows.rows + 1), now_(graph.rows.rows + 1), next_(graph.rows.rows + 1) {
    if (!ready()) return;
    for (int64_t i = 0; i < graph.rows.rows; ++i) node_[i] = Node{kNothing, static_cast<double>(widen(graph.limit[i]))}, kept_[i] = kNothing;
  }

  bool ready() const {
    return column.data && value.data && node_.data && kept_.data && sent_.data && touched_.data && pushed_.data && now_.data && next_.data;
  }

  Row push(uint64_t seed) {
    Row row{0, used, 0, Row::kNone, 0};
    num_touched_ = num_pushed_ = 0;
    node_[seed].held = 1;
    touched_[num_touched_++] = static_cast<I>(seed);
    I *now = now_.data, *next = next_.data;
    now[0] = static_cast<I>(seed);
    int64_t waiting = 1;
    for (int64_t round = 0; round < graph_.most && waiting && !row.fault; ++round) {
      for (int64_t i = 0; i < waiting; ++i) sent_[i] = take(now[i]);
      int64_t reached = 0;
      for (int64_t i = 0; i < waiting && !row.fault; ++i) {
        if (i + 1 < waiting) fetch_row(now[i + 1]);
        send(now[i], (1 - graph_.alpha) * sent_[i], next, &reached, &row);
      }
      std::swap(now, next);
      waiting = reached;
    }
    for (int64_t i = 0; i < num_touched_; ++i) node_[touched_[i]].held = kNothing;
    row.found = list();
    return row;
  }

  Buffer<I> column;
  Buffer<T> value;
  int64_t used;

 private:
  // What a node holds, or kNothing if it never got any; above the limit it pushes.
  struct Node {
    double held, limit;
  };
  static constexpr double kNothing = -1;

  const Graph<T, I>& graph_;
  Buffer<Node> node_;
  Buffer<double> kept_, sent_;
  Buffer<I> touched_, pushed_, now_, next_;  // a place more than nodes: what is not taken is written too
  int64_t num_touched_ = 0, num_pushed_ = 0;

  // Keeps a share of what a node holds; returns all that it held.
  double take(I at) {
    const double held = node_[at].held, kept = kept_[at];
    node_[at].held = 0;
    pushed_[num_pushed_] = at;
    num_pushed_ += kept < 0;
    kept_[at] = amount(kept) + graph_.alpha * held;
    return held;
  }

  static double amount(double held) { return held > 0 ? held : 0; }

  WEFT_INLINE_MEMBER void fetch_row(I at) const {
    const int64_t begin = graph_.rows.begin(at);
    fetch_near(graph_.rows.column + begin, 64);
    fetch_near(graph_.value + begin, 128);
  }

  // Gives what a node sends to the others; lists those that come above their limits.
  WEFT_INLINE_MEMBER void send(I from, double sent, I* next, int64_t* reached, Row* row) {
    const Compressed<I>& rows = graph_.rows;
    const int64_t end = rows.end(from);
    int64_t touched = num_touched_, above = *reached;
    for (int64_t p = rows.begin(from); p < end; ++p) {
      fetch_listed(rows.column, rows.entries, node_.data, sizeof(Node), p, INT32_MAX, kHeldAhead);
      const uint64_t to = rows.column_at(p);
      const double got = sent * static_cast<double>(widen(graph_.value[p]));
      if (__builtin_expect(!rows.fits(to), 0)) row->fault = Row::kColumn;
      else if (__builtin_expect(!(got >= 0 && got <= DBL_MAX), 0)) row->fault = Row::kValue;
      if (__builtin_expect(row->fault != Row::kNone, 0)) {
        row->position = p;
        break;
      }
      Node& node = node_[to];
      const double before = node.held, old = amount(before), held = old + got;
      node.held = held;
      touched_[touched] = next[above] = static_cast<I>(to);
      touched += before < 0;
      above += (held > node.limit) & (old <= node.limit);
    }
    num_touched_ = touched, *reached = above;
  }

  // Appends what nodes keep, in ascending order, to the rows found before; returns how many they are.
  int64_t list() {
    std::sort(pushed_.data, pushed_.data + num_pushed_);
    for (int64_t i = 0; i < num_pushed_; ++i) {
      const I at = pushed_[i];
      column[used + i] = at;
      value[used + i] = narrow<T>(static_cast<Acc<T>>(kept_[at]));
      kept_[at] = kNothing;
    }
    used += num_pushed_;
    return num_pushed_;
  }
};

template <class T, class I>
int refuse(const Graph<T, I>& graph, const int64_t* seeds, int64_t at, const Row& row) {
  const auto number = [](int64_t n) { return static_cast<long long>(n); };
  if (row.fault == Row::kColumn) return graph.rows.refuse(row.position);
  if (row.fault == Row::kSeed)
    return fail(kBadId, "`seeds` holds %lld at position %lld, but there are %lld nodes", number(seeds[at]), number(at), number(graph.rows.rows));
  return fail(kBadPointer, "`value` holds %g at position %lld, and pushes along it become %s; hint: pass weights of at least 0 whose rows "
              "add up to at most 1", static_cast<double>(widen(graph.value[row.position])), number(row.position),
              static_cast<double>(widen(graph.value[row.position])) < 0 ? "negative" : "infinite or NaN");
}

template <class T, class I>
int check_limits(const Graph<T, I>& graph) {
  for (int64_t i = 0; i < graph.rows.rows; ++i)
    if (!(widen(graph.limit[i]) >= 0))
      return fail(kBadPointer, "`limit` holds %g at node %lld; hint: pass numbers of at least 0", static_cast<double>(widen(graph.limit[i])),
                  static_cast<long long>(i));
  return kOk;
}

// Rows of seeds in their order as far as they all fit; what is behind them is 0, and rows that did not fit are empty.
template <class T, class I, class Workers>
void write(const Arguments& a, const Buffer<Row>& rows, int64_t begun, const Workers& workers) {
  int64_t done = 0, total = 0;
  a.out_indptr[0] = 0;
  for (; done < begun && rows[done].found <= a.capacity - total; ++done) a.out_indptr[done + 1] = total += rows[done].found;
  for (int64_t s = done; s < a.num_seeds; ++s) a.out_indptr[s + 1] = total;
  I* const column = static_cast<I*>(a.out_column);
  T* const value = static_cast<T*>(a.out_value);
  parallel_ranges(done, 256, a.threads, [&](int64_t first, int64_t last) {
    for (int64_t s = first; s < last; ++s) {
      const Row& row = rows[s];
      copy_run(column + a.out_indptr[s], workers[row.worker].column.data + row.begin, row.found * sizeof(I));
      copy_run(value + a.out_indptr[s], workers[row.worker].value.data + row.begin, row.found * sizeof(T));
    }
  });
  memset(static_cast<void*>(column + total), 0, (a.capacity - total) * sizeof(I));
  memset(static_cast<void*>(value + total), 0, (a.capacity - total) * sizeof(T));
}

template <class T, class I>
int push(const Arguments& a) {
  const Buffer<int64_t> indptr(a.num_nodes + 1);  // a copy, which stays as it was checked
  const Buffer<Row> rows(larger(1, a.num_seeds));
  if (!indptr.data || !rows.data) return fail(kNoMemory, "no memory for %lld nodes", static_cast<long long>(a.num_nodes));
  memcpy(indptr.data, a.indptr, (a.num_nodes + 1) * sizeof(int64_t));
  const Graph<T, I> graph{{"", indptr.data, static_cast<const I*>(a.column), a.num_nodes, a.num_nodes, a.num_entries},
                          static_cast<const T*>(a.value), static_cast<const T*>(a.limit), bit_cast<double>(a.alpha), a.most};
  int status = graph.rows.check();
  if (status == kOk) status = check_width<I>(a.num_nodes, "nodes");
  if (status == kOk) status = check_limits(graph);
  if (status != kOk) return status;
  const int64_t count = larger(1, smaller(a.threads, a.num_seeds));
  const Buffer<Worker<T, I>> workers(count);
  if (!workers.data) return fail(kNoMemory, "no memory for %lld threads", static_cast<long long>(count));
  Faults faults;
  int64_t begun = 0, found = 0;
  // Seeds begin in their order and those that began come to an end: all that fit are among them, on any number of threads.
  parallel_tasks(count, count, [&](int64_t w) {
    Worker<T, I>* const worker = new (static_cast<void*>(workers.data + w)) Worker<T, I>(graph, a.capacity + a.num_nodes + 1);
    if (!worker->ready()) return faults.starve();
    while (__atomic_load_n(&found, __ATOMIC_RELAXED) <= a.capacity && !faults.any()) {
      const int64_t s = __atomic_fetch_add(&begun, 1, __ATOMIC_RELAXED);
      if (s >= a.num_seeds) return;
      const uint64_t seed = static_cast<uint64_t>(a.seeds[s]);
      rows[s] = graph.rows.fits(seed) ? worker->push(seed) : Row{0, 0, 0, Row::kSeed, 0};
      rows[s].worker = w;
      if (rows[s].fault) faults.note(s);
      __atomic_fetch_add(&found, rows[s].found, __ATOMIC_RELAXED);
    }
  });
  if (faults.any()) status = refuse(graph, a.seeds, faults.position, rows[faults.position]);
  else if (faults.starved) status = fail(kNoMemory, "no memory to push along %lld nodes", static_cast<long long>(a.num_nodes));
  else write<T, I>(a, rows, smaller(begun, a.num_seeds), workers);
  for (int64_t w = 0; w < count; ++w) workers[w].~Worker();
  return status;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(push_pagerank, "indptr column value limit seeds out_value out_column out_indptr num_nodes num_entries num_seeds alpha most capacity") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  return WEFT_ISA::with_types(a, [&](auto value, auto id) { return WEFT_ISA::push<decltype(value), decltype(id)>(a); });
}
