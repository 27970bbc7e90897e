"""What layers on a dense matrix check and compute alike."""

import torch
from torch import Tensor

from ...errors import ShapeError, message


def check_matrix(where: str, adjacency: Tensor, x: Tensor, width: int, name: str = "x") -> None:
    """Refuse a matrix and features that do not fit each other or the layer.

    Raises:
        ShapeError: if the matrix has no column for each row of `x`, or `x` another width.
    """
    if adjacency.dim() < 2:
        form = "`adjacency` of shape (*, num_targets, num_sources)"
        raise ShapeError(message(where, form, str(tuple(adjacency.shape)), "a graph goes to the layer without Dense"))
    if x.dim() < 2 or x.shape[-2] != adjacency.shape[-1] or x.shape[-1] != width:
        form = f"`{name}` of shape (*, {adjacency.shape[-1]}, {width})"
        raise ShapeError(message(where, form, str(tuple(x.shape))))


def check_square(where: str, adjacency: Tensor) -> None:
    """Refuse a matrix whose rows and columns are not the same nodes.

    Raises:
        ShapeError: if it is not square.
    """
    if adjacency.shape[-1] != adjacency.shape[-2]:
        got = f"{adjacency.shape[-2]} targets and {adjacency.shape[-1]} sources"
        raise ShapeError(message(where, "a square `adjacency`", got))


def row_factors(adjacency: Tensor, dim: int, power: float) -> Tensor:
    """Powers of the sums of rows (dim -1) or columns (dim -2), of which none is below 1, as a column; float32 at least."""
    total = adjacency.to(torch.promote_types(adjacency.dtype, torch.float32)).sum(dim)
    return total.clamp(min=1).pow(power).to(adjacency.dtype).unsqueeze(-1)
