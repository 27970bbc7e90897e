"""Sorting within segments: every column of features for itself, stable."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from .._checks import checked_rows, product
from .._operator import operator
from .._registry import others
from .._segments import VALUES, check_segments, rows_listed, sample_segments


@operator
def segment_sort(
    indptr: Tensor, x: Tensor, order: Tensor | None = None, descending: bool = False
) -> tuple[Tensor, Tensor]:
    """Sort the values of each segment, feature by feature.

    `values[indptr[i] : indptr[i + 1], k] = sorted x[order[p], k] for p in indptr[i] .. indptr[i + 1]`, and
    `values[p, k] = x[index[p, k], k]`

    *Shapes* `indptr: (num_segments + 1,)`, int64; `x: (num_rows, *F)`; `order: (num_rows,)`, a permutation, or None for rows that
    stand in the order of segments -> values and index, int64, `(num_rows, *F)`, in the order of segments.

    Args:
        descending: from high to low. Equal values keep their order either way, and NaN is above everything, as in torch.sort.

    Raises:
        ShapeError, DtypeError, DeviceError: if arguments do not fit each other.
        IdError, StructureError: if `order` points outside `x`, or `indptr` does not run from 0 to num_rows in rising steps.

    *Cost* O(F x rows) for segments of bounded length and, with one pass for each byte of a value, for long ones; reads and writes
    x once, and a long segment once a column. A gradient to `x` is one scatter.

    >>> import torch
    >>> values, index = segment_sort(torch.tensor([0, 3, 5]), torch.tensor([3.0, 1.0, 2.0, 5.0, 4.0]))
    >>> values.tolist(), index.tolist()
    ([1.0, 2.0, 3.0, 4.0, 5.0], [1, 2, 0, 4, 3])
    """
    return sorted_rows("segment_sort", indptr, x, order, descending)


def sorted_rows(name: str, indptr: Tensor, x: Tensor, order: Tensor | None, descending: bool) -> tuple[Tensor, Tensor]:
    """Values and rows of each segment in order, for the references of operators that sort."""
    listed = rows_listed(name, x, order)
    segment = checked_rows(name, "indptr", indptr, x.shape[0])
    by_value = torch.argsort(x[listed], dim=0, stable=True, descending=descending)
    by_segment = torch.argsort(segment[by_value], dim=0, stable=True)
    index = listed[by_value.gather(0, by_segment)]
    return x.gather(0, index), index


@segment_sort.outputs
def _(indptr: Tensor, x: Tensor, order: Tensor | None, descending: bool) -> tuple[Any, tuple[int, ...]]:
    segments, rows, features = check_segments("segment_sort", indptr, x, order)
    made = (x.new_empty((rows, *features)), x.new_empty((rows, *features), dtype=torch.int64))
    return made, (segments, rows, product(features), int(descending))


segment_sort.native(
    "segment_sort",
    passes="indptr x order values index",
    dims="num_segments num_rows features descending",
    value="x",
    ids="order",
    dtypes=VALUES,
)
segment_sort.autocast = "none"


@segment_sort.backward(of="x", saves={"index": ""}, outputs="values index")
def _(grads: tuple[Tensor, Tensor | None], needs: dict[str, bool], x_shape: torch.Size, index: Tensor) -> tuple[Tensor]:
    return (others.place_values(index, grads[0], x_shape[0]),)  # every row stands once in every column


segment_sort.tolerance(1e-5, 1e-12, 2e-2, 2e-3)
segment_sort.vendor()


@segment_sort.samples
def _() -> Iterator[tuple[Any, ...]]:
    for indptr, x, order in sample_segments((5,), (), (2, 17)):
        for descending in (False, True):
            yield indptr, x, order, descending
    lengths = torch.tensor([300, 0, 2000, 1])
    indptr = torch.cat((torch.zeros(1, dtype=torch.int64), lengths.cumsum(0)))
    x = (torch.randn(2301, 2, dtype=torch.float64) * 8).round() / 8
    yield indptr, x, torch.randperm(2301), False
    yield indptr, x, None, True
