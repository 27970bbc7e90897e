"""Graph attention that also makes new features of edges, with DGL's arguments."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from ...._graph import DGLGraph
from ...._pairs import expand_as_pair
from ..._translated import Translated, adjacency_of, flat_weight, translated


class EGATConv(Translated):
    """New features of edges, and a sum of the neighbours weighted by attention over them: `weft.nn.EGATConv`.

    *Shapes* `nfeats: (num_nodes, in_node_feats)`, `efeats: (num_edges, in_edge_feats) -> (num_nodes, num_heads,
    out_node_feats), (num_edges, num_heads, out_edge_feats)`, with a pair of features for sources and targets;
    `edge_weight: (num_edges,)`. A node that no edge enters gets 0, where DGL refuses the graph. With `get_attention` also
    the attention of every edge, `(num_edges, num_heads, 1)`.

    Args:
        in_node_feats: one width, or a pair for sources and targets.

    Raises:
        ShapeError: in the call, if features or weights do not fit.

    >>> import torch, weft.dgl as dgl
    >>> layer = EGATConv(4, 5, 2, 6, num_heads=3)
    >>> nodes, edges = layer(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4), torch.ones(2, 5))
    >>> nodes.shape, edges.shape
    (torch.Size([2, 3, 2]), torch.Size([2, 3, 6]))
    """

    def __init__(
        self,
        in_node_feats: int | tuple[int, int],
        in_edge_feats: int,
        out_node_feats: int,
        out_edge_feats: int,
        num_heads: int,
        bias: bool = True,
    ) -> None:
        super().__init__(translated("EGATConv", locals()))
        self._num_heads = num_heads

    def forward(
        self,
        graph: DGLGraph,
        nfeats: Any,
        efeats: Tensor,
        edge_weight: Tensor | None = None,
        get_attention: bool = False,
    ) -> Any:
        """Compute the new features of targets and edges, by head, and with `get_attention` the attention of all edges."""
        adjacency = adjacency_of(graph)
        x = expand_as_pair(nfeats, graph) if graph.is_block and not isinstance(nfeats, tuple) else nfeats
        edge_weight = flat_weight("EGATConv", adjacency, edge_weight)
        found = self._layer(adjacency, x, edge_weight, edge_features=efeats)
        nodes, edges = (values.unflatten(-1, (self._num_heads, -1)) for values in found)
        if not get_attention:
            return nodes, edges
        return nodes, edges, self._layer.attention(adjacency, x, edge_weight, edge_features=efeats).unsqueeze(-1)
