"""Values at the rows they came from, the gradient of everything that selects."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import DtypeError, ShapeError, message
from .._checks import IDS, check_rank, checked_ids, expect, product
from .._operator import operator


@operator
def place_values(index: Tensor, values: Tensor, num_rows: int) -> Tensor:
    """Put every value into the row that it names, in its own column.

    `out[index[r, k], k] = values[r, k]`, and 0 where nothing is put

    *Shapes* `index: (count, *F)`, int32 or int64, -1 for nowhere; `values: (count, *F)` -> `(num_rows, *F)`. A place is named
    once at most: of two values there, either may stay.

    Raises:
        IdError: if an id is below -1 or not below num_rows.
        ShapeError, DtypeError, DeviceError: if arguments do not fit each other.

    *Cost* reads count x F, writes num_rows x F.

    >>> import torch
    >>> place_values(torch.tensor([[2, -1], [0, 0]]), torch.tensor([[1.0, 2.0], [3.0, 4.0]]), 3)
    tensor([[3., 4.],
            [0., 0.],
            [1., 0.]])
    """
    rows = checked_ids("place_values", "index", index + 1, num_rows + 1, "rows, counting nowhere as the first")
    return values.new_zeros((num_rows + 1, *values.shape[1:])).scatter(0, rows, values)[1:]


@place_values.outputs
def _(index: Tensor, values: Tensor, num_rows: int) -> tuple[Tensor, tuple[int, ...]]:
    check_rank("place_values", "values", values, "(count, *features)")
    if index.dtype not in IDS:
        raise DtypeError(message("place_values", "`index` of int32 or int64", str(index.dtype)))
    if index.dim() != values.dim():
        raise ShapeError(message("place_values", f"`index` {tuple(values.shape)}", str(tuple(index.shape))))
    fits = index.shape == values.shape
    expect(fits, lambda: message("place_values", f"`index` {tuple(values.shape)}", str(tuple(index.shape))))
    dims = num_rows, values.shape[0], product(values.shape[1:])
    return values.new_empty((num_rows, *values.shape[1:])), dims


place_values.native(
    "place_values", passes="index values out", dims="num_rows count features", value="values", ids="index"
)
place_values.autocast = "none"


@place_values.backward(of="values", saves={})
def _(grad: Tensor, needs: dict[str, bool], index: Tensor) -> tuple[Tensor]:
    padded = torch.cat((grad.new_zeros((1, *grad.shape[1:])), grad))
    return (padded.gather(0, index.long() + 1),)


place_values.tolerance(1e-5, 1e-12, 2e-2, 2e-3)  # it moves values: what differs is the gradient that tests draw
place_values.triton()


@place_values.samples
def _() -> Iterator[tuple[Any, ...]]:
    for count, num_rows, features, dtype in (
        (3, 7, (4,), torch.int64), (9, 4, (), torch.int32), (5, 5, (2, 17), torch.int32), (0, 3, (2,), torch.int64),
        (2, 0, (3,), torch.int64), (400, 900, (130,), torch.int32),
    ):  # fmt: skip
        generator = torch.Generator().manual_seed(count)
        size = max(count, num_rows)
        order = torch.rand(size, *features, generator=generator).argsort(0)[:count]
        index = order.where(order < num_rows, -1).to(dtype)
        yield index, torch.randn(count, *features, dtype=torch.float64, generator=generator), num_rows
