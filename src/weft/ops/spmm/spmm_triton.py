"""Rows reduced on a GPU: one program for each target and block of features. `spmm` is this, and so are its relatives."""

from collections.abc import Sequence

import triton
import triton.language as tl
from torch import Tensor

from .._checks import product
from .._structure import Structure
from .._triton import walking
from .._triton.faults import faults_of
from .._triton.launching import accumulator, block_of
from .._triton.walking import (
    NOWHERE,
    better,
    check_span,
    first_of_the_best,
    kernel,
    load_ids,
    multiply,
    nothing_yet,
    num_pieces,
    piece_bounds,
    row_bounds,
    slot_of,
    turned_around,
)  # fmt: skip

_EDGES = 16


def launch(
    made: Sequence[Tensor | None], dims: Sequence[int], rows: Structure, x: Tensor, weight: Tensor | None, reduce: str,
    source_scale: Tensor | None, target_scale: Tensor | None,
) -> None:  # fmt: skip
    """Fill `out`, and `winner` where it is kept."""
    out, winner = made
    reduce_rows(
        "spmm", rows, x, out, reduce, weight=weight, source_scale=source_scale, target_scale=target_scale, winner=winner
    )


def reduce_rows(
    name: str, rows: Structure, x: Tensor, out: Tensor | None, reduce: str = "sum", *, weight: Tensor | None = None,
    source_scale: Tensor | None = None, target_scale: Tensor | None = None, winner: Tensor | None = None,
    won: Tensor | None = None, around: Tensor | None = None,
) -> None:  # fmt: skip
    """Reduce rows of `x` as `spmm` does, for the operator `name`; `mul` as well, and integers.

    `out` may be None where only winners are wanted, `rows.source` may be None for position p itself. `won: (num_sources, *F)`
    lets an edge count only where the source names it, by its edge id; of messages less `around: (num_targets, *F)` the squares
    are reduced.
    """
    targets, features, edges = (
        rows.num_targets,
        product(x.shape[1:]),
        x.shape[0] if rows.source is None else rows.num_edges,
    )
    if targets == 0 or features == 0:
        return
    selects = reduce in ("max", "min")
    weights = 0 if weight is None else product(weight.shape[1:])
    block, pieces = block_of(features, 128), num_pieces(edges)
    parts = x.new_empty((2 * pieces, features), dtype=accumulator(x.dtype))
    part_winners = rows.indptr.new_empty((2 * pieces if selects else 0, features))
    constants = {
        "OP": "sum" if reduce == "mean" else reduce, "FEATURES": block, "EDGES": _EDGES, "LONG": walking.LONG,
        "num_warps": max(1, min(8, block * _EDGES // 256)),
    }  # fmt: skip
    read = (rows.indptr, rows.source, rows.edge, x, weight, source_scale, won, around)
    sizes = (targets, x.shape[0], edges, features, features // max(weights, 1), weights)
    blocks, faults = triton.cdiv(features, block), faults_of(name, x.device)
    if pieces:
        _pieces[(pieces, blocks)](*read, parts, part_winners, faults, *sizes, **constants)
    _rows[(targets, blocks)](
        *read, target_scale, parts, part_winners, out, winner, faults, *sizes, MEAN=reduce == "mean", HAS_PARTS=pieces > 0,
        **constants,
    )  # fmt: skip


@triton.jit
def _reduce_span(
    source, edge, x, weight, source_scale, won, around, faults, lo, hi, row, f, f_fits, num_sources, num_edges, features,
    per_weight, weights, OP: tl.constexpr, FEATURES: tl.constexpr, EDGES: tl.constexpr, ACC: tl.constexpr,
):  # fmt: skip
    """Reduce positions lo to hi of a row; what is lowest comes out as the highest of values turned around."""
    total = tl.full((FEATURES,), 1 if OP == "mul" else 0, ACC)
    if (OP == "max") | (OP == "min"):
        total = nothing_yet(total)
    at = tl.full((FEATURES,), NOWHERE, tl.int64)
    if around is not None:
        centre = tl.load(around + row * features + f, mask=f_fits, other=0.0).to(ACC)
    for begin in range(lo, hi, EDGES):
        p = begin + tl.arange(0, EDGES)
        there = p < hi
        src, e = p, p
        if source is not None:
            src, there = load_ids(source, p, there, num_sources, faults)
        if edge is not None:
            if (weight is not None) | (won is not None):
                e, there = load_ids(edge, p, there, num_edges, faults)
        tile = there[:, None] & f_fits[None, :]
        if won is not None:
            tile &= tl.load(won + src[:, None] * features + f[None, :], mask=tile, other=-1) == e[:, None]
        message = tl.load(x + src[:, None] * features + f[None, :], mask=tile, other=0.0).to(ACC)
        if weight is not None:
            message *= tl.load(weight + e[:, None] * weights + f[None, :] // per_weight, mask=tile, other=0.0).to(ACC)
        if source_scale is not None:
            message *= tl.load(source_scale + src, mask=there, other=0.0).to(ACC)[:, None]
        if around is not None:
            message = tl.where(tile, message - centre[None, :], 0.0)
            message *= message
        if OP == "sum":
            total += tl.sum(message, 0)
        elif OP == "mul":
            total *= tl.reduce(tl.where(tile, message, 1), 0, multiply)
        else:
            if OP == "min":
                message = turned_around(message)
            best, first = first_of_the_best(message, tile, p[:, None].to(tl.int64))
            total, at = better(total, at, best, first)
    return total, at


@kernel
def _pieces(
    indptr, source, edge, x, weight, source_scale, won, around, parts, part_winners, faults, num_targets, num_sources,
    num_edges, features, per_weight, weights, OP: tl.constexpr, FEATURES: tl.constexpr, EDGES: tl.constexpr,
    LONG: tl.constexpr,
):  # fmt: skip
    f = tl.program_id(1) * FEATURES + tl.arange(0, FEATURES)
    fits = f < features
    for slot in tl.static_range(2):
        row, lo, hi = piece_bounds(indptr, num_targets, num_edges, faults, slot, LONG)
        if hi > lo:
            total, at = _reduce_span(
                source, edge, x, weight, source_scale, won, around, faults, lo, hi, row, f, fits, num_sources, num_edges,
                features, per_weight, weights, OP, FEATURES, EDGES, parts.dtype.element_ty,
            )  # fmt: skip
            part = (tl.program_id(0).to(tl.int64) * 2 + slot) * features + f
            tl.store(parts + part, total, mask=fits)
            if (OP == "max") | (OP == "min"):
                tl.store(part_winners + part, at, mask=fits)


@kernel
def _rows(
    indptr, source, edge, x, weight, source_scale, won, around, target_scale, parts, part_winners, out, winner, faults,
    num_targets, num_sources, num_edges, features, per_weight, weights, MEAN: tl.constexpr, HAS_PARTS: tl.constexpr,
    OP: tl.constexpr, FEATURES: tl.constexpr, EDGES: tl.constexpr, LONG: tl.constexpr,
):  # fmt: skip
    ACC: tl.constexpr = parts.dtype.element_ty
    row = tl.program_id(0).to(tl.int64)
    f = tl.program_id(1) * FEATURES + tl.arange(0, FEATURES)
    fits = f < features
    check_span(indptr, num_targets, num_edges, faults)
    lo, hi = row_bounds(indptr, row, num_edges, faults)
    end = hi
    if HAS_PARTS:
        end = tl.where(hi - lo > LONG, lo, hi)
    total, at = _reduce_span(
        source, edge, x, weight, source_scale, won, around, faults, lo, end, row, f, fits, num_sources, num_edges, features,
        per_weight, weights, OP, FEATURES, EDGES, ACC,
    )  # fmt: skip
    if HAS_PARTS:
        if hi - lo > LONG:
            for piece in range(lo // LONG, (hi - 1) // LONG + 1):
                part = slot_of(piece, lo, LONG) * features + f
                value = tl.load(parts + part, mask=fits, other=0.0)
                if OP == "sum":
                    total += value
                elif OP == "mul":
                    total *= value
                else:
                    total, at = better(total, at, value, tl.load(part_winners + part, mask=fits, other=0))
    place = row * features + f
    if (OP == "max") | (OP == "min"):
        total = tl.where(at == NOWHERE, 0, turned_around(total) if OP == "min" else total)
        if winner is not None:
            tl.store(winner + place, tl.where(at == NOWHERE, -1, at), mask=fits)
    if OP == "mul":
        total = tl.where(hi > lo, total, 0)
    if MEAN:
        total = total / tl.maximum(hi - lo, 1).to(ACC)
    if target_scale is not None:
        total *= tl.load(target_scale + row).to(ACC)
    if out is not None:
        tl.store(out + place, total, mask=fits)
