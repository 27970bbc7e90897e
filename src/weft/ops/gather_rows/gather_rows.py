"""Rows by id, checked, with a gradient that adds in a fixed order."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import DtypeError, ShapeError, message
from .._checks import IDS, check_rank, checked_ids, product
from .._operator import FLOATS, operator
from .._registry import others

_DTYPES = (*FLOATS, torch.int8, torch.uint8, torch.bool, torch.int16, torch.int32, torch.int64)


@operator
def gather_rows(x: Tensor, index: Tensor) -> Tensor:
    """Take rows by id.

    `out[r] = x[index[r]]`

    *Shapes* `x: (num_rows, *F)`, any dtype; `index: (count,)`, int32 or int64 -> `(count, *F)`.

    Raises:
        IdError: if an id is negative or not below num_rows.
        ShapeError, DtypeError, DeviceError: if arguments do not fit each other.

    *Cost* reads and writes count x F; backward sorts the ids and adds rows in the order of `index`.

    >>> import torch
    >>> gather_rows(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2, 0, 2]))
    tensor([3., 1., 3.])
    """
    return x[checked_ids("gather_rows", "index", index, x.shape[0], "rows in `x`")]


@gather_rows.outputs
def _(x: Tensor, index: Tensor) -> tuple[Tensor, tuple[int, ...]]:
    check_rank("gather_rows", "x", x, "(num_rows, *features)")
    if index.dtype not in IDS:
        raise DtypeError(message("gather_rows", "`index` of int32 or int64", str(index.dtype)))
    if index.dim() != 1:
        raise ShapeError(message("gather_rows", "one-dimensional `index`", str(tuple(index.shape))))
    features = x.shape[1:]
    return x.new_empty((index.shape[0], *features)), (x.shape[0], index.shape[0], product(features) * x.element_size())


gather_rows.native(
    "gather_rows", passes="x index out", dims="num_rows count row_bytes", value="x", ids="index", dtypes=_DTYPES
)
gather_rows.autocast = "none"


@gather_rows.backward(of="x", saves={})
def _(grad: Tensor, needs: dict[str, bool], x_shape: torch.Size, index: Tensor) -> tuple[Tensor]:
    indptr, _, order = others.coo_to_csc(index, index, x_shape[0])
    return (others.segment_reduce(indptr, grad, order),)


gather_rows.tolerance(1e-5, 1e-12, 2e-2, 2e-3)  # of the sums in backward
gather_rows.triton()


@gather_rows.samples
def _() -> Iterator[tuple[Any, ...]]:
    for rows, count, features, dtype in (
        (5, 9, (3,), torch.int64),
        (1, 4, (), torch.int32),
        (40, 7, (2, 33), torch.int32),
        (4, 0, (5,), torch.int64),
    ):
        generator = torch.Generator().manual_seed(rows)
        index = torch.randint(rows, (count,), generator=generator).to(dtype)
        yield torch.randn(rows, *features, dtype=torch.float64, generator=generator), index
