"""Typed linear map: rows in consecutive segments, one a type, each times the matrix of its type."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import DtypeError, ShapeError, StructureError, message
from .._checks import IDS, check_same_dtype, checked_ids, expect
from .._operator import operator
from .._registry import others
from .._structure import Structure


@operator
def segment_matmul(
    indptr: Tensor, x: Tensor, weight: Tensor, bias: Tensor | None = None, order: Tensor | None = None
) -> Tensor:
    """Multiply each segment of rows by the matrix of its type.

    `out[r] = x[r] @ weight[t] + bias[t]` for p in indptr[t] .. indptr[t + 1], where r = order[p], or r = p without `order`

    *Shapes* `indptr: (num_types + 1,)`, int64; `x: (num_rows, in_features)`; `weight: (num_types, in_features, out_features)`;
    `bias: (num_types, out_features)`; `order: (num_rows,)`, a permutation -> `(num_rows, out_features)`.

    Raises:
        ShapeError, DtypeError, DeviceError: if arguments do not fit each other.
        IdError, StructureError: if `order` points outside `x`, or `indptr` does not run from 0 to num_rows in rising steps.

    *Cost* num_rows x in_features x out_features multiplications; reads `x` and writes the result once, whatever the order;
    copies `weight` if its rows are long. The gradient to `x` copies it, transposed. float16 and bfloat16 accumulate in float32.

    >>> import torch
    >>> x, weight = torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([[[10.0]], [[100.0]]])
    >>> segment_matmul(torch.tensor([0, 2, 3]), x, weight).flatten().tolist()
    [10.0, 20.0, 300.0]
    """
    listed, types = listed_types("segment_matmul", indptr, x, order)
    out = torch.bmm(x[listed].unsqueeze(1), weight[types]).squeeze(1)
    if bias is not None:
        out = out + bias[types]
    return torch.empty_like(out).index_copy(0, listed, out)


def listed_types(name: str, indptr: Tensor, x: Tensor, order: Tensor | None) -> tuple[Tensor, Tensor]:
    """For references: the row of `x` at each position, and its type."""
    positions = torch.arange(x.shape[0], device=x.device)
    listed = positions if order is None else checked_ids(name, "order", order, x.shape[0], "rows in `x`")
    return listed, Structure(indptr, positions).targets()


def check_segments(name: str, indptr: Tensor, order: Tensor | None, x: Tensor) -> None:
    """Refuse pointers and an order that do not describe the rows of `x`."""
    if indptr.dtype is not torch.int64 or (order is not None and order.dtype not in IDS):
        got = f"{indptr.dtype} and {None if order is None else order.dtype}"
        raise DtypeError(message(name, "int64 `indptr`, and `order` int32, int64 or None", got))
    if indptr.dim() != 1 or indptr.shape[0] == 0 or (order is not None and order.dim() != 1):
        form = "`indptr` of shape (num_types + 1,) and `order` of shape (num_rows,)"
        raise StructureError(message(name, form, str(tuple(indptr.shape))))
    if x.dim() != 2:
        raise ShapeError(message(name, "`x` of shape (num_rows, in_features)", str(tuple(x.shape))))
    if order is not None:
        expect(
            order.shape[0] == x.shape[0],
            lambda: message(name, f"`order` to list all {x.shape[0]} rows of `x`", str(tuple(order.shape))),
        )


def check_weight(name: str, weight: Tensor, num_types: int, depth: int) -> None:
    """Refuse matrices that are not one for each type, or do not fit the rows."""
    if weight.dim() != 3:
        form = "`weight` of shape (num_types, in_features, out_features)"
        raise ShapeError(message(name, form, str(tuple(weight.shape))))
    expect(
        weight.shape[0] == num_types and weight.shape[1] == depth,
        lambda: message(name, f"`weight` of shape ({num_types}, {depth}, out_features)", str(tuple(weight.shape))),
    )


@segment_matmul.outputs
def _(
    indptr: Tensor, x: Tensor, weight: Tensor, bias: Tensor | None, order: Tensor | None
) -> tuple[Tensor, tuple[int, ...]]:
    name = "segment_matmul"
    check_same_dtype(name, x=x, weight=weight, bias=bias)
    check_segments(name, indptr, order, x)
    types, (rows, depth) = indptr.shape[0] - 1, x.shape
    check_weight(name, weight, types, depth)
    width = weight.shape[2]
    if bias is not None:
        expect(
            bias.dim() == 2 and bias.shape[0] == types and bias.shape[1] == width,
            lambda: message(name, f"`bias` of shape ({types}, {width})", str(tuple(bias.shape))),
        )
    return x.new_empty((rows, width)), (types, rows, depth, width)


segment_matmul.native(
    "segment_matmul",
    passes="indptr x weight bias order out",
    dims="num_types num_rows depth width",
    value="x",
    ids="order",
)


@segment_matmul.backward(of="x weight bias", saves={"x": "weight", "weight": "x"})
def _(
    grad: Tensor, needs: dict[str, bool], indptr: Tensor, x: Tensor | None, weight: Tensor | None, order: Tensor | None
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    grad_x = grad_weight = None
    if needs["x"]:
        assert weight is not None, "weight is saved when x needs a gradient"
        grad_x = segment_matmul(indptr, grad, weight.transpose(1, 2), None, order)
    if needs["weight"]:
        assert x is not None, "x is saved when weight needs a gradient"
        grad_weight = others.segment_outer(indptr, x, grad, order)
    return grad_x, grad_weight, others.segment_reduce(indptr, grad, order) if needs["bias"] else None


segment_matmul.tolerance(1e-5, 1e-12, 2e-2, 2e-3)
segment_matmul.triton()


def sample_segments() -> Iterator[tuple[Tensor, Tensor | None, int]]:
    """(indptr, order, number of rows): none, empty segments, one that holds all, orders of both id dtypes."""
    for lengths, dtype in (
        ((3, 0, 17, 1), None),
        ((9, 0, 0, 14), torch.int32),
        ((), None),
        ((0, 0), torch.int64),
        ((0, 21), torch.int64),
    ):
        indptr = torch.tensor([0, *lengths]).cumsum(0)
        rows = sum(lengths)
        yield indptr, None if dtype is None else torch.randperm(rows).to(dtype), rows


@segment_matmul.samples
def _() -> Iterator[tuple[Any, ...]]:
    for indptr, order, rows in sample_segments():
        types = indptr.shape[0] - 1
        for depth, width in ((5, 3), (16, 32), (1, 40), (37, 16), (3, 0), (0, 4)):
            x, weight = torch.randn(rows, depth).double(), torch.randn(types, depth, width).double() / max(depth, 1)
            yield indptr, x, weight, torch.randn(types, width).double() if depth % 2 else None, order
