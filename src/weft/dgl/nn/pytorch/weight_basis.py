"""Matrices mixed from a few, with DGL's arguments."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class WeightBasis(nn.Module):
    """Weights that are sums of a few shared ones, `weight[o] = sum over b of w_comp[o, b] * weight_b`.

    *Shapes* -> `(num_outputs, *shape)`

    Args:
        shape: of one weight.
        num_bases: how many are shared; if not fewer than `num_outputs`, each weight is its own.

    >>> WeightBasis((4, 2), num_bases=2, num_outputs=5)().shape
    torch.Size([5, 4, 2])
    """

    def __init__(self, shape: Sequence[int], num_bases: int, num_outputs: int) -> None:
        super().__init__()
        self.shape, self.num_bases, self.num_outputs = tuple(shape), num_bases, num_outputs
        self.weight = nn.Parameter(torch.empty(num_bases, *self.shape))
        nn.init.xavier_uniform_(self.weight, gain=nn.init.calculate_gain("relu"))
        if num_bases < num_outputs:
            self.w_comp = nn.Parameter(torch.empty(num_outputs, num_bases))
            nn.init.xavier_uniform_(self.w_comp, gain=nn.init.calculate_gain("relu"))

    def forward(self) -> Tensor:
        """Mix the weights."""
        if self.num_bases >= self.num_outputs:
            return self.weight
        mixed: Tensor = torch.tensordot(self.w_comp, self.weight, 1)
        return mixed
