"""Edges of each row normalised by numbers of the row, on a GPU: one program for each row and block of heads.

A program reads its row twice, the second time from a cache unless the row is long: once for the numbers, then to write. The
numbers of forward are the highest score and the sum of exp(score - highest); backward has the sum of probability * gradient.
The pieces of a long row are measured first; the program of the row combines them in order and leaves the numbers of the row at
its first piece, where the programs that write its pieces find them.
"""

from typing import Any

import triton
import triton.language as tl
from torch import Tensor

from .._checks import product
from .._structure import Structure
from .._triton import walking
from .._triton.faults import faults_of
from .._triton.launching import accumulator, block_of, dtype_of
from .._triton.softmax import divisor, measured_from
from .._triton.walking import kernel, load_ids, num_pieces, piece_bounds, row_bounds, slot_of

_VALUES = 512


def normalise(name: str, rows: Structure, x: Tensor, grad: Tensor | None, out: Tensor) -> None:
    """Write the softmax of scores `x`, or with `grad` the gradient of scores whose softmax is `x`."""
    heads, edges = product(x.shape[1:]), rows.num_edges
    if edges == 0 or heads == 0:
        return
    at_once, pieces, exact = block_of(heads, 32), num_pieces(edges), accumulator(x.dtype)
    parts = x.new_empty((2 * pieces, 2, heads), dtype=exact)
    some = min(32, _VALUES // at_once)
    constants: dict[str, Any] = {
        "HEADS": at_once, "EDGES": some, "LONG": walking.LONG, "num_warps": max(1, some * at_once // 256),
    }  # fmt: skip
    read = (rows.indptr, rows.edge, x, grad, out, parts, faults_of(name, x.device), rows.num_targets, edges, heads)
    blocks = triton.cdiv(heads, at_once)
    if pieces:
        _measure_pieces[(pieces, blocks)](*read, **constants)
    _rows[(rows.num_targets, blocks)](*read, HAS_PARTS=pieces > 0, ACC=dtype_of(exact), **constants)
    if pieces:
        _write_pieces[(pieces, blocks)](*read, **constants)


@triton.jit
def _places(edge, begin, hi, h, num_edges, heads, faults, EDGES: tl.constexpr):
    """Where the values of a block of edges stand, (EDGES, HEADS), and which are there."""
    p = begin + tl.arange(0, EDGES)
    e, there = p, p < hi
    if edge is not None:
        e, there = load_ids(edge, p, there, num_edges, faults)
    return e[:, None] * heads + h[None, :], there[:, None] & (h < heads)[None, :]


@triton.jit
def _measure(
    edge, x, grad, faults, lo, hi, h, num_edges, heads, HEADS: tl.constexpr, EDGES: tl.constexpr, ACC: tl.constexpr
):
    """The numbers of positions lo to hi; backward has no use for the first."""
    top, total = tl.full((HEADS,), float("-inf"), ACC), tl.zeros((HEADS,), ACC)
    for begin in range(lo, hi, EDGES):
        at, there = _places(edge, begin, hi, h, num_edges, heads, faults, EDGES)
        if grad is not None:
            probability = tl.load(x + at, mask=there, other=0.0).to(ACC)
            total += tl.sum(probability * tl.load(grad + at, mask=there, other=0.0).to(ACC), 0)
        else:
            score = tl.load(x + at, mask=there, other=float("-inf")).to(ACC)
            high = tl.maximum(top, tl.max(score, 0))
            base = measured_from(high)
            total = total * tl.exp(top - base) + tl.sum(tl.exp(score - base[None, :]), 0)
            top = high
    return top, total


@triton.jit
def _write(
    edge, x, grad, out, faults, lo, hi, top, total, h, num_edges, heads, EDGES: tl.constexpr, ACC: tl.constexpr
):  # fmt: skip
    """Write the results of positions lo to hi, from the numbers of their row."""
    for begin in range(lo, hi, EDGES):
        at, there = _places(edge, begin, hi, h, num_edges, heads, faults, EDGES)
        value = tl.load(x + at, mask=there, other=0.0).to(ACC)
        if grad is not None:
            value *= tl.load(grad + at, mask=there, other=0.0).to(ACC) - total[None, :]
        else:
            value = tl.exp(value - top[None, :]) / total[None, :]
        tl.store(out + at, value, mask=there)


@kernel
def _measure_pieces(
    indptr, edge, x, grad, out, parts, faults, num_targets, num_edges, heads, HEADS: tl.constexpr, EDGES: tl.constexpr,
    LONG: tl.constexpr,
):  # fmt: skip
    h = tl.program_id(1) * HEADS + tl.arange(0, HEADS)
    for slot in tl.static_range(2):
        _row, lo, hi = piece_bounds(indptr, num_targets, num_edges, faults, slot, LONG)
        if hi > lo:
            top, total = _measure(
                edge, x, grad, faults, lo, hi, h, num_edges, heads, HEADS, EDGES, parts.dtype.element_ty
            )
            part = (tl.program_id(0).to(tl.int64) * 2 + slot) * 2 * heads + h
            tl.store(parts + part, top, mask=h < heads)
            tl.store(parts + part + heads, total, mask=h < heads)


@kernel
def _rows(
    indptr, edge, x, grad, out, parts, faults, num_targets, num_edges, heads, HAS_PARTS: tl.constexpr, HEADS: tl.constexpr,
    EDGES: tl.constexpr, LONG: tl.constexpr, ACC: tl.constexpr,
):  # fmt: skip
    h = tl.program_id(1) * HEADS + tl.arange(0, HEADS)
    lo, hi = row_bounds(indptr, tl.program_id(0).to(tl.int64), num_edges, faults)
    end = hi
    if HAS_PARTS:
        end = tl.where(hi - lo > LONG, lo, hi)
    top, total = _measure(edge, x, grad, faults, lo, end, h, num_edges, heads, HEADS, EDGES, ACC)
    if HAS_PARTS:
        if hi - lo > LONG:
            for piece in range(lo // LONG, (hi - 1) // LONG + 1):
                part = slot_of(piece, lo, LONG) * 2 * heads + h
                their_top = tl.load(parts + part, mask=h < heads, other=0.0)
                theirs = tl.load(parts + part + heads, mask=h < heads, other=0.0)
                if grad is not None:
                    total += theirs
                else:
                    high = tl.maximum(top, their_top)
                    base = measured_from(high)
                    total = total * tl.exp(top - base) + theirs * tl.exp(their_top - base)
                    top = high
    if grad is None:
        top, total = measured_from(top), divisor(total, h < heads)
    if HAS_PARTS:
        if hi - lo > LONG:
            part = slot_of(lo // LONG, lo, LONG) * 2 * heads + h
            tl.store(parts + part, top, mask=h < heads)
            tl.store(parts + part + heads, total, mask=h < heads)
    _write(edge, x, grad, out, faults, lo, end, top, total, h, num_edges, heads, EDGES, ACC)


@kernel
def _write_pieces(
    indptr, edge, x, grad, out, parts, faults, num_targets, num_edges, heads, HEADS: tl.constexpr, EDGES: tl.constexpr,
    LONG: tl.constexpr,
):  # fmt: skip
    h = tl.program_id(1) * HEADS + tl.arange(0, HEADS)
    for slot in tl.static_range(2):
        row, lo, hi = piece_bounds(indptr, num_targets, num_edges, faults, slot, LONG)
        if hi > lo:
            first = tl.load(indptr + row)
            part = slot_of(first // LONG, first, LONG) * 2 * heads + h
            top = tl.load(parts + part, mask=h < heads, other=0.0)
            total = tl.load(parts + part + heads, mask=h < heads, other=1.0)
            _write(edge, x, grad, out, faults, lo, hi, top, total, h, num_edges, heads, EDGES, parts.dtype.element_ty)
