"""Values at the rows they came from, on a GPU: one program for a block of values."""

from collections.abc import Sequence

import triton
import triton.language as tl
from torch import Tensor

from .._triton.faults import faults_of
from .._triton.walking import kernel

_VALUES = 1024


def launch(made: Sequence[Tensor | None], dims: Sequence[int], index: Tensor, values: Tensor, num_rows: int) -> None:
    """Fill `out`."""
    made[0].zero_()
    if values.numel():
        grid, width = (triton.cdiv(values.numel(), _VALUES),), values.numel() // values.shape[0]
        faults = faults_of("place_values", values.device)
        _place[grid](index, values, made[0], faults, num_rows, values.numel(), width, VALUES=_VALUES)


@kernel
def _place(index, values, out, faults, num_rows, count, width, VALUES: tl.constexpr):
    at = tl.program_id(0).to(tl.int64) * VALUES + tl.arange(0, VALUES)
    there = at < count
    row = tl.load(index + at, mask=there, other=-1).to(tl.int64)
    fits = (row >= 0) & (row < num_rows)
    tl.store(faults + tl.zeros_like(at), 1, mask=there & (fits == 0) & (row != -1))
    tl.store(out + row * width + at % width, tl.load(values + at, mask=there), mask=there & fits)
