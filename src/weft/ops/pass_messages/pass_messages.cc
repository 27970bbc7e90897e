// Memory traffic: every operand is read once an edge (sources and edges by id and fetched ahead, targets in order), every result
// is written once; what is found for edges alone goes in the order of their ids, where ends are listed. Between them values of a block
// of edges live in registers of the first cache levels: nothing of size E x F.
#include "reducers.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void *source, *edge, *source_of_edge, *target_of_edge, *operands[12], *winner_read;
  const int64_t* seed;
  void *out, *stored, *winner;
  const Code* code;
  int64_t num_targets, num_sources, num_edges, wide_ends;
};

constexpr int64_t kFewValues = 64;  // so few that writing them for each edge costs less than a branch for each row

template <class T>
class Messages {
  using A = Acc<T>;

 public:
  explicit Messages(const Arguments& a)
      : a_(a), code_(*a.code), in_{code_, rows_by_target(a), ends(a), a.operands, {a.winner_read, wide(a)}, a.seed ? static_cast<uint64_t>(*a.seed) : 0},
        rows_(in_.rows), plan_(rows_), pieces_(plan_.pieces * code_.state_size) {}

  int run() {
    if (plan_.status != kOk) return plan_.status;
    if (plan_.pieces && code_.state_size && !pieces_.data) return rows_.no_memory();
    use_large_pages(a_.out, rows_.count * code_.out_width * sizeof(T));
    use_large_pages(a_.stored, rows_.edges * code_.stored_width * sizeof(T));
    const bool small = (rows_.edges + rows_.count) * code_.widest < kSerialWork;
    return in_.ends ? walk_edges(small ? 1 : a_.threads) : walk_targets(small ? 1 : a_.threads);
  }

 private:
  // One task: its machine, and the states of the row that it is in.
  struct Walk {
    Messages& all;
    Machine<T> machine;
    const Buffer<A> state, scratch;
    const Buffer<int64_t> begins;  // of rows in a block

    explicit Walk(Messages& all)
        : all(all), machine(all.in_), state(all.code_.state_size), scratch(machine.block * larger(1, all.code_.widest)), begins(machine.block + 1) {}

    bool ready() {
      if (!machine.has_memory() || !scratch.data || !begins.data || (all.code_.state_size && !state.data)) return all.faults_.starve(), false;
      machine.start();
      return true;
    }

    // Calls each(position, edges) for the blocks of positions lo .. hi, when what edges compute was computed.
    template <class Place, class Each>
    void blocks(int64_t lo, int64_t hi, const Place& place_targets, const Each& each) {
      for (int64_t at = lo; at < hi; at += machine.block) {
        const int64_t count = smaller(machine.block, hi - at);
        if (!machine.place(at, count)) return all.note(at, at + count);
        place_targets(at, count);
        machine.run(at, count, hi);
        all.store_edges(machine, at, count, hi);
        each(at, count);
      }
    }

    void edges(int64_t lo, int64_t hi) {
      blocks(lo, hi, [](int64_t, int64_t) {}, [](int64_t, int64_t) {});
    }

    void piece(int64_t row, int64_t lo, int64_t hi, A* kept) {
      all.start(kept);
      const auto place_target = [&](int64_t, int64_t count) {
        for (int64_t j = 0; j < count; ++j) machine.ids(kTarget)[j] = row;
      };
      blocks(lo, hi, place_target, [&](int64_t at, int64_t count) { all.add(machine, 0, count, at - lo, kept, scratch.data); });
    }

    void rows(int64_t begin, int64_t end) {
      const int64_t* indptr = all.rows_.indptr;
      for (int64_t row = begin; row < end; ++row)
        if (indptr[row] == indptr[row + 1]) all.clear(row);
      int64_t row = begin;
      const auto place_targets = [&](int64_t at, int64_t count) { row = find_targets(row, end, at, count); };
      blocks(indptr[begin], indptr[end], place_targets, [&](int64_t at, int64_t count) {
        all.sum_narrow(machine, begins.data, at - indptr[machine.ids(kTarget)[0]], count, state.data);
        if (all.only_narrow()) return;
        for (int64_t j = 0, stop; j < count; j = stop) {
          const int64_t target = machine.ids(kTarget)[j], before = at + j - indptr[target];
          stop = smaller(count, indptr[target + 1] - at);
          if (before == 0) all.start(state.data, true);
          all.add(machine, j, stop - j, before, state.data, scratch.data, true);
          if (at + stop == indptr[target + 1]) all.finish(target, state.data, true);
        }
      });
    }

    // Places the targets of positions at .. at + count, none before `row`, and notes where one begins; gives the last.
    int64_t find_targets(int64_t row, int64_t end, int64_t at, int64_t count) const {
      const int64_t* indptr = all.rows_.indptr;
      int64_t last = row, *targets = machine.ids(kTarget);
      while (last < end && indptr[last] < at + count) ++last;
      find_begins(indptr, row, last, at, count, begins.data);
      for (int64_t j = 0, target = row; j < count; ++j) {
        target = larger(target, row + begins[j]);
        targets[j] = target;
      }
      if (indptr[targets[0]] < at) begins[0] = -1;
      return targets[count - 1];
    }
  };

  const Arguments& a_;
  const Code& code_;
  const Inputs in_;
  const AnyRows& rows_;
  const Plan plan_;
  const Buffer<A> pieces_;
  Faults faults_;

  static bool wide(const Arguments& a) { return a.ids == kI64; }

  static AnyRows rows_by_target(const Arguments& a) {
    return {a.indptr, {a.source, wide(a)}, {a.edge, wide(a)}, a.num_targets, a.num_sources, a.num_edges};
  }

  // Where each edge begins and ends, if edges are to be walked in the order of their ids: nothing else is asked for than what is found for them.
  static Ends ends(const Arguments& a) {
    const Code& code = *a.code;
    int64_t target_bytes = 0;
    bool reads_edges = false, walks = a.source_of_edge;
    for (int64_t i = 0; i < code.num_loads; ++i) {
      const Load& load = code.loads()[i];
      target_bytes += load.side == kTarget ? load.width * sizeof(T) : 0;
      reads_edges |= load.side == kEdge;
    }
    for (int64_t i = 0; i < code.num_outputs; ++i) walks &= code.outputs()[i].kind == kStore;
    if (!walks || !walks_by_edge(a.edge, reads_edges, target_bytes)) return {};
    return {{{a.source_of_edge, a.wide_ends != 0}, {a.target_of_edge, a.wide_ends != 0}, {}}, {a.num_sources, a.num_targets}};
  }

  int walk_edges(int64_t threads) {
    parallel_ranges(rows_.edges, kEdges, threads, [&](int64_t lo, int64_t hi) {
      Walk walk(*this);
      if (walk.ready()) walk.edges(lo, hi);
    });
    if (faults_.any()) return in_.ends.explain(faults_.position);
    return rows_.outcome(faults_);
  }

  int walk_targets(int64_t threads) {
    for_rows(rows_, plan_, threads,
             [&](int64_t piece, int64_t lo, int64_t hi) {
               Walk walk(*this);
               if (walk.ready()) walk.piece(plan_.row[plan_.piece(piece, &lo, &hi)], lo, hi, pieces_.data + piece * code_.state_size);
             },
             [&](int64_t begin, int64_t end) {
               Walk walk(*this);
               if (walk.ready()) walk.rows(begin, end);
             });
    if (const int status = rows_.outcome(faults_)) return status;
    for (int64_t hub = 0; hub < plan_.hubs; ++hub) merge(hub);
    return kOk;
  }

  // Positions lo .. hi have an id that does not fit.
  void note(int64_t lo, int64_t hi) { faults_.note(in_.ends ? in_.ends.first_misfit(lo, hi) : rows_.first_misfit(lo, hi)); }

  // A sum or mean of few values adds up along the edges of a block, whatever rows they are in.
  static bool is_narrow(const Output& o) { return (o.kind == kSum || o.kind == kMean) && o.width <= kFewValues; }

  bool only_narrow() const {
    bool only = true;
    for (int64_t i = 0; i < code_.num_outputs; ++i) only &= code_.outputs()[i].kind == kStore || is_narrow(code_.outputs()[i]);
    return only;
  }

  // Every edge writes what its row has come to, so that no branch depends on where rows end. `before` edges of the first row came earlier.
  void sum_narrow(const Machine<T>& machine, const int64_t* begins, int64_t before, int64_t count, A* state) const {
    for (int64_t i = 0; i < code_.num_outputs; ++i) {
      const Output& o = code_.outputs()[i];
      if (!is_narrow(o)) continue;
      columns<A>(o.width, [&](auto n, int64_t k) {
        constexpr int N = decltype(n)::count;
        if (o.kind == kMean) sum_columns<N, true>(machine, o, k, begins, before, count, state);
        else sum_columns<N, false>(machine, o, k, begins, before, count, state);
      });
    }
  }

  template <int N, bool MEAN>
  void sum_columns(const Machine<T>& machine, const Output& o, int64_t k, const int64_t* begins, int64_t before, int64_t count, A* state) const {
    constexpr int L = N > 1 ? N : 16 / sizeof(A);  // what stays in a vector needs no branch
    using S = typename Signed<A>::type;
    const auto read = [](const A* at) { if constexpr (N > 1) return load<N>(at); else return splat<A, L>(*at); };
    const int64_t width = o.width, stride = code_.out_width, *target = machine.ids(kTarget);
    const A* from = machine.at(o.value) + k;
    T* const to = out(0) + o.column + k;
    A* const sum = state + o.state + k;
    Vec<A, L> total = read(sum);
    for (int64_t j = 0; j < count; ++j, from += width) {
      const int64_t goes_on = begins[j] >> 63;
      total = (splat<S, L>(static_cast<S>(goes_on)) ? total : Vec<A, L>{}) + read(from);
      before = 1 + (before & goes_on);
      const Vec<A, L> result = MEAN ? total / splat<A, L>(static_cast<A>(before)) : total;
      if constexpr (N > 1) store<N>(to + target[j] * stride, result);
      else to[target[j] * stride] = narrow<T>(result[0]);
    }
    if constexpr (N > 1) store<N, A>(sum, total);
    else *sum = total[0];
  }

  template <class Body>
  void reducers(A* state, bool rest, const Body& body) const {
    for (int64_t i = 0; i < code_.num_outputs; ++i) {
      const Output& output = code_.outputs()[i];
      if (output.kind != kStore && !(rest && is_narrow(output))) body(Reducer<T>(output, state + output.state), output);
    }
  }

  // For all outputs, or for the rest, which no narrow sum makes.
  void start(A* state, bool rest = false) const {
    reducers(state, rest, [](const auto& reducer, const Output&) { reducer.start(); });
  }

  void add(const Machine<T>& machine, int64_t first, int64_t count, int64_t before, A* state, A* scratch, bool rest = false) const {
    reducers(state, rest, [&](const auto& reducer, const Output& o) {
      reducer.add(machine.at(o.value) + first * o.width, machine.at(o.score) + first * o.heads, count, before, scratch);
    });
  }

  void finish(int64_t row, A* state, bool rest = false) const {
    reducers(state, rest, [&](const auto& reducer, const Output& o) {
      reducer.finish(rows_.degree(row), out(row));
      reducer.winners_of(rows_, rows_.indptr[row], [&](int64_t k, int64_t edge) { set_winner(row * code_.winner_width + o.winner_column + k, edge); });
    });
  }

  void clear(int64_t row) const {
    if (code_.out_width) memset(out(row), 0, code_.out_width * sizeof(T));
    for (int64_t k = 0; k < code_.winner_width; ++k) set_winner(row * code_.winner_width + k, -1);
  }

  // Rows of the next block are fetched to be written.
  void store_edges(const Machine<T>& machine, int64_t at, int64_t count, int64_t end) const {
    if (!code_.stored_width) return;
    const int64_t bytes = code_.stored_width * sizeof(T);
    const AnyIds edge = in_.listed(kEdge);
    if (edge)
      for (int64_t p = at + machine.block; p < smaller(at + 2 * machine.block, end); ++p) {
        const char* to = static_cast<const char*>(a_.stored) + edge[p] * bytes;
        for (int64_t line = 0; line < bytes; line += 64) __builtin_prefetch(to + line, 1, 3);
      }
    for (int64_t i = 0; i < code_.num_outputs; ++i) {
      const Output& o = code_.outputs()[i];
      if (o.kind != kStore) continue;
      const A* from = machine.at(o.value);
      T* const to = static_cast<T*>(a_.stored) + o.column;
      if (!edge && o.width == code_.stored_width) {
        store_values(from, count * o.width, to + at * o.width);
        continue;
      }
      for (int64_t j = 0; j < count; ++j, from += o.width) store_values(from, o.width, to + machine.ids(kEdge)[j] * code_.stored_width);
    }
  }

  static void store_values(const A* from, int64_t count, T* to) {
    columns<A>(count, [&](auto n, int64_t k) { store<decltype(n)::count>(to + k, load<decltype(n)::count>(from + k)); });
  }

  void merge(int64_t hub) const {
    A* state = pieces_.data + plan_.first[hub] * code_.state_size;
    for (int64_t piece = plan_.first[hub] + 1; piece < plan_.first[hub + 1]; ++piece) {
      int64_t lo, hi;
      plan_.piece(piece, &lo, &hi);
      A* next = pieces_.data + piece * code_.state_size;
      reducers(state, false, [&](const auto& reducer, const Output& o) {
        reducer.merge(Reducer<T>(o, next + o.state), hi - lo, (piece - plan_.first[hub]) * kPiece);
      });
    }
    finish(plan_.row[hub], state);
  }

  T* out(int64_t row) const { return static_cast<T*>(a_.out) + row * code_.out_width; }

  void set_winner(int64_t at, int64_t edge) const {
    if (wide(a_)) static_cast<int64_t*>(a_.winner)[at] = edge;
    else static_cast<int32_t*>(a_.winner)[at] = static_cast<int32_t>(edge);
  }
};

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(pass_messages,
            "indptr source edge source_of_edge target_of_edge a b c d e f g h i j k l won seed out stored winner code num_targets num_sources num_edges "
            "wide_ends") {
  using namespace weft::WEFT_ISA;
  const auto& call = *static_cast<const Arguments*>(arguments);
  return with_features(call, [&](auto value) { return Messages<decltype(value)>(call).run(); });
}
