"""Reversible residual groups around a module that takes a graph of this interface."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from .....errors import OptionError, ShapeError, message
from .....nn.conv.group_rev_res import copies, run_reversibly
from ...._graph import DGLGraph


class GroupRevRes(nn.Module):
    """A residual module for each group of the features, computed again in backward: `weft.nn.GroupRevRes`.

    *Shapes* `x: (num_nodes, num_features) -> (num_nodes, num_features)`, where `groups` divides num_features

    Args:
        gnn_module: called with a graph, the features of a group and what else comes with the call.

    Raises:
        OptionError: if there are fewer than two groups.
        ShapeError: in the call, if the groups do not divide the features.

    >>> import torch, weft.dgl as dgl
    >>> layer = GroupRevRes(dgl.nn.GraphConv(2, 2), groups=2)
    >>> layer(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4)).shape
    torch.Size([2, 4])
    """

    def __init__(self, gnn_module: nn.Module, groups: int = 2) -> None:
        super().__init__()
        if groups < 2:
            raise OptionError(message("GroupRevRes", "`groups` of at least 2", str(groups)))
        self.groups = groups
        self.gnn_modules = copies(gnn_module, groups)

    def forward(self, g: DGLGraph, x: Tensor, *args: Any) -> Tensor:
        """Compute the new features of all nodes."""
        if x.dim() < 2 or x.shape[-1] % self.groups:
            raise ShapeError(message("GroupRevRes", f"{self.groups} groups of features", str(tuple(x.shape))))
        return run_reversibly(list(self.gnn_modules), g, x, args=args)
