// Walks edges in blocks whose feature rows the first cache holds: they are read once for the scores and again for the sums. A block has the
// edges of as many whole rows as it has room for, or some of those of a longer one. Blocks and the pieces of hubs follow from the graph and
// the widths alone.
#pragma once
#include "../spmm/walker.h"
#include "scores.h"

namespace weft {
namespace WEFT_ISA {

constexpr int64_t kBlockBytes = 16384, kBlockEdges = 64;

// A Pass has
//   scores(), values(): the rows that it reads at the other end of an edge;  kSumsScores, kSumsValues: whether it also sums them;
//   state(): accumulators of a row or a piece;
//   Scratch(pass, edges of a block), with has_memory();  checks_edges(): whether it reads by edge id;
//   begin(block, scratch): what its rows have of their own;  prepare(block, scratch, state): numbers of all its edges;
//   add(block, r, scratch, state): the edges of row r;  merge(state, other): of the pieces of a hub;
//   finish(block, r, scratch, state): writes the results of a row;  if kFinishesRows, finish_rows(block, scratch): those of whole rows,
//   without adding them one by one;  clear(row): those of a row without edges.
template <class T, class Pass>
class AttentionWalk {
  using A = Acc<T>;

 public:
  AttentionWalk(const AnyRows& rows, const Pass& pass)
      : rows_(rows), pass_(pass), plan_(rows), scores_(pass.scores()), values_(pass.values()),
        shares_(scores_.rows == values_.rows && scores_.width == values_.width),
        edges_(larger(8, smaller(kBlockEdges, kBlockBytes / (((shares_ ? 0 : scores_.width) + values_.width) * int64_t{sizeof(T)})))) {}

  int run(int64_t threads) {
    if (plan_.status != kOk) return plan_.status;
    const int64_t size = pass_.state();
    Buffer<A> pieces(plan_.pieces * size);
    if (plan_.pieces && !pieces.data) return rows_.no_memory();
    if ((rows_.edges + rows_.count) * values_.width < kSerialWork) threads = 1;
    for_rows(rows_, plan_, threads,
             [&](int64_t piece, int64_t lo, int64_t hi) {
               int64_t from, to;
               Scratch scratch(*this, size);
               if (scratch.open(*this, lo, hi)) walk_part(plan_.row[plan_.piece(piece, &from, &to)], lo, hi, hi, scratch, pieces.data + piece * size);
             },
             [&](int64_t begin, int64_t end) {
               Scratch scratch(*this, size);
               if (scratch.open(*this, rows_.indptr[begin], rows_.indptr[end])) walk_rows(begin, end, scratch);
             });
    if (const int status = rows_.outcome(faults_)) return status;
    for (int64_t hub = 0; hub < plan_.hubs; ++hub) {
      Scratch scratch(*this, 0);
      if (!scratch.memory.has_memory()) return rows_.no_memory();
      A* first = pieces.data + plan_.first[hub] * size;
      for (int64_t piece = plan_.first[hub] + 1; piece < plan_.first[hub + 1]; ++piece) pass_.merge(first, pieces.data + piece * size);
      const int64_t none = 0;
      const Block<T> whole{0, 0, 0, {}, {}, 1, &plan_.row[hub], &none, true};
      pass_.begin(whole, scratch.memory);
      pass_.finish(whole, 0, scratch.memory, first);
    }
    return kOk;
  }

 private:
  struct Scratch {
    Window<T, AnyId> scores, values;
    typename Pass::Scratch memory;
    Buffer<A> state;

    Scratch(const AttentionWalk& walk, int64_t size)
        : scores(walk.rows_, {walk.scores_.rows, nullptr, nullptr, 0}, walk.scores_.width),
          values(walk.rows_, {walk.values_.rows, nullptr, nullptr, 0}, walk.values_.width), memory(walk.pass_, walk.edges_), state(size) {}

    WEFT_OUTLINE bool open(AttentionWalk& walk, int64_t lo, int64_t hi) {
      if (!values.has_memory() || !scores.has_memory() || !memory.has_memory() || !state.data) return walk.faults_.starve(), false;
      const bool edges = !walk.pass_.checks_edges() || all_fit(walk.rows_.edge, lo, hi, walk.rows_.edges);
      if (edges && values.open(lo, hi) && (!walk.reads_scores() || scores.open(lo, hi))) return true;
      return walk.note(lo, hi), false;
    }
  };

  const AnyRows& rows_;
  const Pass& pass_;
  const Plan plan_;
  const Table<T> scores_, values_;
  const bool shares_;
  const int64_t edges_;  // of a block
  Faults faults_;

  bool reads_scores() const { return !shares_ && scores_.rows; }

  void note(int64_t lo, int64_t hi) { faults_.note(rows_.first_misfit(lo, hi)); }

  static Read<T> read(const Window<T, AnyId>& window, int64_t at, int64_t stop, int64_t width, bool sums) {
    return {window.pointers(at), stop - at, width, window.far, window.near, sums};
  }

  // Prepares the edges at .. stop of some rows.
  Block<T> block(int64_t at, int64_t stop, int64_t end, int64_t rows, const int64_t* row, const int64_t* ends, bool fresh, Scratch& s, A* state) {
    const Read<T> values = read(s.values, at, stop, values_.width, Pass::kSumsValues || (shares_ && Pass::kSumsScores));
    const Read<T> scores = reads_scores() ? read(s.scores, at, stop, scores_.width, Pass::kSumsScores) : values;
    const Block<T> block{at, stop - at, end, scores, values, rows, row, ends, fresh};
    if (fresh) pass_.begin(block, s.memory);
    pass_.prepare(block, s.memory, state);
    return block;
  }

  bool advance(int64_t at, int64_t end, Scratch& s) {
    if (at < s.values.usable_end() || at == end) return true;
    return (s.values.advance() && (!reads_scores() || s.scores.advance())) || (note(at, end), false);
  }

  // Positions lo .. hi of a row.
  WEFT_OUTLINE bool walk_part(int64_t row, int64_t lo, int64_t hi, int64_t end, Scratch& s, A* state) {
    for (int64_t at = lo, stop; at < hi; at = stop) {
      if (!advance(at, end, s)) return false;
      stop = smaller(smaller(hi, at + edges_), s.values.usable_end());
      const int64_t count = stop - at;
      pass_.add(block(at, stop, end, 1, &row, &count, at == lo, s, state), 0, s.memory, state);
    }
    return true;
  }

  WEFT_OUTLINE bool walk_rows(int64_t begin, int64_t end, Scratch& s) {
    const int64_t *indptr = rows_.indptr, last = indptr[end];
    int64_t row[kBlockEdges], ends[kBlockEdges];
    A* state = s.state.data;
    for (int64_t at = indptr[begin], next = begin; next < end;) {
      if (!advance(at, last, s)) return false;
      const int64_t limit = smaller(smaller(at + edges_, s.values.usable_end()), last);
      int64_t rows = 0, stop = at;
      for (; next < end && rows < edges_ && indptr[next + 1] <= limit; ++next) {
        if (indptr[next + 1] <= stop) {
          pass_.clear(next);
        } else {
          stop = smaller(limit, indptr[next + 1]);
          row[rows] = next, ends[rows++] = stop - at;
        }
      }
      if (rows) {
        const Block<T> whole = block(at, stop, last, rows, row, ends, true, s, state);
        if constexpr (Pass::kFinishesRows) {
          pass_.finish_rows(whole, s.memory);
        } else {
          for (int64_t r = 0; r < rows; ++r) {
            pass_.add(whole, r, s.memory, state);
            pass_.finish(whole, r, s.memory, state);
          }
        }
      } else if (next < end) {
        stop = larger(at, smaller(last, indptr[next + 1]));
        if (!walk_part(next, at, stop, last, s, state)) return false;
        const int64_t none = 0;
        pass_.finish(Block<T>{stop, 0, last, {}, {}, 1, &next, &none, true}, 0, s.memory, state);
        ++next;
      }
      at = stop;
    }
    return true;
  }
};

}  // namespace WEFT_ISA
}  // namespace weft
