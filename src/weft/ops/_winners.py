"""Which edge gives the highest or lowest value of its target, for references in plain torch."""

import torch
from torch import Tensor


def winners(messages: Tensor, target: Tensor, n: int, reduce: str) -> Tensor:
    """Lowest position of the best message of each target, NaN before everything; -1 without edges.

    *Shapes* `messages: (num_edges, *F)`, `target: (num_edges,)` -> `(n, *F)`, int64
    """
    index = target.reshape(-1, *(1,) * (messages.dim() - 1)).expand_as(messages)
    shape = (n, *messages.shape[1:])
    best = messages.new_zeros(shape).scatter_reduce(0, index, messages, f"a{reduce}", include_self=False)
    found = best.gather(0, index)
    wins = (messages == found) | messages.isnan()
    position = (
        torch.arange(messages.shape[0], device=messages.device)
        .reshape(-1, *(1,) * (messages.dim() - 1))
        .expand_as(messages)
    )
    none = messages.shape[0]
    first = torch.full(shape, none, device=messages.device).scatter_reduce(0, index, position.where(wins, none), "amin")
    return first.where(first < none, -1)
