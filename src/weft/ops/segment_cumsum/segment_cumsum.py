"""Cumulative sums that begin anew with every segment."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from .._checks import product
from .._compressed import rows_of
from .._operator import operator
from .._segments import VALUES, check_segments, rows_listed, sample_segments


@operator
def segment_cumsum(indptr: Tensor, x: Tensor, order: Tensor | None = None, reverse: bool = False) -> Tensor:
    """Add up the rows of each segment and keep every sum on the way.

    `out[order[p]] = sum over q in indptr[i] .. p + 1 of x[order[q]]` for p in segment i, or from p to the end with `reverse`

    *Shapes* `indptr: (num_segments + 1,)`, int64; `x: (num_rows, *F)`; `order: (num_rows,)`, a permutation, or None for rows that
    stand in the order of segments -> `(num_rows, *F)`, in the dtype and the order of the rows of `x`.

    Raises:
        ShapeError, DtypeError, DeviceError: if arguments do not fit each other.
        IdError, StructureError: if `order` points outside `x`, or `indptr` does not run from 0 to num_rows in rising steps.

    *Cost* reads and writes x once, and reads long segments twice. float16 and bfloat16 accumulate in float32.

    >>> import torch
    >>> segment_cumsum(torch.tensor([0, 3, 5]), torch.tensor([1, 2, 3, 4, 5]))
    tensor([1, 3, 6, 4, 9])
    """
    listed = rows_listed("segment_cumsum", x, order)
    rows = x[listed].flip(0) if reverse else x[listed]
    segment = rows_of(indptr, x)
    segment = segment.flip(0) if reverse else segment
    total = rows.cumsum(0, dtype=x.dtype)
    # What had come together before the segment: the total behind the last row of another one.
    first = torch.searchsorted(-segment if reverse else segment, -segment if reverse else segment)
    total = total - torch.cat((total.new_zeros((1, *x.shape[1:])), total))[first]
    total = total.flip(0) if reverse else total
    return torch.empty_like(total).index_copy(0, listed, total)


@segment_cumsum.outputs
def _(indptr: Tensor, x: Tensor, order: Tensor | None, reverse: bool) -> tuple[Tensor, tuple[int, ...]]:
    segments, rows, features = check_segments("segment_cumsum", indptr, x, order)
    return x.new_empty((rows, *features)), (segments, rows, product(features), int(reverse))


segment_cumsum.native(
    "segment_cumsum",
    passes="indptr x order out",
    dims="num_segments num_rows features reverse",
    value="x",
    ids="order",
    dtypes=VALUES,
)


@segment_cumsum.backward(of="x", saves={})
def _(grad: Tensor, needs: dict[str, bool], indptr: Tensor, order: Tensor | None, reverse: bool) -> tuple[Tensor]:
    return (segment_cumsum(indptr, grad, order, not reverse),)


segment_cumsum.tolerance(1e-5, 1e-12, 2e-2, 2e-3)
segment_cumsum.triton()


@segment_cumsum.samples
def _() -> Iterator[tuple[Any, ...]]:
    for indptr, x, order in sample_segments((5,), (), (2, 17)):
        for reverse in (False, True):
            yield indptr, x, order, reverse
