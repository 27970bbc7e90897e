"""Search in segments whose rows ascend, on a GPU: one program for a block of values."""

from collections.abc import Sequence

import triton
import triton.language as tl
from torch import Tensor

from .._triton.faults import faults_of
from .._triton.walking import kernel, load_ids, search_steps

_VALUES = 512


def launch(
    made: Sequence[Tensor | None], dims: Sequence[int], indptr: Tensor, x: Tensor, segment: Tensor, value: Tensor
) -> None:
    """Fill `first` and `last`."""
    num_segments, num_rows, count = dims
    if count:
        _search[(triton.cdiv(count, _VALUES),)](
            indptr, x, segment, value, *made, faults_of("segment_search", x.device), num_segments, num_rows, count,
            STEPS=search_steps(num_rows), VALUES=_VALUES,
        )  # fmt: skip


@triton.jit
def _boundary(x, lo, hi, value, RIGHT: tl.constexpr, STEPS: tl.constexpr):
    """The first of the rows lo to hi that is not below a value, or above it with RIGHT; hi if there is none."""
    for _ in range(STEPS):
        apart = lo < hi
        middle = (lo + hi) // 2
        found = tl.load(x + middle, mask=apart, other=0)
        before = found <= value if RIGHT else found < value
        lo = tl.where(apart & before, middle + 1, lo)
        hi = tl.where(apart & (before == 0), middle, hi)
    return lo


@kernel
def _search(
    indptr, x, segment, value, first, last, faults, num_segments, num_rows, count, STEPS: tl.constexpr, VALUES: tl.constexpr
):  # fmt: skip
    at = tl.program_id(0).to(tl.int64) * VALUES + tl.arange(0, VALUES)
    asked = at < count
    place, there = load_ids(segment, at, asked, num_segments, faults)
    lo = tl.load(indptr + place, mask=there, other=0)
    hi = tl.load(indptr + place + 1, mask=there, other=0)
    bad = (lo < 0) | (hi < lo) | (hi > num_rows)
    tl.store(faults + 1 + tl.zeros_like(at), 1, mask=bad)
    lo, hi = tl.where(bad, 0, lo), tl.where(bad, 0, hi)
    wanted = tl.load(value + at, mask=asked, other=0)
    lowest = _boundary(x, lo, hi, wanted, False, STEPS)
    tl.store(first + at, lowest, mask=asked)
    tl.store(last + at, _boundary(x, lowest, hi, wanted, True, STEPS), mask=asked)
