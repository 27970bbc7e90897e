"""Relational aggregation on a GPU: one program for 16 targets and a block of columns.

A program goes from one type that its edges have to the next: it adds up, for each of its targets, the rows of `x` at edges of
that type, and multiplies these 16 sums by the matrix of the type. Rows of `x` are read once for each block of columns; types of
edges (2 or 4 bytes, `typed_edges_triton.py`) once for every type that the program meets, from the first cache level; matrices
once for every type and program, mostly from the second; rows of the result are written once. Sums stay in registers.

A target of many edges is cut into pieces of at least _PIECE, which a first pass treats as targets, and which add up in order
(`_triton/tiles.py`): num_edges / _PIECE rows of the result's width at most.
"""

from collections.abc import Sequence

import triton
import triton.language as tl
from torch import Tensor

from .._structure import Structure
from .._triton import walking
from .._triton.faults import faults_of
from .._triton.launching import accumulator
from .._triton.tiles import add_parts, block_for, is_cut, multiply_add, part_bounds, precision_of, warps_for
from .._triton.walking import kernel, rows_of, search_steps
from .typed_edges_triton import types_at

_ROWS = 16
_EDGES = 8
_PIECE = 128


def launch(
    made: Sequence[Tensor | None], dims: Sequence[int], rows: Structure, x: Tensor, weight: Tensor, edge_type: Tensor,
    edge_weight: Tensor | None,
) -> None:  # fmt: skip
    """Fill `out`."""
    targets, sources, edges, types, depth, width = dims
    kind = types_at("relational_matmul", rows, edge_type, types, sources)
    if targets == 0 or width == 0:
        return
    most = 64 if x.element_size() == 2 else 32
    deep, wide = block_for(x.dtype, depth, most), block_for(x.dtype, width, 2 * most)
    blocks, piece = triton.cdiv(width, wide), min(walking.LONG, _PIECE)
    pieces = edges // piece if edges >= 2 * piece else 0
    parts, faults = x.new_empty((pieces, width), dtype=accumulator(x.dtype)), faults_of("relational_matmul", x.device)
    read = (rows.indptr, kind, rows.source, rows.edge, x, weight, edge_weight)
    sizes = (targets, edges, types, depth, width, piece, blocks)
    constants = {
        "ROWS": _ROWS, "EDGES": _EDGES, "DEPTH": deep, "WIDTH": wide, "PRECISION": precision_of(x),
        "num_warps": max(4, warps_for(_ROWS * _EDGES * deep)),
    }  # fmt: skip
    if pieces:
        _parts[(triton.cdiv(pieces, _ROWS) * blocks,)](
            *read, parts, faults, pieces, *sizes, STEPS=search_steps(targets), **constants
        )  # fmt: skip
    _rows[(triton.cdiv(targets, _ROWS) * blocks,)](*read, made[0], parts, faults, *sizes, **constants)
    add_parts(rows.indptr, parts, made[0], targets, edges, piece, faults)


@triton.jit
def _next_type(kind, lo, hi, longest, after, num_types, EDGES: tl.constexpr):
    """The lowest type above `after` at positions lo to hi of some rows, `num_types` if there is none."""
    found = tl.zeros((), tl.int32) + num_types
    for first in range(0, longest, EDGES):
        p = lo[:, None] + first + tl.arange(0, EDGES)[None, :]
        types = tl.load(kind + p, mask=p < hi[:, None], other=num_types).to(tl.int32)
        found = tl.minimum(found, tl.min(tl.min(tl.where(types > after, types, num_types), 1), 0))
    return found


@triton.jit
def _aggregate(
    kind, source, edge, x, weight, edge_weight, lo, hi, n, num_types, depth, width, ROWS: tl.constexpr, EDGES: tl.constexpr,
    DEPTH: tl.constexpr, WIDTH: tl.constexpr, ACC: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    """Columns n of what the edges at positions lo to hi of each row add up to."""
    longest = tl.max(hi - lo, 0)
    total = tl.zeros((ROWS, WIDTH), ACC)
    current = _next_type(kind, lo, hi, longest, -1, num_types, 4 * EDGES)
    while current < num_types:
        for begin in range(0, depth, DEPTH):
            k = begin + tl.arange(0, DEPTH)
            sums = tl.zeros((ROWS, DEPTH), ACC)
            has = tl.zeros((ROWS,), tl.int32)
            for first in range(0, longest, EDGES):
                p = lo[:, None] + first + tl.arange(0, EDGES)[None, :]
                there = p < hi[:, None]
                there &= tl.load(kind + p, mask=there, other=num_types).to(tl.int32) == current
                found = tl.max(there.to(tl.int32), 1)
                if tl.max(found, 0) > 0:
                    has = tl.maximum(has, found)
                    src = tl.load(source + p, mask=there, other=0).to(tl.int64)
                    tile = there[:, :, None] & (k < depth)[None, None, :]
                    message = tl.load(x + src[:, :, None] * depth + k[None, None, :], mask=tile, other=0.0).to(ACC)
                    if edge_weight is not None:
                        e = p
                        if edge is not None:
                            e = tl.load(edge + p, mask=there, other=0).to(tl.int64)
                        message *= tl.load(edge_weight + e, mask=there, other=0.0).to(ACC)[:, :, None]
                    sums += tl.sum(message, 1)
            inside = (k < depth)[:, None] & (n < width)[None, :]
            place = (current.to(tl.int64) * depth + k[:, None]) * width + n[None, :]
            added = multiply_add(sums, tl.load(weight + place, mask=inside, other=0.0), total, PRECISION)
            total = tl.where(has[:, None] > 0, added, total)  # 0 times an infinity of another row's matrix is not 0
        current = _next_type(kind, lo, hi, longest, current, num_types, 4 * EDGES)
    return total


@kernel
def _parts(
    indptr, kind, source, edge, x, weight, edge_weight, parts, faults, num_parts, num_targets, num_edges, num_types, depth,
    width, piece, blocks, STEPS: tl.constexpr, ROWS: tl.constexpr, EDGES: tl.constexpr, DEPTH: tl.constexpr,
    WIDTH: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    # Of a row that is cut, numbers begin // piece and on are those of its pieces; it owns the last position of each.
    n = (tl.program_id(0) % blocks) * WIDTH + tl.arange(0, WIDTH)
    number = (tl.program_id(0) // blocks).to(tl.int64) * ROWS + tl.arange(0, ROWS)
    row, owns = rows_of(indptr, num_targets, num_edges, (number + 1) * piece - 1, number < num_parts, faults, STEPS)
    begin = tl.load(indptr + row, mask=owns, other=0)
    end = tl.load(indptr + row + 1, mask=owns, other=0)
    lo, hi = part_bounds(begin, end, number - begin // piece, piece)
    owns &= is_cut(begin, end, piece)
    hi = tl.where(owns, hi, lo)
    total = _aggregate(
        kind, source, edge, x, weight, edge_weight, lo, hi, n, num_types, depth, width, ROWS, EDGES, DEPTH, WIDTH,
        parts.dtype.element_ty, PRECISION,
    )  # fmt: skip
    tl.store(parts + number[:, None] * width + n[None, :], total, mask=(hi > lo)[:, None] & (n < width)[None, :])


@kernel
def _rows(
    indptr, kind, source, edge, x, weight, edge_weight, out, parts, faults, num_targets, num_edges, num_types, depth, width,
    piece, blocks, ROWS: tl.constexpr, EDGES: tl.constexpr, DEPTH: tl.constexpr, WIDTH: tl.constexpr,
    PRECISION: tl.constexpr,
):  # fmt: skip
    n = (tl.program_id(0) % blocks) * WIDTH + tl.arange(0, WIDTH)
    row = (tl.program_id(0) // blocks).to(tl.int64) * ROWS + tl.arange(0, ROWS)
    inside = row < num_targets
    begin = tl.load(indptr + row, mask=inside, other=0)
    end = tl.load(indptr + row + 1, mask=inside, other=0)
    bad = (begin < 0) | (end < begin) | (end > num_edges)
    tl.store(faults + 1 + tl.zeros_like(row), 1, mask=bad)
    is_left = bad | is_cut(begin, end, piece)
    lo = tl.where(is_left, 0, begin)
    hi = tl.where(is_left, 0, end)
    total = _aggregate(
        kind, source, edge, x, weight, edge_weight, lo, hi, n, num_types, depth, width, ROWS, EDGES, DEPTH, WIDTH,
        parts.dtype.element_ty, PRECISION,
    )  # fmt: skip
    mine = inside & (bad | (is_cut(begin, end, piece) == 0))
    tl.store(out + row[:, None] * width + n[None, :], total, mask=mine[:, None] & (n < width)[None, :])
