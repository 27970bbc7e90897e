"""The gradient of typed linear maps: for each segment, the product of its transposed rows with other rows."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import ShapeError, message
from .._checks import check_same_dtype, expect
from .._operator import operator
from .segment_matmul import check_segments, listed_types, sample_segments, segment_matmul


@operator
def segment_outer(indptr: Tensor, x: Tensor, y: Tensor, order: Tensor | None = None) -> Tensor:
    """Add up the outer products of two rows over each segment.

    `out[t] = sum over p in indptr[t] .. indptr[t + 1] of outer(x[r], y[r])`, where r = order[p], or r = p without `order`

    *Shapes* `indptr: (num_types + 1,)`, int64; `x: (num_rows, in_features)`; `y: (num_rows, out_features)`;
    `order: (num_rows,)`, a permutation -> `(num_types, in_features, out_features)`. An empty segment gets 0.

    Raises:
        ShapeError, DtypeError, DeviceError: if arguments do not fit each other.
        IdError, StructureError: if `order` points outside `x`, or `indptr` does not run from 0 to num_rows in rising steps.

    *Cost* num_rows x in_features x out_features multiplications; partial results of at most 32 MiB, or of one piece a
    segment. float16 and bfloat16 accumulate in float32.

    >>> import torch
    >>> segment_outer(torch.tensor([0, 2, 3]), torch.tensor([[1.0], [2.0], [3.0]]), torch.ones(3, 1)).flatten().tolist()
    [3.0, 3.0]
    """
    listed, types = listed_types("segment_outer", indptr, x, order)
    products = x[listed].unsqueeze(2) * y[listed].unsqueeze(1)
    return x.new_zeros((indptr.shape[0] - 1, x.shape[1], y.shape[1])).index_add(0, types, products)


@segment_outer.outputs
def _(indptr: Tensor, x: Tensor, y: Tensor, order: Tensor | None) -> tuple[Tensor, tuple[int, ...]]:
    name = "segment_outer"
    check_same_dtype(name, x=x, y=y)
    check_segments(name, indptr, order, x)
    if y.dim() != 2:
        raise ShapeError(message(name, "`y` of shape (num_rows, out_features)", str(tuple(y.shape))))
    types, (rows, depth), width = indptr.shape[0] - 1, x.shape, y.shape[1]
    expect(y.shape[0] == rows, lambda: message(name, f"`y` with a row for each of {rows}", str(tuple(y.shape))))
    return x.new_empty((types, depth, width)), (types, rows, depth, width)


segment_outer.native(
    "segment_outer",
    passes="indptr x y order out",
    dims="num_types num_rows depth width",
    value="x",
    ids="order",
)


@segment_outer.backward(of="x y", saves={"x": "y", "y": "x"})
def _(
    grad: Tensor, needs: dict[str, bool], indptr: Tensor, x: Tensor | None, y: Tensor | None, order: Tensor | None
) -> tuple[Tensor | None, Tensor | None]:
    grad_x = grad_y = None
    if needs["x"]:
        assert y is not None, "y is saved when x needs a gradient"
        grad_x = segment_matmul(indptr, y, grad.transpose(1, 2), None, order)
    if needs["y"]:
        assert x is not None, "x is saved when y needs a gradient"
        grad_y = segment_matmul(indptr, x, grad, None, order)
    return grad_x, grad_y


segment_outer.tolerance(1e-5, 1e-12, 2e-2, 2e-3)
segment_outer.triton()


@segment_outer.samples
def _() -> Iterator[tuple[Any, ...]]:
    for indptr, order, rows in sample_segments():
        for depth, width in ((5, 3), (16, 32), (1, 40), (70, 16), (3, 0), (0, 4)):
            yield indptr, torch.randn(rows, depth).double() / 4, torch.randn(rows, width).double(), order
