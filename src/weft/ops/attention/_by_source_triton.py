"""The gradient of attention to sources, on a GPU: one program for each source and block of heads, over the edges that leave it.

Scores and shares of edges are computed again from lse and delta of their targets. Memory traffic: targets' rows once an edge,
results once. No two programs add to one place, so that the same bits come out of every run.
"""

from collections.abc import Sequence

import triton
import triton.language as tl
from torch import Tensor

from .._structure import Structure
from .._triton.walking import kernel, num_pieces, piece_bounds, row_bounds, slot_of
from ._edges_triton import (
    factors_of,
    load_ends,
    load_numbers,
    load_own,
    load_rows,
    number_of,
    score_of,
    sent_back,
    store_own,
    with_bias,
)
from ._launching_triton import Call, Roles


def walk_by_source(
    call: Call, rows: Structure, counts: Sequence[int], roles: Roles, grad: Tensor, lse: Tensor, delta: Tensor,
    grads: tuple[Tensor, Tensor], faults: Tensor,
) -> None:  # fmt: skip
    """Write the gradients of values and of what scores read at sources; `rows` are edges by source.

    Where both are one tensor, its gradient is the sum of the two.
    """
    sources, _, num_edges = counts
    heads, width, score_width = call.sizes[:3]
    pieces = num_pieces(num_edges)
    parts = lse.new_empty((2 * pieces, heads, width + score_width))
    read = (
        rows.indptr, rows.source, rows.edge, roles.at_source, roles.at_target, roles.value, roles.factor, *call.edges, grad,
        lse, delta,
    )  # fmt: skip
    if pieces:
        _pieces[(pieces, call.blocks)](*read, parts, faults, *counts, *call.sizes, **call.constants)
    _rows[(sources, call.blocks)](
        *read, parts, *grads, faults, *counts, *call.sizes, HAS_PARTS=pieces > 0, **call.constants
    )


@triton.jit
def _gather(
    source, edge, at_source, at_target, value, factor, edge_score, edge_weight, seed, grad, lse, delta, faults, row, lo, hi,
    h, num_others, num_edges, heads, width, score_width, weights, limit, scale, option, KIND: tl.constexpr,
    HEADS: tl.constexpr, WIDTH: tl.constexpr, SCORE_WIDTH: tl.constexpr, EDGES: tl.constexpr, ACC: tl.constexpr,
):  # fmt: skip
    """Over positions lo to hi of a source: what its values get, and what its scores send back."""
    NEEDS_EDGES: tl.constexpr = (edge_score is not None) | (edge_weight is not None) | (seed is not None)
    f, k, slope = tl.arange(0, WIDTH), tl.arange(0, SCORE_WIDTH), number_of(option, ACC)
    own, mine = load_own(at_source, row, h, k, heads, score_width, ACC), load_own(value, row, h, f, heads, width, ACC)
    scaled = factor
    if factor is not None:
        scaled = load_own(factor, 0, h, k, heads, score_width, ACC)
    values, sums = tl.zeros((HEADS, WIDTH), ACC), tl.zeros((HEADS, SCORE_WIDTH), ACC)
    for begin in range(lo, hi, EDGES):
        other, e, there = load_ends(
            source, edge, begin, hi, h, heads, num_others, num_edges, faults, EDGES, NEEDS_EDGES
        )
        read = load_rows(at_target, other, there, k, h, heads, score_width, ACC)
        score = with_bias(score_of(own, read, scaled, slope, KIND), edge_score, e, there, h, heads, ACC)
        p = tl.exp(score - load_numbers(lse, other, there, h, heads, ACC))
        theirs = load_rows(grad, other, there, f, h, heads, width, ACC)
        c, _ = factors_of(edge_weight, seed, e, there, h, weights, limit, scale, EDGES, HEADS, ACC)
        share = p * c
        gradient = share * tl.sum(mine[None, :, :] * theirs, 2) - p * load_numbers(delta, other, there, h, heads, ACC)
        values += tl.sum(share[:, :, None] * theirs, 0)
        sums += tl.sum(sent_back(gradient, own, read, scaled, slope, KIND), 0)
    return values, sums


@kernel
def _pieces(
    indptr, source, edge, at_source, at_target, value, factor, edge_score, edge_weight, seed, grad, lse, delta, parts,
    faults, num_sources, num_targets, num_edges, heads, width, score_width, weights, limit, scale, option,
    KIND: tl.constexpr, HEADS: tl.constexpr, WIDTH: tl.constexpr, SCORE_WIDTH: tl.constexpr, EDGES: tl.constexpr,
    ACC: tl.constexpr, LONG: tl.constexpr,
):  # fmt: skip
    h = tl.program_id(1) * HEADS + tl.arange(0, HEADS)
    f, k, h_fits = tl.arange(0, WIDTH), tl.arange(0, SCORE_WIDTH), h < heads
    for slot in tl.static_range(2):
        row, lo, hi = piece_bounds(indptr, num_sources, num_edges, faults, slot, LONG)
        if hi > lo:
            values, sums = _gather(
                source, edge, at_source, at_target, value, factor, edge_score, edge_weight, seed, grad, lse, delta, faults,
                row, lo, hi, h, num_targets, num_edges, heads, width, score_width, weights, limit, scale, option, KIND,
                HEADS, WIDTH, SCORE_WIDTH, EDGES, ACC,
            )  # fmt: skip
            at = (((tl.program_id(0).to(tl.int64) * 2 + slot) * heads + h) * (width + score_width))[:, None]
            tl.store(parts + at + f[None, :], values, mask=h_fits[:, None] & (f < width)[None, :])
            tl.store(parts + at + width + k[None, :], sums, mask=h_fits[:, None] & (k < score_width)[None, :])


@kernel
def _rows(
    indptr, source, edge, at_source, at_target, value, factor, edge_score, edge_weight, seed, grad, lse, delta, parts,
    of_value, of_source, faults, num_sources, num_targets, num_edges, heads, width, score_width, weights, limit, scale,
    option, HAS_PARTS: tl.constexpr, KIND: tl.constexpr, HEADS: tl.constexpr, WIDTH: tl.constexpr,
    SCORE_WIDTH: tl.constexpr, EDGES: tl.constexpr, ACC: tl.constexpr, LONG: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(0).to(tl.int64)
    h = tl.program_id(1) * HEADS + tl.arange(0, HEADS)
    f, k, h_fits = tl.arange(0, WIDTH), tl.arange(0, SCORE_WIDTH), h < heads
    lo, hi = row_bounds(indptr, row, num_edges, faults)
    end = hi
    if HAS_PARTS:
        end = tl.where(hi - lo > LONG, lo, hi)
    values, sums = _gather(
        source, edge, at_source, at_target, value, factor, edge_score, edge_weight, seed, grad, lse, delta, faults, row, lo,
        end, h, num_targets, num_edges, heads, width, score_width, weights, limit, scale, option, KIND, HEADS, WIDTH,
        SCORE_WIDTH, EDGES, ACC,
    )  # fmt: skip
    if HAS_PARTS:
        if hi - lo > LONG:
            for piece in range(lo // LONG, (hi - 1) // LONG + 1):
                at = ((slot_of(piece, lo, LONG) * heads + h) * (width + score_width))[:, None]
                values += tl.load(parts + at + f[None, :], mask=h_fits[:, None] & (f < width)[None, :], other=0.0)
                in_score = h_fits[:, None] & (k < score_width)[None, :]
                sums += tl.load(parts + at + width + k[None, :], mask=in_score, other=0.0)
    if KIND == "gatv2":
        store_own(of_value, row, values + sums, h, f, heads, width)
    else:
        store_own(of_value, row, values, h, f, heads, width)
        store_own(of_source, row, sums, h, k, heads, score_width)
