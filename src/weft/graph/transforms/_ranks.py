"""Rows numbered among those that share something."""

import torch
from torch import Tensor


def ranks(key: Tensor) -> tuple[Tensor, Tensor]:
    """Which of the rows of its key each row is, in the order of rows, and how many there are of that key.

    *Shapes* `key: (num_rows,)` -> `(num_rows,)` twice, int64.

    *Cost* a sort.
    """
    ordered, order = key.sort(stable=True)
    first = torch.searchsorted(ordered, ordered)
    behind = torch.searchsorted(ordered, ordered, right=True)
    place = torch.arange(order.shape[0], device=order.device)
    inverse = torch.empty_like(order).index_copy(0, order, place)
    return (place - first)[inverse], (behind - first)[inverse]
