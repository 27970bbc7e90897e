"""Personalized propagation with DGL's arguments."""

from __future__ import annotations

from torch import Tensor

from ...._graph import DGLGraph
from ..._by_weights import check_positive
from ..._translated import Translated, adjacency_of, flat_weight, translated


class APPNPConv(Translated):
    """Features sent k times over normalised edges, each time mixed with what they were at first: `weft.nn.APPNPConv`.

    *Shapes* `feat: (num_nodes, *)` -> the same; `edge_weight: (num_edges,)`

    Args:
        edge_drop: probability of dropping an edge in training, drawn for every hop.

    Raises:
        OptionError: if a probability is none, or in the call, if a weight is not positive.
        ShapeError: in the call, if features or weights do not fit.

    >>> import torch, weft.dgl as dgl
    >>> APPNPConv(k=3, alpha=0.5)(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4)).shape
    torch.Size([2, 4])
    """

    def __init__(self, k: int, alpha: float, edge_drop: float = 0.0) -> None:
        super().__init__(translated("APPNPConv", {"k": k, "alpha": alpha, "edge_drop": edge_drop}))

    def forward(self, graph: DGLGraph, feat: Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all nodes."""
        adjacency = adjacency_of(graph)
        edge_weight = flat_weight("APPNPConv", adjacency, edge_weight)
        if edge_weight is not None:
            check_positive("APPNPConv", edge_weight)
        return self._layer(adjacency, feat, edge_weight)  # type: ignore[no-any-return]
