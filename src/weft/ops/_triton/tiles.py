"""Products of tiles, and segments of positions cut into tiles by programs that find their own without being told.

No program waits for the host to count. With tiles of S positions, a segment that runs from a to b has the numbers a // S + t to
b // S + t, t being its place among the segments: no two segments share one, they rise, there are as many as the segment has
tiles or one more, and the last of all is below positions // S + segments, which the host knows. A program finds the segment of
its number by halving, and its tile within it by subtraction; a number too many finds nothing to do.

What is added up over positions is cut into pieces of at least S positions: b // S - a // S numbers are enough for as many whole
pieces as a segment has, so that each has a place of its own in a list of positions // S parts. `add_parts` adds those of a
segment in their order. Where cuts are depends on pointers and sizes alone, so the same bits come out of every run.
"""

import os

import torch
import triton
import triton.language as tl
from torch import Tensor

from ...errors import StructureError, message
from .launching import block_of
from .walking import kernel, row_bounds, row_of

_PARTS = tl.constexpr(16)
_VALUES = tl.constexpr(128)


def precision_of(x: Tensor) -> str:
    """How tiles of values like those of `x` are multiplied: `multiply_add` says what the words mean."""
    if os.environ.get("TRITON_INTERPRET") == "1":
        return "wide"  # the product of the interpreter knows no bfloat16
    return "ieee" if x.element_size() >= 4 or torch.version.hip else "tf32"


def block_for(dtype: torch.dtype, size: int, most: int) -> int:
    """How much of a dimension a tile spans: at least 16, as matrix units want, and 16 in float64, which has none here."""
    return 16 if dtype is torch.float64 else max(16, block_of(size, most))


def warps_for(values: int) -> int:
    """The warps of a program whose sums are so many values."""
    return max(1, min(8, values // 1024))


def expect_segments(name: str, num_segments: int, num_positions: int) -> None:
    """Refuse positions where there is no segment: a single pointer cannot be both where they begin and where they end."""
    if num_segments == 0 and num_positions:
        form = f"`indptr` to run from 0 to {num_positions}"
        raise StructureError(message(name, form, "a single pointer"))


@triton.jit
def multiply_add(a, b, total, PRECISION: tl.constexpr):
    """`total` plus the product of two tiles. Of unequal dtypes both become float32, and "tf32" keeps 11 bits of it.

    That is all that float16 and bfloat16 have, so that only sums of such values lose anything, as much as rounding them to
    float16 would, but with the range of float32. "ieee" loses nothing; "wide" is that for the interpreter.
    """
    if total.dtype == tl.float64:
        total += tl.sum(a[:, :, None].to(tl.float64) * b[None, :, :].to(tl.float64), 1)
    elif PRECISION == "wide":
        total = tl.dot(a.to(tl.float32), b.to(tl.float32), total, input_precision="ieee")
    elif a.dtype == b.dtype:
        total = tl.dot(a, b, total, input_precision=PRECISION)
    else:
        total = tl.dot(a.to(tl.float32), b.to(tl.float32), total, input_precision=PRECISION)
    return total


@triton.jit
def times_matrix(x, row, there, matrix, n, depth, width, total, DEPTH: tl.constexpr, PRECISION: tl.constexpr):
    """`total` plus the product of rows of `x` and columns n of a matrix (depth, width)."""
    for begin in range(0, depth, DEPTH):
        k = begin + tl.arange(0, DEPTH)
        mine = there[:, None] & (k < depth)[None, :]
        a = tl.load(x + row[:, None] * depth + k[None, :], mask=mine, other=0.0)
        inside = (k < depth)[:, None] & (n < width)[None, :]
        b = tl.load(matrix + k[:, None].to(tl.int64) * width + n[None, :], mask=inside, other=0.0)
        total = multiply_add(a, b, total, PRECISION)
    return total


@triton.jit
def check_pointers(indptr, num_segments, num_positions, number, faults):
    """Note, in the program of that number, whether a segment ends before it begins or positions are left over at an end."""
    segment = tl.minimum(number, num_segments - 1)
    row_bounds(indptr, segment, num_positions, faults)
    lost = (tl.load(indptr) != 0) | (tl.load(indptr + num_segments) != num_positions)
    tl.store(faults + 1, 1, mask=(number == 0) & lost)


@triton.jit
def tile_of(indptr, num_segments, num_positions, number, size, faults):
    """The segment that has a number, where it begins and ends, and which of its tiles the number means, below 0 for none."""
    lo = tl.zeros((), tl.int64)
    hi = lo + num_segments - 1
    while lo < hi:
        middle = (lo + hi + 1) // 2
        begins = tl.load(indptr + middle) // size + middle <= number
        lo = tl.where(begins, middle, lo)
        hi = tl.where(begins, hi, middle - 1)
    begin, end = row_bounds(indptr, lo, num_positions, faults)
    return lo, begin, end, number - begin // size - lo


@triton.jit
def part_bounds(begin, end, at, size):
    """Where piece `at` of a segment that is cut into whole pieces begins and ends; the last takes what is left."""
    last = tl.maximum((end - begin) // size, 1) - 1
    lo = begin + at * size
    hi = tl.where(at == last, end, lo + size)
    there = (at >= 0) & (at <= last)
    return tl.where(there, lo, 0), tl.where(there, hi, 0)


@triton.jit
def is_cut(begin, end, size):
    """Whether a segment is more than one piece."""
    return end - begin >= 2 * size


def add_parts(
    indptr: Tensor, parts: Tensor, out: Tensor, num_segments: int, num_positions: int, size: int, faults: Tensor
) -> None:
    """Add up the parts of segments that were cut into pieces of so many positions, in order, into their rows of `out`."""
    values, spans = parts.shape[1], num_positions // (2 * size)
    if spans and values:
        blocks = triton.cdiv(values, _VALUES.value)
        _add[(spans * blocks + blocks,)](
            indptr, parts, out, faults, num_segments, num_positions, values, size, blocks, num_warps=4
        )  # fmt: skip


@kernel
def _add(indptr, parts, out, faults, num_segments, num_positions, values, size, blocks):
    # A segment that is cut holds a multiple of twice the size: the program of the first such position adds its parts.
    span = (tl.program_id(0) // blocks).to(tl.int64)
    position = span * 2 * size
    v = (tl.program_id(0) % blocks) * _VALUES + tl.arange(0, _VALUES)
    fits = v < values
    segment = row_of(indptr, num_segments, position)
    begin, end = row_bounds(indptr, segment, num_positions, faults)
    if is_cut(begin, end, size) & (begin <= position) & (position < end) & (begin + 2 * size > position):
        count = (end - begin) // size
        total = tl.zeros((_VALUES,), parts.dtype.element_ty)
        for at in range(0, count, _PARTS):
            part = at + tl.arange(0, _PARTS)
            mask = (part < count)[:, None] & fits[None, :]
            total += tl.sum(
                tl.load(parts + (begin // size + part)[:, None] * values + v[None, :], mask=mask, other=0.0), 0
            )
        tl.store(out + segment * values + v, total, mask=fits)
