"""Softmax over the rows of each segment."""

from collections.abc import Iterator
from typing import Any

from torch import Tensor

from .._checks import product
from .._operator import operator
from .._registry import others
from .._segments import as_structure, check_float, check_segments, rows_listed, sample_segments
from ..edge_softmax.edge_softmax import edge_softmax


@operator
def segment_softmax(indptr: Tensor, x: Tensor, order: Tensor | None = None) -> Tensor:
    """Take the softmax over the rows of each segment, feature by feature.

    `out[r, k] = exp(x[r, k]) / sum of exp(x[q, k]) over the rows q of the segment of r`

    *Shapes* `indptr: (num_segments + 1,)`, int64; `x: (num_rows, *F)`; `order: (num_rows,)`, a permutation, or None for rows that
    stand in the order of segments -> `(num_rows, *F)`, in the order of the rows of `x`.

    Raises:
        ShapeError, DtypeError, DeviceError: if arguments do not fit each other.
        IdError, StructureError: if `order` points outside `x`, or `indptr` does not run from 0 to num_rows in rising steps.

    *Cost* reads x twice, writes it once. Backward saves only the result. Stable: the highest value of a segment is subtracted.

    >>> import torch
    >>> segment_softmax(torch.tensor([0, 2, 3]), torch.tensor([0.0, 0.0, 5.0]))
    tensor([0.5000, 0.5000, 1.0000])
    """
    listed = None if order is None else rows_listed("segment_softmax", x, order).to(order.dtype)
    return edge_softmax.reference(as_structure(indptr, x.shape[0], listed), x)


@segment_softmax.outputs
def _(indptr: Tensor, x: Tensor, order: Tensor | None) -> tuple[Tensor, tuple[int, ...]]:
    segments, rows, features = check_segments("segment_softmax", indptr, x, order)
    check_float("segment_softmax", x, "a softmax")
    return x.new_empty((rows, *features)), (segments, rows, product(features))


segment_softmax.native(
    "segment_softmax", passes="indptr x order out", dims="num_segments num_rows features", value="x", ids="order"
)
segment_softmax.autocast = "float32"


@segment_softmax.backward(of="x", saves={"out": ""})
def _(grad: Tensor, needs: dict[str, bool], indptr: Tensor, order: Tensor | None, out: Tensor) -> tuple[Tensor]:
    return (others.edge_softmax_backward(as_structure(indptr, out.shape[0], order), out, grad),)


segment_softmax.tolerance(1e-5, 1e-12, 2e-2, 2e-3)
segment_softmax.triton()


@segment_softmax.samples
def _() -> Iterator[tuple[Any, ...]]:
    for indptr, x, order in sample_segments((5,), (), (2, 4)):
        yield indptr, 3 * x, order
