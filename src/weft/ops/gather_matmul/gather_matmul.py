"""Typed linear map of rows in any order: each row times the matrix of its type."""

from torch import Tensor

from ...errors import IdError, OptionError, message
from .._checks import checked_ids
from .._registry import others


def type_order(type: Tensor, num_types: int) -> tuple[Tensor, Tensor]:  # noqa: A002
    """Sort rows by type, stably.

    *Shapes* `type: (num_rows,)`, int32 or int64 -> `indptr: (num_types + 1,)`, int64, and `order: (num_rows,)`, the row at each
    position.

    Raises:
        IdError: if a type is negative or not below `num_types`.

    *Cost* a counting sort.

    >>> import torch
    >>> indptr, order = type_order(torch.tensor([1, 0, 1]), 2)
    >>> indptr.tolist(), order.tolist()
    ([0, 1, 3], [1, 0, 2])
    """
    try:
        indptr, _, order = others.coo_to_csc(type, type, num_types)
    except IdError:
        checked_ids("type_order", "type", type, num_types, "types")  # says the same in this function's words
        raise
    return indptr, order


def gather_matmul(
    x: Tensor,
    weight: Tensor,
    type: Tensor | None = None,  # noqa: A002
    *,
    bias: Tensor | None = None,
    order: tuple[Tensor, Tensor] | None = None,
) -> Tensor:
    """Multiply each row by the matrix of its type.

    `out[r] = x[r] @ weight[type[r]] + bias[type[r]]`

    *Shapes* `x: (num_rows, in_features)`; `weight: (num_types, in_features, out_features)`; `bias: (num_types, out_features)`;
    `type: (num_rows,)`, int32 or int64 -> `(num_rows, out_features)`.

    Args:
        order: what `type_order` gave for these types, if it is kept for many calls; `type` is then not read.

    Raises:
        IdError: if a type is negative or not below num_types.
        ShapeError, DtypeError, DeviceError, OptionError: if arguments do not fit each other.

    *Cost* that of `segment_matmul`, which reads and writes the rows where they lie, and a counting sort of the types.

    >>> import torch
    >>> x, weight = torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([[[10.0]], [[100.0]]])
    >>> gather_matmul(x, weight, torch.tensor([1, 0, 1])).flatten().tolist()
    [100.0, 20.0, 300.0]
    """
    if order is None:
        if type is None:
            raise OptionError(message("gather_matmul", "`type` or `order`", "neither"))
        order = type_order(type, weight.shape[0])
    indptr, listed = order
    return others.segment_matmul(indptr, x, weight, bias, listed)  # type: ignore[no-any-return]
