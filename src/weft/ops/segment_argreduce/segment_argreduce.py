"""The row that gives the highest or lowest value of each segment."""

from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor

from ...errors import check_choice
from .._checks import product
from .._compressed import rows_of
from .._operator import operator
from .._segments import VALUES, check_segments, rows_listed, sample_segments
from .._winners import winners
from ..segment_reduce.segment_reduce import REDUCERS

Select = Literal["max", "min"]


@operator
def segment_argreduce(indptr: Tensor, x: Tensor, order: Tensor | None = None, reduce: Select = "max") -> Tensor:
    """Find the row of the highest or lowest value of each segment, feature by feature.

    `x[out[i, k], k] = max over p in indptr[i] .. indptr[i + 1] of x[order[p], k]`

    *Shapes* `indptr: (num_segments + 1,)`, int64; `x: (num_rows, *F)`; `order: (num_rows,)`, a permutation, or None for rows that
    stand in the order of segments -> `(num_segments, *F)`, int64; -1 for a segment without rows.

    Args:
        reduce: of equal values the first in the segment wins, and a NaN wins over everything.

    Raises:
        ShapeError, DtypeError, DeviceError, OptionError: if arguments do not fit each other.
        IdError, StructureError: if `order` points outside `x`, or `indptr` does not run from 0 to num_rows in rising steps.

    *Cost* reads each row once.

    >>> import torch
    >>> segment_argreduce(torch.tensor([0, 3, 3]), torch.tensor([1.0, 2.0, 2.0]))
    tensor([ 1, -1])
    """
    listed = rows_listed("segment_argreduce", x, order)
    position = winners(x[listed], rows_of(indptr, x), indptr.shape[0] - 1, reduce)
    return torch.cat((listed, listed.new_full((1,), -1)))[position]  # position -1 is the last


@segment_argreduce.outputs
def _(indptr: Tensor, x: Tensor, order: Tensor | None, reduce: Select) -> tuple[Tensor, tuple[int, ...]]:
    check_choice("segment_argreduce", "reduce", reduce, ("max", "min"))
    segments, rows, features = check_segments("segment_argreduce", indptr, x, order)
    out = x.new_empty((segments, *features), dtype=torch.int64)
    return out, (segments, rows, product(features), REDUCERS.index(reduce))


segment_argreduce.native(
    "segment_argreduce",
    passes="indptr x order out",
    dims="num_segments num_rows features reduce",
    value="x",
    ids="order",
    dtypes=VALUES,
)
segment_argreduce.autocast = "none"
segment_argreduce.tolerance(0.0, 0.0, 0.0, 0.0)
segment_argreduce.triton()


@segment_argreduce.samples
def _() -> Iterator[tuple[Tensor, Tensor, Tensor | None, Select]]:
    for indptr, x, order in sample_segments((5,), (), (3, 17), (90,)):
        yield indptr, x, order, "max"
        yield indptr, x, order, "min"


def segment_argmax(indptr: Tensor, x: Tensor, order: Tensor | None = None) -> Tensor:
    """Find the row of the highest value of each segment: `segment_argreduce` with "max".

    >>> import torch
    >>> segment_argmax(torch.tensor([0, 2, 3]), torch.tensor([1, 4, 2]))
    tensor([1, 2])
    """
    return segment_argreduce(indptr, x, order, "max")


def segment_argmin(indptr: Tensor, x: Tensor, order: Tensor | None = None) -> Tensor:
    """Find the row of the lowest value of each segment: `segment_argreduce` with "min".

    >>> import torch
    >>> segment_argmin(torch.tensor([0, 2, 3]), torch.tensor([1, 4, 2]))
    tensor([0, 2])
    """
    return segment_argreduce(indptr, x, order, "min")
