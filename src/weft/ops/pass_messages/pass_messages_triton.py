"""Message passing by programs on a GPU: each output of a program is a kernel of its own, made from its listing.

A program (in the sense of a GPU) takes one target and a block of columns, runs the listing on a block of edges at a time, and
keeps a state: the reduced values, the positions that gave the highest, and for a softmax the highest score and the sum.
"""

from collections.abc import Sequence

import triton
import triton.language as tl
from torch import Tensor

from .._structure import Structure
from .._triton import walking
from .._triton.faults import faults_of
from .._triton.launching import accumulator, block_of, dtype_of
from .._triton.softmax import measured_from
from .._triton.walking import (
    NOWHERE,
    better,
    check_span,
    first_of_the_best,
    kernel,
    load_ids,
    multiply,
    num_pieces,
    piece_bounds,
    row_bounds,
    rows_of,
    search_steps,
    slot_of,
)  # fmt: skip
from ._machine_triton import registers_of
from ._program import SELECTS, Output, parse
from ._pull import listing

_VALUES = 4096  # of a tile


def launch(
    made: Sequence[Tensor | None], dims: Sequence[int], rows: Structure, text: str, *rest: Tensor | None
) -> None:
    """Fill `out`, `stored` and `winner`, output by output."""
    program = parse(text)
    *slots, won, seed = rest
    if seed is not None:
        seed = seed.to(rows.indptr.device)
    kernels = _Launch(rows, text, tuple(x for x in slots if x is not None), won, seed, dims[2])
    for output, place in zip(program.outputs, program.places, strict=True):
        width = program.widths[output.values[0]]
        if output.kind == "edge":
            kernels.store(output, made[1], place.column, width)
            continue
        around = None
        if output.kind == "variance":
            around = kernels.like.new_empty((rows.num_targets, width), dtype=accumulator(kernels.like.dtype))
            kernels.reduce(output, "mean", around, 0, width)
        chosen = (made[2], place.winner) if output.kind in SELECTS else (None, 0)
        kernels.reduce(output, output.kind, made[0], place.column, width, *chosen, around=around)
        if output.kind == "attend":
            heads = program.widths[output.values[1]]
            kernels.reduce(output, "log_sum", made[0], place.column + width, heads)


class _Launch:
    """What the kernels of all outputs of a program are given alike."""

    def __init__(
        self, rows: Structure, text: str, operands: tuple[Tensor, ...], won: Tensor | None, seed: Tensor | None, sources: int
    ) -> None:  # fmt: skip
        self.rows, self.text, self.like = rows, text, operands[0]
        self.read = (operands, won, seed, faults_of("pass_messages", self.like.device))
        self.sizes = (rows.num_targets, sources, rows.num_edges)

    def reduce(
        self, output: Output, kind: str, out: Tensor, column: int, width: int, winner: Tensor | None = None,
        winner_column: int = 0, around: Tensor | None = None,
    ) -> None:  # fmt: skip
        """Reduce an output by target, into columns of `out`."""
        rows, pieces = self.rows, num_pieces(self.rows.num_edges)
        if rows.num_targets == 0:
            return
        constants, block = self._constants(output, width, kind == "log_sum")
        exact = accumulator(self.like.dtype)
        parts = self.like.new_empty((2 * pieces, 3, width), dtype=exact)
        part_winners = rows.indptr.new_empty((2 * pieces if kind in SELECTS else 0, width))
        constants |= {"KIND": kind, "LONG": walking.LONG}
        blocks, structure = triton.cdiv(width, block), (rows.indptr, rows.source, rows.edge)
        if pieces:
            _pieces[(pieces, blocks)](
                *structure, *self.read, around, parts, part_winners, *self.sizes, width, **constants
            )
        _rows[(rows.num_targets, blocks)](
            *structure, *self.read, around, parts, part_winners, out, winner, *self.sizes, width, out.shape[1], column,
            0 if winner is None else winner.shape[1], winner_column, HAS_PARTS=pieces > 0, **constants,
        )  # fmt: skip

    def store(self, output: Output, out: Tensor, column: int, width: int) -> None:
        """Keep an output for every edge."""
        if self.rows.num_edges == 0:
            return
        constants, block = self._constants(output, width)
        grid = (triton.cdiv(self.rows.num_edges, constants["EDGES"]), triton.cdiv(width, block))
        _edges[grid](
            self.rows.indptr, self.rows.source, self.rows.edge, *self.read, out, *self.sizes, width, out.shape[1], column,
            STEPS=search_steps(self.rows.num_targets), **constants,
        )  # fmt: skip

    def _constants(self, output: Output, width: int, is_score: bool = False) -> tuple[dict[str, object], int]:
        found = listing(self.text, output, is_score)
        block = block_of(width, max(1, min(128, _VALUES // found.room)))
        edges = max(1, min(16, _VALUES // (block * found.room)))
        return {
            "LINES": found.lines, "ROOTS": found.roots, "READS_SOURCES": "source" in found.sides, "COLUMNS": block,
            "EDGES": edges, "ACC": dtype_of(accumulator(self.like.dtype)),
            "num_warps": max(1, min(8, block * edges * found.room // 256)),
        }, block  # fmt: skip


@triton.jit
def _start(KIND: tl.constexpr, COLUMNS: tl.constexpr, ACC: tl.constexpr):
    """The state of no edges: values, positions, highest scores, sums of exp."""
    SELECTS: tl.constexpr = (KIND == "max") | (KIND == "min")
    value = tl.full((COLUMNS,), float("-inf") if SELECTS else 1.0 if KIND == "product" else 0.0, ACC)
    at = tl.full((COLUMNS,), NOWHERE, tl.int64)
    return value, at, tl.full((COLUMNS,), float("-inf"), ACC), tl.zeros((COLUMNS,), ACC)


@triton.jit
def _of_tile(value, score, tile, p, KIND: tl.constexpr, COLUMNS: tl.constexpr, ACC: tl.constexpr):
    """The state of a tile of edges by columns."""
    reduced, at, top, total = _start(KIND, COLUMNS, ACC)
    if (KIND == "max") | (KIND == "min"):
        if KIND == "min":
            value = -value
        reduced, at = first_of_the_best(tl.where(tile, value, float("-inf")), tile, p[:, None])
    elif KIND == "product":
        reduced = tl.reduce(tl.where(tile, value, 1.0), 0, multiply)
    elif (KIND == "attend") | (KIND == "log_sum"):
        score = tl.where(tile, score, float("-inf"))
        top = tl.max(score, 0)
        weight = tl.where(tile, tl.exp(score - measured_from(top)[None, :]), 0.0)
        total = tl.sum(weight, 0)
        reduced = tl.sum(weight * tl.where(tile, value, 0.0), 0)
    else:
        reduced = tl.sum(tl.where(tile, value, 0.0), 0)
    return reduced, at, top, total


@triton.jit
def _joined(value, at, top, total, value_2, at_2, top_2, total_2, KIND: tl.constexpr):
    """The state of two runs of edges, the first of which comes first."""
    if (KIND == "max") | (KIND == "min"):
        value, at = better(value, at, value_2, at_2)
    elif KIND == "product":
        value *= value_2
    elif (KIND == "attend") | (KIND == "log_sum"):
        best = tl.maximum(top, top_2)
        mine, theirs = tl.exp(top - measured_from(best)), tl.exp(top_2 - measured_from(best))
        top = best
        total = total * mine + total_2 * theirs
        value = value * mine + value_2 * theirs
    else:
        value += value_2
    return value, at, top, total


@triton.jit
def _reduce_span(
    source, edge, operands, won, seed, faults, around, lo, hi, row, f, num_sources, num_edges, width, LINES: tl.constexpr,
    ROOTS: tl.constexpr, READS_SOURCES: tl.constexpr, KIND: tl.constexpr, COLUMNS: tl.constexpr, EDGES: tl.constexpr,
    ACC: tl.constexpr,
):  # fmt: skip
    """The state of positions lo to hi of a row."""
    fits = f < width
    value, at, top, total = _start(KIND, COLUMNS, ACC)
    if around is not None:
        centre = tl.load(around + row * width + f, mask=fits, other=0.0)
    for begin in range(lo, hi, EDGES):
        p = begin + tl.arange(0, EDGES).to(tl.int64)
        there = p < hi
        src, e = p, p
        if READS_SOURCES:
            src, there = load_ids(source, p, there, num_sources, faults)
        if edge is not None:
            e, there = load_ids(edge, p, there, num_edges, faults)
        ends = (src, tl.zeros_like(p) + row, e)
        registers = registers_of(f[None, :], ends, there, operands, won, seed, ACC, LINES)
        of_edges = registers[ROOTS[0]]
        if around is not None:
            of_edges = (of_edges - centre[None, :]) * (of_edges - centre[None, :])
        tile = there[:, None] & fits[None, :]
        value_2, at_2, top_2, total_2 = _of_tile(
            of_edges, registers[ROOTS[len(ROOTS) - 1]], tile, p, KIND, COLUMNS, ACC
        )
        value, at, top, total = _joined(value, at, top, total, value_2, at_2, top_2, total_2, KIND)
    return value, at, top, total


@kernel
def _pieces(
    indptr, source, edge, operands, won, seed, faults, around, parts, part_winners, num_targets, num_sources, num_edges,
    width, LINES: tl.constexpr, ROOTS: tl.constexpr, READS_SOURCES: tl.constexpr, KIND: tl.constexpr,
    COLUMNS: tl.constexpr, EDGES: tl.constexpr, LONG: tl.constexpr, ACC: tl.constexpr,
):  # fmt: skip
    f = tl.program_id(1).to(tl.int64) * COLUMNS + tl.arange(0, COLUMNS)
    for slot in tl.static_range(2):
        row, lo, hi = piece_bounds(indptr, num_targets, num_edges, faults, slot, LONG)
        if hi > lo:
            value, at, top, total = _reduce_span(
                source, edge, operands, won, seed, faults, around, lo, hi, row, f, num_sources, num_edges, width, LINES,
                ROOTS, READS_SOURCES, KIND, COLUMNS, EDGES, ACC,
            )  # fmt: skip
            part = tl.program_id(0).to(tl.int64) * 2 + slot
            state = parts + part * 3 * width + f
            tl.store(state, value, mask=f < width)
            if (KIND == "attend") | (KIND == "log_sum"):
                tl.store(state + width, top, mask=f < width)
                tl.store(state + 2 * width, total, mask=f < width)
            if (KIND == "max") | (KIND == "min"):
                tl.store(part_winners + part * width + f, at, mask=f < width)


@kernel
def _rows(
    indptr, source, edge, operands, won, seed, faults, around, parts, part_winners, out, winner, num_targets, num_sources,
    num_edges, width, out_width, out_column, winner_width, winner_column, HAS_PARTS: tl.constexpr, LINES: tl.constexpr,
    ROOTS: tl.constexpr, READS_SOURCES: tl.constexpr, KIND: tl.constexpr, COLUMNS: tl.constexpr, EDGES: tl.constexpr,
    LONG: tl.constexpr, ACC: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(0).to(tl.int64)
    f = tl.program_id(1).to(tl.int64) * COLUMNS + tl.arange(0, COLUMNS)
    fits = f < width
    check_span(indptr, num_targets, num_edges, faults)
    lo, hi = row_bounds(indptr, row, num_edges, faults)
    end = hi
    if HAS_PARTS:
        end = tl.where(hi - lo > LONG, lo, hi)
    value, at, top, total = _reduce_span(
        source, edge, operands, won, seed, faults, around, lo, end, row, f, num_sources, num_edges, width, LINES, ROOTS,
        READS_SOURCES, KIND, COLUMNS, EDGES, ACC,
    )  # fmt: skip
    if HAS_PARTS:
        if hi - lo > LONG:
            for piece in range(lo // LONG, (hi - 1) // LONG + 1):
                part = slot_of(piece, lo, LONG)
                state = parts + part * 3 * width + f
                _, at_2, top_2, total_2 = _start(KIND, COLUMNS, ACC)
                if (KIND == "attend") | (KIND == "log_sum"):
                    top_2 = tl.load(state + width, mask=fits, other=0.0)
                    total_2 = tl.load(state + 2 * width, mask=fits, other=0.0)
                if (KIND == "max") | (KIND == "min"):
                    at_2 = tl.load(part_winners + part * width + f, mask=fits, other=0)
                value_2 = tl.load(state, mask=fits, other=0.0)
                value, at, top, total = _joined(value, at, top, total, value_2, at_2, top_2, total_2, KIND)
    if KIND == "min":
        value = -value
    elif (KIND == "mean") | (KIND == "variance"):
        value = value / tl.maximum(hi - lo, 1).to(ACC)
    elif KIND == "attend":
        value = value / total
    elif KIND == "log_sum":
        value = measured_from(top) + tl.log(total)
    nothing = (at == NOWHERE) if (KIND == "max") | (KIND == "min") else (hi <= lo)
    tl.store(out + row * out_width + out_column + f, tl.where(nothing, 0.0, value), mask=fits)
    if winner is not None:
        e = at
        if edge is not None:
            e = tl.load(edge + at, mask=fits & (at != NOWHERE), other=0).to(tl.int64)
        tl.store(winner + row * winner_width + winner_column + f, tl.where(at == NOWHERE, -1, e), mask=fits)


@kernel
def _edges(
    indptr, source, edge, operands, won, seed, faults, out, num_targets, num_sources, num_edges, width, out_width,
    out_column, STEPS: tl.constexpr, LINES: tl.constexpr, ROOTS: tl.constexpr, READS_SOURCES: tl.constexpr,
    COLUMNS: tl.constexpr, EDGES: tl.constexpr, ACC: tl.constexpr,
):  # fmt: skip
    f = tl.program_id(1).to(tl.int64) * COLUMNS + tl.arange(0, COLUMNS)
    p = tl.program_id(0).to(tl.int64) * EDGES + tl.arange(0, EDGES)
    there = p < num_edges
    src, e = p, p
    target, there = rows_of(indptr, num_targets, num_edges, p, there, faults, STEPS)
    if READS_SOURCES:
        src, there = load_ids(source, p, there, num_sources, faults)
    if edge is not None:
        e, there = load_ids(edge, p, there, num_edges, faults)
    registers = registers_of(f[None, :], (src, target, e), there, operands, won, seed, ACC, LINES)
    tile = there[:, None] & (f < width)[None, :]
    value = tl.where(tile, registers[ROOTS[0]], 0.0)
    tl.store(out + e[:, None] * out_width + out_column + f[None, :], value, mask=tile)
