"""Norms of edge weights with DGL's arguments."""

from __future__ import annotations

from torch import Tensor

from .....errors import check_choice
from ...._graph import DGLGraph
from ..._by_weights import check_positive
from ..._translated import Translated, adjacency_of, flat_weight, translated

NORMS = ("both", "right", "none")


class EdgeWeightNorm(Translated):
    """Weights of edges, divided by sums of the weights of the edges at their ends: `weft.nn.EdgeWeightNorm`.

    *Shapes* `edge_weight: (num_edges,) -> (num_edges,)`

    Args:
        norm: "both", "right" or "none".
        eps: added to the sums.

    Raises:
        OptionError: if the norm does not exist, or in the call, if it is "both" and a weight is not positive.
        ShapeError: in the call, if there is not one weight for each edge.

    >>> import torch, weft.dgl as dgl
    >>> EdgeWeightNorm("right")(dgl.graph(([0, 1], [1, 1])), torch.tensor([1.0, 3.0]))
    tensor([0.2500, 0.7500])
    """

    def __init__(self, norm: str = "both", eps: float = 0.0) -> None:
        check_choice("EdgeWeightNorm", "norm", norm, NORMS)
        super().__init__(translated("EdgeWeightNorm", {"norm": norm, "eps": eps}))

    def forward(self, graph: DGLGraph, edge_weight: Tensor) -> Tensor:
        """Compute the new weights of all edges."""
        adjacency = adjacency_of(graph)
        weight = flat_weight("EdgeWeightNorm", adjacency, edge_weight)
        assert weight is not None, "a weight came in"
        if self._layer.norm == "both":
            check_positive("EdgeWeightNorm", weight)
        return self._layer(adjacency, weight)  # type: ignore[no-any-return]
