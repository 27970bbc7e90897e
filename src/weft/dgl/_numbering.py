"""Ids numbered in the order in which they first appear."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def first_places(ids: Tensor, count: int) -> Tensor:
    """Where each node stands among chosen ones for the first time, -1 where it does not."""
    rank = torch.arange(ids.shape[0], device=ids.device)
    found = torch.full((count,), ids.shape[0], device=ids.device)
    found = found.scatter_reduce(0, ids, rank, "amin")
    return found.masked_fill(found == ids.shape[0], -1)


def by_appearance(parts: Sequence[Tensor], count: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Number ids in the order in which they first appear.

    *Shapes* -> the distinct ids, `(num_distinct,)`, and the number of each of `count` ids, -1 if it does not appear,
    `(count,)`; both int64.
    """
    ids = torch.cat([part.long() for part in parts]) if parts else torch.empty(0, dtype=torch.int64, device=device)
    kept = ids[first_places(ids, count)[ids] == torch.arange(ids.shape[0], device=device)]
    numbers = torch.full((count,), -1, device=device)
    return kept, numbers.index_copy_(0, kept, torch.arange(kept.shape[0], device=device))
