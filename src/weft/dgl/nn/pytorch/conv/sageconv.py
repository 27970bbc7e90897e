"""GraphSAGE with DGL's arguments."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from .....errors import check_choice
from ...._graph import DGLGraph
from ..._translated import Activation, Translated, adjacency_of, both_ends, flat_weight, translated

AGGREGATORS = ("mean", "gcn", "pool", "lstm")


class SAGEConv(Translated):
    """A node's own features beside an aggregate of its neighbours': `weft.nn.SAGEConv`.

    *Shapes* `feat: (num_nodes, in_feats) -> (num_nodes, out_feats)`, or a pair for sources and targets; of a block also a row
    for each source; `edge_weight: (num_edges,)`.

    Args:
        in_feats: one width, or a pair for sources and targets.
        aggregator_type: "mean", "gcn", "pool" or "lstm", which reads neighbours in the order of edge ids.
        norm: applied to the result, after the activation.

    Raises:
        OptionError: if the aggregator does not exist.
        ShapeError: in the call, if features or weights do not fit.

    >>> import torch, weft.dgl as dgl
    >>> layer = SAGEConv(4, 2, "mean")
    >>> layer(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4)).shape
    torch.Size([2, 2])
    """

    def __init__(
        self,
        in_feats: int | tuple[int, int],
        out_feats: int,
        aggregator_type: str,
        feat_drop: float = 0.0,
        bias: bool = True,
        norm: Activation = None,
        activation: Activation = None,
    ) -> None:
        check_choice("SAGEConv", "aggregator_type", aggregator_type, AGGREGATORS)
        super().__init__(translated("SAGEConv", locals()), activation)
        self.feat_drop = nn.Dropout(feat_drop)
        self.norm = norm

    def forward(self, graph: DGLGraph, feat: Any, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all targets."""
        adjacency = adjacency_of(graph)
        edge_weight = flat_weight("SAGEConv", adjacency, edge_weight)
        out = self._activated(self._layer(adjacency, both_ends(graph, feat, self.feat_drop), edge_weight))
        return out if self.norm is None else self.norm(out)
