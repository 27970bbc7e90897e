"""Graph attention with DGL's arguments."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from ...._graph import DGLGraph
from ..._translated import Activation, NoZeroInDegree, both_ends, flat_weight, translated


class GATConv(NoZeroInDegree):
    """Sum of the neighbours' projected features, weighted by attention, for several heads: `weft.nn.GATConv`.

    *Shapes* `feat: (num_nodes, *, in_feats) -> (num_nodes, *, num_heads, out_feats)`, or a pair for sources and targets; of a
    block also a row for each source; `edge_weight: (num_edges,)`. With `get_attention` also the attention of every edge,
    `(num_edges, *, num_heads, 1)`, before dropout.

    Args:
        in_feats: one width with one projection, or a pair with one for sources and one for targets.
        feat_drop, attn_drop: probability of dropping features, and edges of a head, in training.
        residual: adds the features of the target, through a linear map if the widths differ.
        allow_zero_in_degree: whether nodes that no edge enters are no error; their sum is 0.

    Raises:
        OptionError: if a probability is none.
        StructureError: in the call, if no edge enters a node, unless that is allowed.
        ShapeError: in the call, if features or weights do not fit.

    >>> import torch, weft.dgl as dgl
    >>> layer = GATConv(4, 2, num_heads=3)
    >>> layer(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4)).shape
    torch.Size([2, 3, 2])
    """

    def __init__(
        self,
        in_feats: int | tuple[int, int],
        out_feats: int,
        num_heads: int,
        feat_drop: float = 0.0,
        attn_drop: float = 0.0,
        negative_slope: float = 0.2,
        residual: bool = False,
        activation: Activation = None,
        allow_zero_in_degree: bool = False,
        bias: bool = True,
    ) -> None:
        super().__init__(translated("GATConv", locals()), activation, allow_zero_in_degree)
        self.feat_drop = nn.Dropout(feat_drop)
        self._num_heads, self._out_feats = num_heads, out_feats
        if not residual:
            self.register_module("res_fc", None)

    def forward(
        self, graph: DGLGraph, feat: Any, edge_weight: Tensor | None = None, get_attention: bool = False
    ) -> Any:
        """Compute the new features of all targets, by head, and with `get_attention` the attention of all edges."""
        adjacency = self._adjacency(graph)
        x = both_ends(graph, feat, self.feat_drop)
        edge_weight = flat_weight("GATConv", adjacency, edge_weight)
        out = self._activated(self._layer(adjacency, x, edge_weight).unflatten(-1, (self._num_heads, self._out_feats)))
        return (out, self._layer.attention(adjacency, x, edge_weight).unsqueeze(-1)) if get_attention else out
