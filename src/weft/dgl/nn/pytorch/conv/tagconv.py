"""Topology adaptive graph convolution with DGL's arguments."""

from __future__ import annotations

from torch import Tensor

from ...._graph import DGLGraph
from ..._by_weights import with_norm_of
from ..._translated import Activation, Translated, adjacency_of, flat_weight, translated


class TAGConv(Translated):
    """Sum over 0 to k hops over normalised edges, with a linear map for each: `weft.nn.TAGConv`.

    *Shapes* `feat: (num_nodes, in_feats) -> (num_nodes, out_feats)`; `edge_weight: (num_edges,)`

    Raises:
        OptionError: in the call, if a weight is not positive.
        ShapeError: in the call, if features or weights do not fit.

    >>> import torch, weft.dgl as dgl
    >>> layer = TAGConv(4, 2, k=2)
    >>> layer(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4)).shape
    torch.Size([2, 2])
    """

    def __init__(
        self, in_feats: int, out_feats: int, k: int = 2, bias: bool = True, activation: Activation = None
    ) -> None:
        super().__init__(translated("TAGConv", locals(), norm="in"), activation)

    def forward(self, graph: DGLGraph, feat: Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all nodes."""
        adjacency = adjacency_of(graph)
        edge_weight = flat_weight("TAGConv", adjacency, edge_weight)
        return self._activated(with_norm_of(self._layer, edge_weight)(adjacency, feat, edge_weight))
