"""Rows of a structure as kernels walk them. Long rows are cut into pieces at fixed positions, which combine in order.

A program takes one row. A row of more than LONG edges would keep it busy while all others are done, so a kernel for pieces
runs first: program c reduces positions c * LONG to (c + 1) * LONG, of which at most two long rows own a part, the row that
owns the first position (slot 0) and another that begins later (slot 1). The program of a long row adds those parts up.
Where rows are cut depends on pointers alone, so the same bits come out of every run.
"""

import inspect
from collections.abc import Callable
from typing import Any

import triton
import triton.language as tl

LONG = 512
COUNTS = ("count", "total", "fanout", "piece", "blocks")


def kernel(function: Callable[..., None]) -> Any:
    """`triton.jit` for what is launched, compiled once for all numbers of rows and edges, which change from batch to batch.

    Triton would compile a variant for every number that 16 divides and one for every 1 among them; that of features it may.
    """
    names = [name for name in inspect.signature(function).parameters if name.startswith("num_") or name in COUNTS]
    return triton.jit(function, do_not_specialize=names)


def num_pieces(num_edges: int) -> int:
    """How many pieces there are; none if no row can be long."""
    return triton.cdiv(num_edges, LONG) if num_edges > LONG else 0


def search_steps(num_rows: int) -> int:
    """How often a range of rows is halved until one is left, rounded up to one of few numbers: each is a compilation."""
    return 8 * triton.cdiv(max(num_rows, 1).bit_length() + 1, 8)


@triton.jit
def row_bounds(indptr, row, num_edges, faults):
    """Where a row begins and ends; a row whose pointers contradict themselves is noted, and empty."""
    lo = tl.load(indptr + row)
    hi = tl.load(indptr + row + 1)
    bad = (lo < 0) | (hi < lo) | (hi > num_edges)
    tl.store(faults + 1, 1, mask=bad)
    return tl.where(bad, 0, lo), tl.where(bad, 0, hi)


@triton.jit
def check_span(indptr, num_rows, num_edges, faults):
    """Note pointers that do not run from 0 to the number of edges; the first program does."""
    if tl.program_id(0) == 0:
        tl.store(faults + 1, 1, mask=(tl.load(indptr) != 0) | (tl.load(indptr + num_rows) != num_edges))


@triton.jit
def row_of(indptr, num_rows, position):
    """The row that owns a position: the last one that begins at it or before."""
    lo = tl.zeros((), tl.int64)
    hi = lo + num_rows
    while lo < hi:
        middle = (lo + hi) // 2
        begins = tl.load(indptr + middle + 1) <= position
        lo = tl.where(begins, middle + 1, lo)
        hi = tl.where(begins, hi, middle)
    return tl.minimum(lo, num_rows - 1)


@triton.jit
def rows_of(indptr, num_rows, num_edges, positions, there, faults, STEPS: tl.constexpr):
    """The rows that own positions, and which do; each by the same number of halvings: `search_steps(num_rows)`."""
    lo = tl.zeros_like(positions)
    hi = lo + num_rows
    for _ in range(STEPS):
        middle = (lo + hi) // 2
        begins = tl.load(indptr + tl.minimum(middle + 1, num_rows)) <= positions
        apart = lo < hi
        lo = tl.where(apart & begins, middle + 1, lo)
        hi = tl.where(apart & (begins == 0), middle, hi)
    row = tl.maximum(tl.minimum(lo, num_rows - 1), 0)
    begin, end = tl.load(indptr + row), tl.load(indptr + tl.minimum(row + 1, num_rows))
    owns = (begin >= 0) & (begin <= positions) & (positions < end) & (end <= num_edges)
    tl.store(faults + 1 + tl.zeros_like(row), 1, mask=there & (owns == 0))
    return row, there & owns


@triton.jit
def piece_bounds(indptr, num_rows, num_edges, faults, slot: tl.constexpr, LONG: tl.constexpr):
    """The row in a slot, and which positions of it this program's piece holds; none if the row is not long."""
    begin = tl.program_id(0).to(tl.int64) * LONG
    end = tl.minimum(begin + LONG, num_edges)
    first = row_of(indptr, num_rows, begin)
    row = first
    if slot == 1:
        row = row_of(indptr, num_rows, end - 1)
    lo, hi = row_bounds(indptr, row, num_edges, faults)
    is_long = (hi - lo > LONG) & ((slot == 0) | (row != first))
    lo = tl.maximum(lo, begin)
    hi = tl.minimum(hi, end)
    return row, tl.where(is_long, lo, 0), tl.where(is_long, hi, 0)


@triton.jit
def slot_of(piece, lo, LONG: tl.constexpr):
    """Where piece number `piece` keeps its part of the long row that begins at `lo`, counted in parts."""
    return piece * 2 + (lo > piece * LONG)


@triton.jit
def load_ids(ids, at, mask, count, faults):
    """Ids as int64, and which of them are there and below `count`; others are noted."""
    found = tl.load(ids + at, mask=mask, other=0).to(tl.int64)
    fits = (found >= 0) & (found < count)
    tl.store(faults + tl.zeros_like(found), 1, mask=mask & ~fits)
    return tl.where(fits, found, 0), mask & fits


NOWHERE = tl.constexpr(0x7FFFFFFFFFFFFFFF)
LOWEST = tl.constexpr(-(1 << 63))


@triton.jit
def nothing_yet(like):
    """What every value beats or equals, in the dtype of a tensor: that of floats, or int64."""
    if like.dtype.is_floating():
        return tl.full(like.shape, float("-inf"), like.dtype)
    else:
        return tl.full(like.shape, LOWEST, like.dtype)


@triton.jit
def turned_around(values):
    """Values in the opposite order; done twice, as they were. The lowest integer has no negative, so that bits are turned."""
    if values.dtype.is_floating():
        return -values
    else:
        return ~values


@triton.jit
def first_of_the_best(values, there, positions):
    """The highest value of each column with its lowest position, NaN before all; the lowest of its dtype and NOWHERE where
    nothing is there.
    """
    if values.dtype.is_floating():
        is_nan = there & (values != values)
        has_nan = tl.max(is_nan.to(tl.int32), 0) > 0
        best = tl.max(tl.where(there & (is_nan == 0), values, float("-inf")), 0)
        wins = there & tl.where(has_nan[None, :], is_nan, values == best[None, :])
        return tl.where(has_nan, float("nan"), best), tl.min(tl.where(wins, positions, NOWHERE), 0)
    else:
        best = tl.max(tl.where(there, values, LOWEST), 0)
        wins = there & (values == best[None, :])
        return best, tl.min(tl.where(wins, positions, NOWHERE), 0)


@triton.jit
def better(a, at_a, b, at_b):
    """The higher of two values with its position, NaN before all; of equal ones the first."""
    a_is_nan, b_is_nan = a != a, b != b
    same = (a == b) | (a_is_nan & b_is_nan)
    wins = tl.where(same, at_a <= at_b, a_is_nan | ((a > b) & (b_is_nan == 0)))
    return tl.where(wins, a, b), tl.where(wins, at_a, at_b)


@triton.jit
def multiply(a, b):
    """What makes a product of a reduction."""
    return a * b
