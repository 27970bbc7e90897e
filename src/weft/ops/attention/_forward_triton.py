"""Attention on a GPU: one program for each target and block of heads, with the softmax and the sum in one pass.

A program keeps the highest score so far, the sum of exp(score - highest) and the sum of values weighted by it, and scales
both sums when a block of edges brings a higher score. Memory traffic: sources' rows once an edge, results once. Long rows are
cut into pieces as `walking.py` says; a part holds the three.
"""

from collections.abc import Sequence

import triton
import triton.language as tl
from torch import Tensor

from .._structure import Structure
from .._triton.faults import faults_of
from .._triton.launching import accumulator
from .._triton.softmax import divisor, measured_from
from .._triton.walking import kernel, num_pieces, piece_bounds, row_bounds, slot_of
from ._edges_triton import (
    factors_of,
    load_ends,
    load_own,
    load_rows,
    number_of,
    score_of,
    store_own,
    with_bias,
)
from ._launching_triton import call_of, roles_of
from ._softmax import Edges


def attend(
    kind: str, made: Sequence[Tensor | None], dims: Sequence[int], rows: Structure, a: Tensor, b: Tensor, c: Tensor,
    option: float, edges: Edges,
) -> None:  # fmt: skip
    """Fill `out`, and `lse` where it is kept."""
    targets, sources, num_edges, heads, width, *_ = dims
    if targets == 0 or heads == 0:
        return
    out, lse = made
    roles, call = roles_of(kind, a, b, c), call_of(kind, dims, edges, option, a)
    pieces, faults = num_pieces(num_edges), faults_of(f"{kind}_attention", a.device)
    parts = a.new_empty((2 * pieces, heads, width + 2), dtype=accumulator(a.dtype))
    read = (
        rows.indptr,
        rows.source,
        rows.edge,
        roles.at_target,
        roles.at_source,
        roles.value,
        roles.factor,
        *call.edges,
    )
    sizes = (targets, sources, num_edges, *call.sizes)
    if pieces:
        _pieces[(pieces, call.blocks)](*read, parts, faults, *sizes, **call.constants)
    _rows[(targets, call.blocks)](*read, parts, out, lse, faults, *sizes, HAS_PARTS=pieces > 0, **call.constants)


@triton.jit
def _attend(
    source, edge, at_target, at_source, value, factor, edge_score, edge_weight, seed, faults, row, lo, hi, h, num_others,
    num_edges, heads, width, score_width, weights, limit, scale, option, KIND: tl.constexpr, HEADS: tl.constexpr,
    WIDTH: tl.constexpr, SCORE_WIDTH: tl.constexpr, EDGES: tl.constexpr, ACC: tl.constexpr,
):  # fmt: skip
    """The highest score of positions lo to hi of a row, the sum of exp(score - highest), and that of values."""
    NEEDS_EDGES: tl.constexpr = (edge_score is not None) | (edge_weight is not None) | (seed is not None)
    f, k = tl.arange(0, WIDTH), tl.arange(0, SCORE_WIDTH)
    own, slope = load_own(at_target, row, h, k, heads, score_width, ACC), number_of(option, ACC)
    weight_row = factor
    if factor is not None:
        weight_row = load_own(factor, 0, h, k, heads, score_width, ACC)
    top, total = tl.full((HEADS,), float("-inf"), ACC), tl.zeros((HEADS,), ACC)
    sums = tl.zeros((HEADS, WIDTH), ACC)
    for begin in range(lo, hi, EDGES):
        other, e, there = load_ends(
            source, edge, begin, hi, h, heads, num_others, num_edges, faults, EDGES, NEEDS_EDGES
        )
        read = load_rows(at_source, other, there, k, h, heads, score_width, ACC)
        score = with_bias(score_of(own, read, weight_row, slope, KIND), edge_score, e, there, h, heads, ACC)
        high = tl.maximum(top, tl.max(score, 0))
        base = measured_from(high)
        shrinks, weight = tl.exp(top - base), tl.exp(score - base[None, :])
        total = total * shrinks + tl.sum(weight, 0)
        if (edge_weight is not None) | (seed is not None):
            weight *= factors_of(edge_weight, seed, e, there, h, weights, limit, scale, EDGES, HEADS, ACC)[0]
        if KIND != "gatv2":
            read = load_rows(value, other, there, f, h, heads, width, ACC)
        sums = sums * shrinks[:, None] + tl.sum(weight[:, :, None] * read, 0)
        top = high
    return top, total, sums


@kernel
def _pieces(
    indptr, source, edge, at_target, at_source, value, factor, edge_score, edge_weight, seed, parts, faults, num_targets,
    num_sources, num_edges, heads, width, score_width, weights, limit, scale, option, KIND: tl.constexpr,
    HEADS: tl.constexpr, WIDTH: tl.constexpr, SCORE_WIDTH: tl.constexpr, EDGES: tl.constexpr, ACC: tl.constexpr,
    LONG: tl.constexpr,
):  # fmt: skip
    h = tl.program_id(1) * HEADS + tl.arange(0, HEADS)
    f, h_fits = tl.arange(0, WIDTH), h < heads
    for slot in tl.static_range(2):
        row, lo, hi = piece_bounds(indptr, num_targets, num_edges, faults, slot, LONG)
        if hi > lo:
            top, total, sums = _attend(
                source, edge, at_target, at_source, value, factor, edge_score, edge_weight, seed, faults, row, lo, hi, h,
                num_sources, num_edges, heads, width, score_width, weights, limit, scale, option, KIND, HEADS, WIDTH,
                SCORE_WIDTH, EDGES, ACC,
            )  # fmt: skip
            at = ((tl.program_id(0).to(tl.int64) * 2 + slot) * heads + h) * (width + 2)
            tl.store(parts + at[:, None] + f[None, :], sums, mask=h_fits[:, None] & (f < width)[None, :])
            tl.store(parts + at + width, top, mask=h_fits)
            tl.store(parts + at + width + 1, total, mask=h_fits)


@kernel
def _rows(
    indptr, source, edge, at_target, at_source, value, factor, edge_score, edge_weight, seed, parts, out, lse, faults,
    num_targets, num_sources, num_edges, heads, width, score_width, weights, limit, scale, option, HAS_PARTS: tl.constexpr,
    KIND: tl.constexpr, HEADS: tl.constexpr, WIDTH: tl.constexpr, SCORE_WIDTH: tl.constexpr, EDGES: tl.constexpr,
    ACC: tl.constexpr, LONG: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(0).to(tl.int64)
    h = tl.program_id(1) * HEADS + tl.arange(0, HEADS)
    f, h_fits = tl.arange(0, WIDTH), h < heads
    lo, hi = row_bounds(indptr, row, num_edges, faults)
    end = hi
    if HAS_PARTS:
        end = tl.where(hi - lo > LONG, lo, hi)
    top, total, sums = _attend(
        source, edge, at_target, at_source, value, factor, edge_score, edge_weight, seed, faults, row, lo, end, h,
        num_sources, num_edges, heads, width, score_width, weights, limit, scale, option, KIND, HEADS, WIDTH, SCORE_WIDTH,
        EDGES, ACC,
    )  # fmt: skip
    if HAS_PARTS:
        if hi - lo > LONG:
            for piece in range(lo // LONG, (hi - 1) // LONG + 1):
                at = (slot_of(piece, lo, LONG) * heads + h) * (width + 2)
                their_top = tl.load(parts + at + width, mask=h_fits, other=0.0)
                their_total = tl.load(parts + at + width + 1, mask=h_fits, other=0.0)
                theirs = tl.load(
                    parts + at[:, None] + f[None, :], mask=h_fits[:, None] & (f < width)[None, :], other=0.0
                )
                high = tl.maximum(top, their_top)
                base = measured_from(high)
                mine, other = tl.exp(top - base), tl.exp(their_top - base)
                total = total * mine + their_total * other
                sums = sums * mine[:, None] + theirs * other[:, None]
                top = high
    total = divisor(total, h_fits & (hi > lo))  # without edges both results are 0
    store_own(out, row, sums / total[:, None], h, f, heads, width)
    if lse is not None:
        tl.store(lse + row * heads + h, measured_from(top) + tl.log(total), mask=h_fits)
