// Memory traffic: every operand is read once an edge (sources and edges by id and fetched ahead, targets in order), every result
// is written once. Between them values of a block of edges live in registers of the first cache levels: nothing of size E x F.
#include "reducers.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void *source, *edge, *operands[12], *winner_read;
  const int64_t* seed;
  void *out, *stored, *winner;
  const Code* code;
  int64_t num_targets, num_sources, num_edges;
};

template <class T, class I>
class Messages {
  using A = Acc<T>;

 public:
  explicit Messages(const Arguments& a)
      : a_(a), code_(*a.code),
        in_{code_, Rows<I>{a.indptr, static_cast<const I*>(a.source), static_cast<const I*>(a.edge), a.num_targets, a.num_sources, a.num_edges},
            a.operands, static_cast<const I*>(a.winner_read), a.seed ? static_cast<uint64_t>(*a.seed) : 0},
        rows_(in_.rows), plan_(rows_), pieces_(plan_.pieces * code_.state_size) {}

  int run() {
    if (plan_.status != kOk) return plan_.status;
    if (plan_.pieces && code_.state_size && !pieces_.data) return rows_.no_memory();
    use_large_pages(a_.out, rows_.count * code_.out_width * sizeof(T));
    use_large_pages(a_.stored, rows_.edges * code_.stored_width * sizeof(T));
    const bool small = (rows_.edges + rows_.count) * code_.widest < kSerialWork;
    for_rows(rows_, plan_, small ? 1 : a_.threads,
             [&](int64_t piece, int64_t lo, int64_t hi) {
               Walk walk(*this);
               if (!walk.ready()) return;
               walk.piece(plan_.row[plan_.piece(piece, &lo, &hi)], lo, hi, pieces_.data + piece * code_.state_size);
             },
             [&](int64_t begin, int64_t end) {
               Walk walk(*this);
               if (walk.ready()) walk.rows(begin, end);
             });
    if (const int status = rows_.outcome(faults_)) return status;
    for (int64_t hub = 0; hub < plan_.hubs; ++hub) merge(hub);
    return kOk;
  }

 private:
  // One task: its machine, and the states of the row that it is in.
  struct Walk {
    Messages& all;
    Machine<T, I> machine;
    const Buffer<A> state, scratch;

    explicit Walk(Messages& all)
        : all(all), machine(all.in_), state(all.code_.state_size), scratch(machine.block * larger(1, all.code_.widest)) {}

    bool ready() {
      if (!machine.has_memory() || !scratch.data || (all.code_.state_size && !state.data)) return all.faults_.starve(), false;
      machine.start();
      return true;
    }

    void piece(int64_t row, int64_t lo, int64_t hi, A* kept) {
      all.start(kept);
      for (int64_t at = lo; at < hi; at += machine.block) {
        const int64_t count = smaller(machine.block, hi - at);
        if (!machine.run(at, count, hi, [&](int64_t) { return row; })) return all.faults_.note(machine.fault);
        all.store_edges(machine, at, count, hi);
        all.add(machine, 0, count, at - lo, kept, scratch.data);
      }
    }

    void rows(int64_t begin, int64_t end) {
      const int64_t* indptr = all.rows_.indptr;
      for (int64_t row = begin; row < end; ++row)
        if (indptr[row] == indptr[row + 1]) all.clear(row);
      int64_t row = begin, hi = indptr[end];
      for (int64_t at = indptr[begin]; at < hi; at += machine.block) {
        const int64_t count = smaller(machine.block, hi - at);
        int64_t walked = row;
        const auto target = [&](int64_t p) {
          while (indptr[walked + 1] <= p) ++walked;
          return walked;
        };
        if (!machine.run(at, count, hi, target)) return all.faults_.note(machine.fault);
        all.store_edges(machine, at, count, hi);
        for (int64_t j = 0, stop; j < count; j = stop) {
          row = machine.ids(kTarget)[j];
          const int64_t before = at + j - indptr[row];
          stop = smaller(count, indptr[row + 1] - at);
          if (before == 0) all.start(state.data);
          all.add(machine, j, stop - j, before, state.data, scratch.data);
          if (at + stop == indptr[row + 1]) all.finish(row, state.data);
        }
      }
    }
  };

  const Arguments& a_;
  const Code& code_;
  const Inputs<T, I> in_;
  const Rows<I>& rows_;
  const Plan plan_;
  const Buffer<A> pieces_;
  Faults faults_;

  template <class Body>
  void reducers(A* state, const Body& body) const {
    for (int64_t i = 0; i < code_.num_outputs; ++i) {
      const Output& output = code_.outputs()[i];
      if (output.kind != kStore) body(Reducer<T, I>(output, state + output.state), output);
    }
  }

  void start(A* state) const {
    reducers(state, [](const auto& reducer, const Output&) { reducer.start(); });
  }

  void add(const Machine<T, I>& machine, int64_t first, int64_t count, int64_t before, A* state, A* scratch) const {
    reducers(state, [&](const auto& reducer, const Output& o) {
      reducer.add(machine.at(o.value) + first * o.width, machine.at(o.score) + first * o.heads, count, before, scratch);
    });
  }

  void finish(int64_t row, A* state) const {
    reducers(state, [&](const auto& reducer, const Output&) {
      reducer.finish(rows_, rows_.indptr[row], rows_.degree(row), out(row), winner(row));
    });
  }

  void clear(int64_t row) const {
    if (code_.out_width) memset(out(row), 0, code_.out_width * sizeof(T));
    for (int64_t k = 0; k < code_.winner_width; ++k) winner(row)[k] = -1;
  }

  // Rows of the next block are fetched to be written.
  void store_edges(const Machine<T, I>& machine, int64_t at, int64_t count, int64_t end) const {
    if (!code_.stored_width) return;
    const int64_t bytes = code_.stored_width * sizeof(T);
    if (rows_.edge)
      for (int64_t p = at + machine.block; p < smaller(at + 2 * machine.block, end); ++p) {
        const char* to = static_cast<const char*>(a_.stored) + static_cast<int64_t>(rows_.edge[p]) * bytes;
        for (int64_t line = 0; line < bytes; line += 64) __builtin_prefetch(to + line, 1, 3);
      }
    for (int64_t i = 0; i < code_.num_outputs; ++i) {
      const Output& o = code_.outputs()[i];
      if (o.kind != kStore) continue;
      const A* from = machine.at(o.value);
      for (int64_t j = 0; j < count; ++j, from += o.width) {
        T* to = static_cast<T*>(a_.stored) + machine.ids(kEdge)[j] * code_.stored_width + o.column;
        columns<A>(o.width, [&](auto n, int64_t k) { store<decltype(n)::count>(to + k, load<decltype(n)::count>(from + k)); });
      }
    }
  }

  void merge(int64_t hub) const {
    A* state = pieces_.data + plan_.first[hub] * code_.state_size;
    for (int64_t piece = plan_.first[hub] + 1; piece < plan_.first[hub + 1]; ++piece) {
      int64_t lo, hi;
      plan_.piece(piece, &lo, &hi);
      A* next = pieces_.data + piece * code_.state_size;
      reducers(state, [&](const auto& reducer, const Output& o) {
        reducer.merge(Reducer<T, I>(o, next + o.state), hi - lo, (piece - plan_.first[hub]) * kPiece);
      });
    }
    finish(plan_.row[hub], state);
  }

  T* out(int64_t row) const { return static_cast<T*>(a_.out) + row * code_.out_width; }
  I* winner(int64_t row) const { return static_cast<I*>(a_.winner) + row * code_.winner_width; }
};

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(pass_messages, "indptr source edge a b c d e f g h i j k l won seed out stored winner code num_targets num_sources num_edges") {
  using namespace weft::WEFT_ISA;
  const auto& call = *static_cast<const Arguments*>(arguments);
  return weft::WEFT_ISA::with_types(call, [&](auto value, auto id) { return Messages<decltype(value), decltype(id)>(call).run(); });
}
