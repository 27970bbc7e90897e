// A small vector machine that runs a program over edges, a block at a time. A register holds one value of the program for all
// edges of the block, side by side, so that a step costs one call and one pass over memory of the first cache levels.
#pragma once
#include "instructions.h"
#include "weft/ends.h"

namespace weft {
namespace WEFT_ISA {

constexpr int64_t kShared = 3;  // the side of tensors that are the same for every edge; the others are `End`s

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

struct Inputs {
  const Code& code;
  const AnyRows rows;
  const Ends ends;  // where they are listed, positions are ids
  const void* const* operands;
  const AnyIds winner;
  uint64_t seed;

  // Where the ids of a side are read from in any order.
  AnyIds listed(int64_t side) const { return ends ? ends.listed[side] : side == kSource ? rows.source : side == kEdge ? rows.edge : AnyIds{}; }
  int64_t count(int64_t side) const { return side == kSource ? rows.columns : side == kEdge ? rows.edges : rows.count; }
};

template <class T>
class Machine {
  using A = Acc<T>;

 public:
  explicit Machine(const Inputs& in)
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

  // Copies the ids of positions lo .. lo + count, so that what is followed is what was checked. False if one does not fit. Without listed ends
  // targets follow from pointers.
  bool place(int64_t lo, int64_t count) const {
    return place(kSource, lo, count) && place(kEdge, lo, count) && (!in_.ends || place(kTarget, lo, count));
  }

  // Runs the program for positions lo .. lo + count, which were placed.
  void run(int64_t lo, int64_t count, int64_t end) const {
    for (int64_t i = 0; i < in_.code.num_loads; ++i) {
      const Load& load = in_.code.loads()[i];
      if (load.side != kShared) gather(load, lo, count, end);
    }
    run(count, false);
  }

  A* at(int64_t slot) const { return registers_.data + slot * block; }
  int64_t* ids(int64_t side) const { return ids_.data + side * block; }

  const int64_t block;

 private:
  const Inputs& in_;
  const Buffer<A> registers_;
  const Buffer<int64_t> ids_;

  // Edges of a block: few enough for the first cache level. With the even widths of registers they make whole vectors of
  // 16 values, so that no step has a tail.
  static int64_t choose_block(int64_t widest) { return larger(8, smaller(256, 1024 / larger(1, widest)) / 8 * 8); }

  bool place(End side, int64_t lo, int64_t count) const {
    const AnyIds listed = in_.listed(side);
    listed.copy(lo, count, ids(side));
    return !listed || all_fit(ids(side), 0, count, in_.count(side));
  }

  static void copy(const T* from, int64_t width, A* to) {
    with_lanes<A>(width, [&](auto n) { widen_row<decltype(n)::count>(from, width, to); });
  }

  // Copies the rows of a block together and fetches those of the next one, unless the table is near anyway.
  void gather(const Load& load, int64_t lo, int64_t count, int64_t end) const {
    const T* table = static_cast<const T*>(in_.operands[load.operand]);
    const int64_t *id = ids(load.side), bytes = load.width * sizeof(T);
    const AnyIds listed = in_.count(load.side) * bytes > kNearCache ? in_.listed(load.side) : AnyIds{};
    with_lanes<A>(load.width, [&](auto n) {
      constexpr int N = decltype(n)::count;
      const auto walk = [=](A* to, int64_t width) {
        for (int64_t j = 0; j < count; ++j, to += width) {
          fetch_listed(listed, end, table, bytes, lo + j, 2 * block, block);
          widen_row<N>(table + id[j] * width, width, to);
        }
      };
      load.width == N ? walk(at(load.slot), N) : walk(at(load.slot), load.width);
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
      const int64_t first = row[j] * step.repeat + step.outer;
      for (int64_t k = 0; k < step.width; ++k) to[k] = in_.winner[first + k] == edge[j] ? A(1) : A(0);
    }
  }
};

}  // namespace WEFT_ISA
}  // namespace weft
