"""Sums of outer products over segments on a GPU: one program for a piece of a segment and a tile of its matrix.

Rows of both factors are read once for each block of the other's columns; a segment of one piece is written where it belongs, the
parts of others go through a list that adds up in order. Pieces are so long that there are about _PROGRAMS programs for long
segments, and parts of no more than as many tiles, whatever the number of rows. `_triton/tiles.py` says how pieces are found.
"""

from collections.abc import Sequence

import triton
import triton.language as tl
from torch import Tensor

from .._triton import walking
from .._triton.faults import faults_of
from .._triton.launching import accumulator
from .._triton.tiles import (
    add_parts,
    block_for,
    check_pointers,
    expect_segments,
    is_cut,
    multiply_add,
    part_bounds,
    precision_of,
    tile_of,
    warps_for,
)  # fmt: skip
from .._triton.walking import kernel, load_ids

_PROGRAMS = 2048


def launch(
    made: Sequence[Tensor | None], dims: Sequence[int], indptr: Tensor, x: Tensor, y: Tensor, order: Tensor | None
) -> None:
    """Fill `out`."""
    expect_segments("segment_outer", dims[0], dims[1])
    outer_of_segments("segment_outer", indptr, x, y, made[0], left=order, right=order)


def outer_of_segments(
    name: str, indptr: Tensor, x: Tensor, y: Tensor, out: Tensor, *, left: Tensor | None, right: Tensor | None,
    edge: Tensor | None = None, weight: Tensor | None = None, covers: bool = True,
) -> None:  # fmt: skip
    """Add up outer(x[left[p]], y[right[p]]) over the positions p of each segment, for the operator `name`.

    Without `left` and `right`, rows stand at their positions. `weight`, if given, is a factor at `edge[p]`, or at p. What
    is in no segment is an error unless segments need not cover all positions.
    """
    (segments, depth, width), positions = out.shape, (x if left is None else left).shape[0]
    if out.numel() == 0:
        return
    deep, wide = block_for(x.dtype, depth, 64), block_for(x.dtype, width, 64)
    across = triton.cdiv(width, wide)
    blocks = triton.cdiv(depth, deep) * across
    piece = max(walking.LONG, triton.cdiv(positions, max(1, _PROGRAMS // blocks)))
    parts = x.new_empty(
        (positions // piece if positions >= 2 * piece else 0, depth * width), dtype=accumulator(x.dtype)
    )
    faults = faults_of(name, x.device)
    _multiply[((positions // piece + segments) * blocks,)](
        indptr, left, right, edge, x, y, weight, out, parts, faults, segments, positions, x.shape[0], y.shape[0], depth, width,
        piece, blocks, across, COVERS=covers, DEEP=deep, WIDE=wide, TERMS=block_for(x.dtype, 1 << 20, 32),
        PRECISION=precision_of(x), num_warps=warps_for(deep * wide),
    )  # fmt: skip
    add_parts(indptr, parts, out, segments, positions, piece, faults)


@kernel
def _multiply(
    indptr, left, right, edge, x, y, weight, out, parts, faults, num_segments, num_positions, num_left, num_right, depth,
    width, piece, blocks, across, COVERS: tl.constexpr, DEEP: tl.constexpr, WIDE: tl.constexpr, TERMS: tl.constexpr,
    PRECISION: tl.constexpr,
):  # fmt: skip
    ACC: tl.constexpr = parts.dtype.element_ty
    number = (tl.program_id(0) // blocks).to(tl.int64)
    block = tl.program_id(0) % blocks
    k = (block // across) * DEEP + tl.arange(0, DEEP)
    n = (block % across) * WIDE + tl.arange(0, WIDE)
    if COVERS:
        check_pointers(indptr, num_segments, num_positions, number, faults)
    segment, begin, end, at = tile_of(indptr, num_segments, num_positions, number, piece, faults)
    lo, hi = part_bounds(begin, end, at, piece)
    total = tl.zeros((DEEP, WIDE), ACC)
    for first in range(lo, hi, TERMS):
        p = first + tl.arange(0, TERMS)
        there = p < hi
        a_row, b_row, e = p, p, p
        if left is not None:
            a_row, there = load_ids(left, p, there, num_left, faults)
        if right is not None:
            b_row, there = load_ids(right, p, there, num_right, faults)
        a = tl.load(x + a_row[None, :] * depth + k[:, None], mask=(k < depth)[:, None] & there[None, :], other=0.0)
        b = tl.load(y + b_row[:, None] * width + n[None, :], mask=there[:, None] & (n < width)[None, :], other=0.0)
        if weight is not None:
            if edge is not None:
                e = tl.load(edge + p, mask=there, other=0).to(tl.int64)
            a = a.to(ACC) * tl.load(weight + e, mask=there, other=0.0).to(ACC)[None, :]
        total = multiply_add(a, b, total, PRECISION)
    value = k[:, None].to(tl.int64) * width + n[None, :]
    inside = (k < depth)[:, None] & (n < width)[None, :]
    if is_cut(begin, end, piece):
        if hi > lo:
            tl.store(parts + (begin // piece + at) * depth * width + value, total, mask=inside)
    elif at == 0:
        tl.store(out + segment * depth * width + value, total, mask=inside)
