// Walks the edges of each row in blocks whose feature rows the first cache holds: they are read once for the scores and again for the
// sums. Blocks and the pieces of hubs follow from the graph and the widths alone.
#pragma once
#include "../spmm/walker.h"
#include "scores.h"

namespace weft {
namespace WEFT_ISA {

constexpr int64_t kBlockBytes = 16384, kMostEdges = 64;

// A Pass has
//   scores(), values(): the rows that it reads at the other end of an edge;  kSumsScores, kSumsValues: whether it also sums them;
//   state(): accumulators of a row or a piece;
//   Scratch(pass, edges of a block), with has_memory();  checks_edges(): whether it reads by edge id;
//   start(row, scratch): what the row has of its own;  add(block, scratch, state);  merge(state, other): of the pieces of a hub;
//   finish(row, scratch, state): writes the results of a row;  clear(row): those of a row without edges.
template <class T, class Pass>
class AttentionWalk {
  using A = Acc<T>;

 public:
  AttentionWalk(const AnyRows& rows, const Pass& pass)
      : rows_(rows), pass_(pass), plan_(rows), scores_(pass.scores()), values_(pass.values()),
        shares_(scores_.rows == values_.rows && scores_.width == values_.width),
        edges_(larger(8, smaller(kMostEdges, kBlockBytes / (((shares_ ? 0 : scores_.width) + values_.width) * int64_t{sizeof(T)})))) {}

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
               if (scratch.open(*this, lo, hi)) walk(plan_.row[plan_.piece(piece, &from, &to)], lo, hi, hi, scratch, pieces.data + piece * size);
             },
             [&](int64_t begin, int64_t end) {
               Scratch scratch(*this, size);
               const int64_t last = rows_.indptr[end];
               if (!scratch.open(*this, rows_.indptr[begin], last)) return;
               for (int64_t row = begin; row < end; ++row) {
                 if (rows_.degree(row) == 0) pass_.clear(row);
                 else if (!walk(row, rows_.indptr[row], rows_.indptr[row + 1], last, scratch, scratch.state.data)) return;
                 else pass_.finish(row, scratch.memory, scratch.state.data);
               }
             });
    if (const int status = rows_.outcome(faults_)) return status;
    for (int64_t hub = 0; hub < plan_.hubs; ++hub) {
      Scratch scratch(*this, 0);
      if (!scratch.memory.has_memory()) return rows_.no_memory();
      A* first = pieces.data + plan_.first[hub] * size;
      for (int64_t piece = plan_.first[hub] + 1; piece < plan_.first[hub + 1]; ++piece) pass_.merge(first, pieces.data + piece * size);
      pass_.start(plan_.row[hub], scratch.memory);
      pass_.finish(plan_.row[hub], scratch.memory, first);
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

  // Finds the id that does not fit.
  void note(int64_t lo, int64_t hi) {
    while (lo + 1 < hi && rows_.source_fits(lo) && rows_.edge_fits(lo)) ++lo;
    faults_.note(lo);
  }

  static Read<T> read(const Window<T, AnyId>& window, int64_t at, int64_t stop, int64_t width, bool sums) {
    return {window.pointers(at), stop - at, width, window.far, window.near, sums};
  }

  WEFT_OUTLINE bool walk(int64_t row, int64_t lo, int64_t hi, int64_t end, Scratch& s, A* state) {
    pass_.start(row, s.memory);
    for (int64_t at = lo; at < hi;) {
      if (at == s.values.usable_end() && !(s.values.advance() && (!reads_scores() || s.scores.advance()))) return note(lo, end), false;
      const int64_t stop = smaller(smaller(hi, at + edges_), s.values.usable_end());
      const Read<T> values = read(s.values, at, stop, values_.width, Pass::kSumsValues || (shares_ && Pass::kSumsScores));
      const Read<T> scores = reads_scores() ? read(s.scores, at, stop, scores_.width, Pass::kSumsScores) : values;
      pass_.add(Block<T>{at, stop - at, end, scores, values, at == lo}, s.memory, state);
      at = stop;
    }
    return true;
  }
};

}  // namespace WEFT_ISA
}  // namespace weft
