"""Graph attention with features of edges, with DGL's arguments."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from ...._graph import DGLGraph
from ..._translated import Activation, NoZeroInDegree, both_ends, translated


class EdgeGATConv(NoZeroInDegree):
    """Sum of the neighbours' and the edges' projected features, weighted by attention: `weft.nn.EdgeGATConv`.

    *Shapes* `feat: (num_nodes, *, in_feats)`, `edge_feat: (num_edges, edge_feats) -> (num_nodes, *, num_heads, out_feats)`,
    with a pair of features for sources and targets; of a block also a row for each source. With `get_attention` also the
    attention of every edge, `(num_edges, *, num_heads, 1)`, before dropout.

    Args:
        in_feats: one width with one projection, or a pair with one for sources and one for targets.
        feat_drop, attn_drop: probability of dropping features, and edges of a head, in training.
        residual: adds a linear map of the features of the target.
        allow_zero_in_degree: whether nodes that no edge enters are no error; their sum is 0.

    Raises:
        OptionError: if a probability is none.
        StructureError: in the call, if no edge enters a node, unless that is allowed.
        ShapeError: in the call, if features do not fit.

    >>> import torch, weft.dgl as dgl
    >>> layer = EdgeGATConv(4, 5, 2, num_heads=3)
    >>> layer(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4), torch.ones(2, 5)).shape
    torch.Size([2, 3, 2])
    """

    def __init__(
        self,
        in_feats: int | tuple[int, int],
        edge_feats: int,
        out_feats: int,
        num_heads: int,
        feat_drop: float = 0.0,
        attn_drop: float = 0.0,
        negative_slope: float = 0.2,
        residual: bool = True,
        activation: Activation = None,
        allow_zero_in_degree: bool = False,
        bias: bool = True,
    ) -> None:
        given = {
            "in_feats": in_feats,
            "edge_feats": edge_feats,
            "out_feats": out_feats,
            "num_heads": num_heads,
            "attn_drop": attn_drop,
            "negative_slope": negative_slope,
            "residual": "linear" if residual else False,
            "bias": bias,
        }
        super().__init__(translated("EdgeGATConv", given), activation, allow_zero_in_degree)
        self.feat_drop = nn.Dropout(feat_drop)
        self._num_heads, self._out_feats = num_heads, out_feats

    def forward(self, graph: DGLGraph, feat: Any, edge_feat: Tensor, get_attention: bool = False) -> Any:
        """Compute the new features of all targets, by head, and with `get_attention` the attention of all edges."""
        adjacency = self._adjacency(graph)
        x = both_ends(graph, feat, self.feat_drop)
        out = self._layer(adjacency, x, edge_features=edge_feat).unflatten(-1, (self._num_heads, self._out_feats))
        out = self._activated(out)
        if not get_attention:
            return out
        return out, self._layer.attention(adjacency, x, edge_features=edge_feat).unsqueeze(-1)
