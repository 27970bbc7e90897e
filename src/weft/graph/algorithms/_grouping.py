"""Nodes in groups: what components and communities are."""

from typing import NamedTuple

import torch
from torch import Tensor


class Grouping(NamedTuple):
    """Nodes in groups, which are numbered in the order of their smallest nodes.

    *Shapes* `group: (num_nodes,)`, int64, from 0 to `num_groups - 1`.

    >>> found = Grouping(torch.tensor([0, 0, 1]), 2)
    >>> found.sizes().tolist()
    [2, 1]
    """

    group: Tensor
    num_groups: int

    def sizes(self) -> Tensor:
        """Count the nodes of each group: (num_groups,), int64."""
        return torch.bincount(self.group, minlength=self.num_groups)


def grouped(label: Tensor) -> Grouping:
    """Number groups whose nodes share a label from 0 to num_nodes - 1.

    *Shapes* `label: (num_nodes,)`, int64.
    """
    ids = torch.arange(label.shape[0], device=label.device)
    return grouped_by_smallest(ids.scatter_reduce(0, label, ids, "amin", include_self=False)[label])


def grouped_by_smallest(smallest: Tensor) -> Grouping:
    """Number groups whose nodes know the smallest of them.

    *Shapes* `smallest: (num_nodes,)`, int64.
    """
    number = (smallest == torch.arange(smallest.shape[0], device=smallest.device)).cumsum(0)
    return Grouping(number[smallest] - 1, int(number[-1]) if number.numel() else 0)
