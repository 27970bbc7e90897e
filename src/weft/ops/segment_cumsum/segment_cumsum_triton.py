"""Cumulative sums within segments on a GPU: one program for a segment and a block of features, or for a piece of a long one.

Every row is read and written once, rows of a long segment are read twice: a program for each piece adds up its rows, then one
for each long segment adds up the pieces, and a program for each piece goes on from there. In reverse, step i of a segment is
its last row but i, so that sums always run forward.
"""

from collections.abc import Sequence

import triton
import triton.language as tl
from torch import Tensor

from .._triton import walking
from .._triton.faults import faults_of
from .._triton.launching import accumulator, block_of
from .._triton.walking import check_span, kernel, load_ids, num_pieces, piece_bounds, row_bounds, slot_of

_ROWS = 16


def launch(
    made: Sequence[Tensor | None], dims: Sequence[int], indptr: Tensor, x: Tensor, order: Tensor | None, reverse: bool
) -> None:
    """Fill `out`."""
    segments, rows, features, _ = dims
    if segments == 0 or rows == 0 or features == 0:
        return
    block, pieces = block_of(features, 128), num_pieces(rows)
    blocks = triton.cdiv(features, block)
    sums = x.new_empty((2 * pieces, features), dtype=accumulator(x.dtype))
    given = (indptr, x, order, made[0], sums, faults_of("segment_cumsum", x.device), segments, rows, features)
    constants = {
        "REVERSE": reverse, "ROWS": max(_ROWS, 256 // block), "FEATURES": block, "LONG": walking.LONG,
        "num_warps": max(1, min(8, block * _ROWS // 256)),
    }  # fmt: skip
    if pieces:
        _pieces[(pieces, blocks)](*given, WRITES=False, **constants)
        _add_up[(pieces, blocks)](*given, **constants)
        _pieces[(pieces, blocks)](*given, WRITES=True, **constants)
    _segments[(segments, blocks)](*given, HAS_PIECES=pieces > 0, **constants)


@triton.jit
def _cumulate(
    x, order, out, faults, lo, hi, total, f, fits, num_rows, features, WRITES: tl.constexpr, REVERSE: tl.constexpr,
    ROWS: tl.constexpr,
):  # fmt: skip
    """Add the rows at positions lo to hi to `total`, and keep what has come together at each of them if WRITES."""
    for done in range(0, hi - lo, ROWS):
        step = done + tl.arange(0, ROWS)
        there = step < hi - lo
        p = hi - 1 - step if REVERSE else lo + step
        row = p
        if order is not None:
            row, there = load_ids(order, p, there, num_rows, faults)
        tile = there[:, None] & fits[None, :]
        place = row[:, None] * features + f[None, :]
        value = tl.load(x + place, mask=tile, other=0).to(total.dtype)
        if WRITES:
            tl.store(out + place, total[None, :] + tl.cumsum(value, 0), mask=tile)
        total += tl.sum(value, 0)
    return total


@kernel
def _pieces(
    indptr, x, order, out, sums, faults, num_segments, num_rows, features, WRITES: tl.constexpr, REVERSE: tl.constexpr,
    ROWS: tl.constexpr, FEATURES: tl.constexpr, LONG: tl.constexpr,
):  # fmt: skip
    f = tl.program_id(1) * FEATURES + tl.arange(0, FEATURES)
    fits = f < features
    for slot in tl.static_range(2):
        segment, lo, hi = piece_bounds(indptr, num_segments, num_rows, faults, slot, LONG)
        if hi > lo:
            piece = tl.program_id(0).to(tl.int64)
            total = tl.zeros((FEATURES,), sums.dtype.element_ty)
            if WRITES:
                begin, end = row_bounds(indptr, segment, num_rows, faults)
                goes_on = hi < end if REVERSE else lo > begin
                at = tl.where(goes_on, slot_of(piece + 1 if REVERSE else piece - 1, begin, LONG), 0)
                total = tl.where(goes_on, tl.load(sums + at * features + f, mask=fits, other=0), total)
            total = _cumulate(
                x, order, out, faults, lo, hi, total, f, fits, num_rows, features, WRITES, REVERSE, ROWS
            )  # fmt: skip
            if not WRITES:
                tl.store(sums + (piece * 2 + slot) * features + f, total, mask=fits)


@kernel
def _add_up(
    indptr, x, order, out, sums, faults, num_segments, num_rows, features, REVERSE: tl.constexpr, ROWS: tl.constexpr,
    FEATURES: tl.constexpr, LONG: tl.constexpr,
):  # fmt: skip
    """Add to the sum of each piece of a long segment those that come before; the program of the piece where it begins does."""
    first = tl.program_id(0).to(tl.int64)
    f = tl.program_id(1) * FEATURES + tl.arange(0, FEATURES)
    fits = f < features
    for slot in tl.static_range(2):
        segment, begins, ends = piece_bounds(indptr, num_segments, num_rows, faults, slot, LONG)
        lo, hi = row_bounds(indptr, segment, num_rows, faults)
        if (ends > begins) & (lo == begins):
            total = tl.zeros((FEATURES,), sums.dtype.element_ty)
            count = (hi - 1) // LONG - first + 1
            for done in range(0, count, ROWS):
                step = done + tl.arange(0, ROWS)
                piece = first + (count - 1 - step if REVERSE else step)
                tile = (step < count)[:, None] & fits[None, :]
                at = sums + slot_of(piece, lo, LONG)[:, None] * features + f[None, :]
                value = tl.load(at, mask=tile, other=0)
                tl.store(at, total[None, :] + tl.cumsum(value, 0), mask=tile)
                total += tl.sum(value, 0)


@kernel
def _segments(
    indptr, x, order, out, sums, faults, num_segments, num_rows, features, HAS_PIECES: tl.constexpr, REVERSE: tl.constexpr,
    ROWS: tl.constexpr, FEATURES: tl.constexpr, LONG: tl.constexpr,
):  # fmt: skip
    segment = tl.program_id(0).to(tl.int64)
    f = tl.program_id(1) * FEATURES + tl.arange(0, FEATURES)
    check_span(indptr, num_segments, num_rows, faults)
    lo, hi = row_bounds(indptr, segment, num_rows, faults)
    if HAS_PIECES:
        hi = tl.where(hi - lo > LONG, lo, hi)
    total = tl.zeros((FEATURES,), sums.dtype.element_ty)
    _cumulate(x, order, out, faults, lo, hi, total, f, f < features, num_rows, features, True, REVERSE, ROWS)
