// A small vector machine that runs a program over edges, a block at a time. A register holds one value of the program for all
// edges of the block, side by side, so that a step costs one call and one pass over memory of the first cache levels.
#pragma once
#include "instructions.h"
#include "weft/rows.h"

namespace weft {
namespace WEFT_ISA {

enum Side : int64_t { kSource = 0, kTarget = 1, kEdge = 2, kShared = 3 };

// The tables of a program, as `_assemble.py` lays them out: a header, then loads, steps and outputs.
struct Load {
  int64_t side, operand, slot, width;
};
struct Output {
  int64_t kind, value, score, width, heads, column, winner_column, state;
};
struct Code {
  int64_t slots, widest, num_loads, num_steps, num_outputs, state_size, out_width, stored_width, winner_width;
  const Load* loads() const { return reinterpret_cast<const Load*>(this + 1); }
  const Step* steps() const { return reinterpret_cast<const Step*>(loads() + num_loads); }
  const Output* outputs() const { return reinterpret_cast<const Output*>(steps() + num_steps); }
};

template <class T, class I>
struct Inputs {
  const Code& code;
  const Rows<I> rows;
  const void* const* operands;
  const I* winner;
  uint64_t seed;
};

template <class T, class I>
class Machine {
  using A = Acc<T>;

 public:
  explicit Machine(const Inputs<T, I>& in)
      : block(choose_block(in.code.widest)), in_(in), registers_(in.code.slots * block), ids_(3 * block) {}

  bool has_memory() const { return registers_.data && ids_.data; }

  // Computes what is the same for every edge, once for all blocks.
  void start() {
    memset(registers_.data, 0, in_.code.slots * block * sizeof(A));
    for (int64_t i = 0; i < in_.code.num_loads; ++i) {
      const Load& load = in_.code.loads()[i];
      if (load.side != kShared) continue;
      A* to = at(load.slot);
      for (int64_t j = 0; j < block; ++j, to += load.width) copy(static_cast<const T*>(in_.operands[load.operand]), load.width, to);
    }
    run(block, true);
  }

  // Runs the program for positions lo .. lo + count; `target` gives the row of each. False if an id does not fit.
  template <class Target>
  bool run(int64_t lo, int64_t count, int64_t end, const Target& target) {
    const uint64_t columns = static_cast<uint64_t>(in_.rows.columns), edges = static_cast<uint64_t>(in_.rows.edges);
    for (int64_t j = 0; j < count; ++j) {
      const int64_t p = lo + j;
      const uint64_t source = in_.rows.source_at(p), edge = in_.rows.edge_at(p);
      if (__builtin_expect(source >= columns || edge >= edges, 0)) return fault = p, false;
      ids(kSource)[j] = static_cast<int64_t>(source);
      ids(kEdge)[j] = static_cast<int64_t>(edge);
      ids(kTarget)[j] = target(p);
    }
    for (int64_t i = 0; i < in_.code.num_loads; ++i) {
      const Load& load = in_.code.loads()[i];
      if (load.side != kShared) gather(load, lo, count, end);
    }
    run(count, false);
    return true;
  }

  A* at(int64_t slot) const { return registers_.data + slot * block; }
  int64_t* ids(int64_t side) const { return ids_.data + side * block; }

  const int64_t block;
  int64_t fault = -1;

 private:
  const Inputs<T, I>& in_;
  const Buffer<A> registers_;
  const Buffer<int64_t> ids_;

  // Edges of a block: few enough for the first cache level. With the even widths of registers they make whole vectors of
  // 16 values, so that no step has a tail.
  static int64_t choose_block(int64_t widest) { return larger(8, smaller(256, 1024 / larger(1, widest)) / 8 * 8); }

  static void copy(const T* from, int64_t width, A* to) {
    with_lanes<A>(width, [&](auto n) { widen_row<decltype(n)::count>(from, width, to); });
  }

  // Copies the rows of a block together and fetches those of the next one.
  void gather(const Load& load, int64_t lo, int64_t count, int64_t end) const {
    const T* table = static_cast<const T*>(in_.operands[load.operand]);
    const I* listed = load.side == kSource ? in_.rows.source : load.side == kEdge ? in_.rows.edge : nullptr;
    const int64_t *id = ids(load.side), bytes = load.width * sizeof(T);
    A* to = at(load.slot);
    with_lanes<A>(load.width, [&](auto n) {
      for (int64_t j = 0; j < count; ++j, to += load.width) {
        fetch_listed(listed, end, table, bytes, lo + j, 2 * block, block);
        widen_row<decltype(n)::count>(table + id[j] * load.width, load.width, to);
      }
    });
  }

  void run(int64_t count, bool invariant) const {
    const Step* steps = in_.code.steps();
    for (int64_t i = 0; i < in_.code.num_steps; ++i) {
      const Step& step = steps[i];
      if ((step.invariant != 0) != invariant) continue;
      if (step.op == kWon)
        won(step, count);
      else if (step.op == kKeep)
        keep(step, count);
      else
        compute<A>(step, count, at(step.a), at(step.b), at(step.out));
    }
  }

  // 1 / (1 - p) for what stays, 0 for what is dropped.
  void keep(const Step& step, int64_t count) const {
    const int64_t* edge = ids(kEdge);
    draw_kept(in_.seed, static_cast<uint64_t>(step.outer), static_cast<A>(step.number), count, step.width,
              [&](int64_t j) { return edge[j]; }, at(step.out));
  }

  // 1 where the edge is the winner of its row.
  void won(const Step& step, int64_t count) const {
    const int64_t *row = ids(step.inner), *edge = ids(kEdge);
    A* to = at(step.out);
    for (int64_t j = 0; j < count; ++j, to += step.width) {
      const I* winner = in_.winner + row[j] * step.repeat + step.outer;
      for (int64_t k = 0; k < step.width; ++k) to[k] = static_cast<int64_t>(winner[k]) == edge[j] ? A(1) : A(0);
    }
  }
};

}  // namespace WEFT_ISA
}  // namespace weft
