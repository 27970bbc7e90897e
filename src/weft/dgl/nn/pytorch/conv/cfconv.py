"""Continuous-filter convolution with DGL's arguments."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from .....nn.conv.cf_conv import ShiftedSoftplus as ShiftedSoftplus
from ...._graph import DGLGraph
from ..._translated import Translated, adjacency_of, translated


class CFConv(Translated):
    """The sum of the neighbours, each times a filter that a network makes of its edge: `weft.nn.CFConv`.

    *Shapes* `node_feats: (num_nodes, node_in_feats) -> (num_nodes, out_feats)`, of a pair only the first is read;
    `edge_feats: (num_edges, edge_in_feats)`.

    Args:
        hidden_feats: width of the filters.

    Raises:
        ShapeError: in the call, if features do not fit.

    >>> import torch, weft.dgl as dgl
    >>> layer = CFConv(4, 3, 5, 2)
    >>> layer(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4), torch.ones(2, 3)).shape
    torch.Size([2, 2])
    """

    def __init__(self, node_in_feats: int, edge_in_feats: int, hidden_feats: int, out_feats: int) -> None:
        super().__init__(translated("CFConv", locals()))

    def forward(self, g: DGLGraph, node_feats: Any, edge_feats: Tensor) -> Tensor:
        """Compute the new features of all targets."""
        return self._layer(adjacency_of(g), node_feats, edge_features=edge_feats)  # type: ignore[no-any-return]
