"""The gradient of attention to targets, edges and heads, on a GPU: one program for some targets and a block of heads.

For the edge e = j -> i, with c its factor and a[e] = grad[i] . value[j], the gradient of its score is
p[e] (c[e] a[e] - delta[i]), delta[i] = grad[i] . out[i]. Where the output was not kept, delta is found on the way, as sum of
p c a, and with s the slope of a score the gradient to the target is sum of s p c a - delta (sum of s p).
Memory traffic: sources' rows once an edge, results once.
"""

from collections.abc import Sequence
from typing import Any

import triton
import triton.language as tl
from torch import Tensor

from .._structure import Structure
from .._triton.walking import kernel, num_pieces, piece_bounds, row_bounds, slot_of
from ._edges_triton import (
    bent,
    factors_of,
    load_ends,
    load_own,
    load_rows,
    number_of,
    score_of,
    sent_back,
    store_own,
    with_bias,
)
from ._launching_triton import Call, Roles


def walk_by_target(
    call: Call, rows: Structure, counts: Sequence[int], roles: Roles, grad: Tensor, result: Tensor | None, lse: Tensor,
    delta: Tensor, grads: tuple[Tensor | None, ...], faults: Tensor, *, some: int = 1, finds_delta: bool = False,
) -> None:  # fmt: skip
    """Write the gradients of targets, of parts of heads' factors, of edge scores and weights; and delta, if it is not known.

    A program takes `some` targets, one after another. Delta is known from `result`, or stands in `delta` already.
    """
    targets, _, num_edges = counts
    heads, score_width = call.sizes[0], call.sizes[2]
    pieces = num_pieces(num_edges)
    parts = lse.new_empty((2 * pieces, heads, 2 * score_width + 1))
    read: tuple[Any, ...] = (
        rows.indptr, rows.source, rows.edge, roles.at_target, roles.at_source, roles.value, roles.factor, *call.edges, grad,
        result, lse, delta,
    )  # fmt: skip
    of_target, of_factor, of_score, of_weight = grads
    options = {"FINDS": finds_delta, **call.constants}
    if pieces:
        grid = (pieces, call.blocks)
        _pieces[grid](*read, of_score, of_weight, parts, faults, *counts, *call.sizes, **options)
    _rows[(-(-targets // some), call.blocks)](
        *read, of_score, of_weight, parts, of_target, of_factor, faults, *counts, *call.sizes, SOME=some,
        HAS_PARTS=pieces > 0, **options,
    )  # fmt: skip


@triton.jit
def _store_edges(of_score, of_weight, score, weight, e, there, h, heads, weights):
    """Write the gradients of a block's edges; what one weight for all heads gets is summed over those of the program."""
    if of_score is not None:
        tl.store(of_score + e[:, None] * heads + h[None, :], score, mask=there)
    if of_weight is not None:
        if weights == heads:
            tl.store(of_weight + e[:, None] * heads + h[None, :], weight, mask=there)
        else:
            total = tl.sum(tl.where(there, weight, 0.0), 1)
            tl.store(
                of_weight + e * tl.num_programs(1) + tl.program_id(1), total, mask=tl.max(there.to(tl.int32), 1) > 0
            )


@triton.jit
def _gather(
    source, edge, at_target, at_source, value, factor, edge_score, edge_weight, seed, grad, result, lse, delta, of_score,
    of_weight, faults, row, lo, hi, h, num_others, num_edges, heads, width, score_width, weights, limit, scale, option,
    FINDS: tl.constexpr, KIND: tl.constexpr, HEADS: tl.constexpr, WIDTH: tl.constexpr, SCORE_WIDTH: tl.constexpr,
    EDGES: tl.constexpr, ACC: tl.constexpr,
):  # fmt: skip
    """Over positions lo to hi: two sums of score rows, and delta as far as it is known."""
    NEEDS_EDGES: tl.constexpr = (
        (edge_score is not None) | (edge_weight is not None) | (seed is not None)
        | (of_score is not None) | (of_weight is not None)
    )  # fmt: skip
    f, k, h_fits, slope = tl.arange(0, WIDTH), tl.arange(0, SCORE_WIDTH), h < heads, number_of(option, ACC)
    own, mine = load_own(at_target, row, h, k, heads, score_width, ACC), load_own(grad, row, h, f, heads, width, ACC)
    scaled = factor
    if factor is not None:
        scaled = load_own(factor, 0, h, k, heads, score_width, ACC)
    measured_from = tl.load(lse + row * heads + h, mask=h_fits, other=0.0)
    if FINDS:
        found = tl.zeros((HEADS,), ACC)
    elif result is not None:
        found = tl.sum(mine * load_own(result, row, h, f, heads, width, ACC), 1)
    else:
        found = tl.load(delta + row * heads + h, mask=h_fits, other=0.0)
    sums, more = tl.zeros((HEADS, SCORE_WIDTH), ACC), tl.zeros((HEADS, SCORE_WIDTH), ACC)
    for begin in range(lo, hi, EDGES):
        other, e, there = load_ends(
            source, edge, begin, hi, h, heads, num_others, num_edges, faults, EDGES, NEEDS_EDGES
        )
        read = load_rows(at_source, other, there, k, h, heads, score_width, ACC)
        score = with_bias(score_of(own, read, scaled, slope, KIND), edge_score, e, there, h, heads, ACC)
        p = tl.exp(score - measured_from[None, :])
        summed = read
        if KIND != "gatv2":
            summed = load_rows(value, other, there, f, h, heads, width, ACC)
        through = p * tl.sum(mine[None, :, :] * summed, 2)
        c, drawn = factors_of(edge_weight, seed, e, there, h, weights, limit, scale, EDGES, HEADS, ACC)
        if FINDS:
            found += tl.sum(through * c, 0)
            sums += tl.sum(sent_back(through * c, own, read, scaled, slope, KIND), 0)
            more += tl.sum(sent_back(p, own, read, scaled, slope, KIND), 0)
        else:
            gradient = through * c - p * found[None, :]
            _store_edges(of_score, of_weight, gradient, through * drawn, e, there, h, heads, weights)
            sums += tl.sum(sent_back(gradient, own, read, scaled, slope, KIND), 0)
            if KIND == "gatv2":
                more += tl.sum(gradient[:, :, None] * bent(own, read, None, slope), 0)
    return sums, more, found


@kernel
def _pieces(
    indptr, source, edge, at_target, at_source, value, factor, edge_score, edge_weight, seed, grad, result, lse, delta,
    of_score, of_weight, parts, faults, num_targets, num_sources, num_edges, heads, width, score_width, weights, limit, scale,
    option, FINDS: tl.constexpr, KIND: tl.constexpr, HEADS: tl.constexpr, WIDTH: tl.constexpr, SCORE_WIDTH: tl.constexpr,
    EDGES: tl.constexpr, ACC: tl.constexpr, LONG: tl.constexpr,
):  # fmt: skip
    h = tl.program_id(1) * HEADS + tl.arange(0, HEADS)
    k = tl.arange(0, SCORE_WIDTH)
    fits = (h < heads)[:, None] & (k < score_width)[None, :]
    for slot in tl.static_range(2):
        row, lo, hi = piece_bounds(indptr, num_targets, num_edges, faults, slot, LONG)
        if hi > lo:
            sums, more, found = _gather(
                source, edge, at_target, at_source, value, factor, edge_score, edge_weight, seed, grad, result, lse, delta,
                of_score, of_weight, faults, row, lo, hi, h, num_sources, num_edges, heads, width, score_width, weights,
                limit, scale, option, FINDS, KIND, HEADS, WIDTH, SCORE_WIDTH, EDGES, ACC,
            )  # fmt: skip
            at = ((tl.program_id(0).to(tl.int64) * 2 + slot) * heads + h) * (2 * score_width + 1)
            tl.store(parts + at[:, None] + k[None, :], sums, mask=fits)
            tl.store(parts + at[:, None] + score_width + k[None, :], more, mask=fits)
            tl.store(parts + at + 2 * score_width, found, mask=h < heads)


@kernel
def _rows(
    indptr, source, edge, at_target, at_source, value, factor, edge_score, edge_weight, seed, grad, result, lse, delta,
    of_score, of_weight, parts, of_target, of_factor, faults, num_targets, num_sources, num_edges, heads, width, score_width,
    weights, limit, scale, option, SOME: tl.constexpr, HAS_PARTS: tl.constexpr, FINDS: tl.constexpr, KIND: tl.constexpr,
    HEADS: tl.constexpr, WIDTH: tl.constexpr, SCORE_WIDTH: tl.constexpr, EDGES: tl.constexpr, ACC: tl.constexpr,
    LONG: tl.constexpr,
):  # fmt: skip
    first = tl.program_id(0).to(tl.int64) * SOME
    h = tl.program_id(1) * HEADS + tl.arange(0, HEADS)
    k = tl.arange(0, SCORE_WIDTH)
    h_fits = h < heads
    fits = h_fits[:, None] & (k < score_width)[None, :]
    for_factor = tl.zeros((HEADS, SCORE_WIDTH), ACC)
    for row in range(first, tl.minimum(first + SOME, num_targets)):
        lo, hi = row_bounds(indptr, row, num_edges, faults)
        end = hi
        if HAS_PARTS:
            end = tl.where(hi - lo > LONG, lo, hi)
        sums, more, found = _gather(
            source, edge, at_target, at_source, value, factor, edge_score, edge_weight, seed, grad, result, lse, delta,
            of_score, of_weight, faults, row, lo, end, h, num_sources, num_edges, heads, width, score_width, weights, limit,
            scale, option, FINDS, KIND, HEADS, WIDTH, SCORE_WIDTH, EDGES, ACC,
        )  # fmt: skip
        if HAS_PARTS:
            if hi - lo > LONG:
                for piece in range(lo // LONG, (hi - 1) // LONG + 1):
                    at = (slot_of(piece, lo, LONG) * heads + h) * (2 * score_width + 1)
                    sums += tl.load(parts + at[:, None] + k[None, :], mask=fits, other=0.0)
                    more += tl.load(parts + at[:, None] + score_width + k[None, :], mask=fits, other=0.0)
                    if FINDS:
                        found += tl.load(parts + at + 2 * score_width, mask=h_fits, other=0.0)
        if FINDS:
            sums -= found[:, None] * more
        if FINDS or (result is not None):
            tl.store(delta + row * heads + h, found, mask=h_fits)
        if of_target is not None:
            store_own(of_target, row, sums, h, k, heads, score_width)
        for_factor += more
    if of_factor is not None:
        store_own(of_factor, tl.program_id(0).to(tl.int64), for_factor, h, k, heads, score_width)
