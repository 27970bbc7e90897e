"""Graph attention by dot products with DGL's arguments."""

from __future__ import annotations

from typing import Any

from ...._graph import DGLGraph
from ...._pairs import expand_as_pair
from ..._translated import NoZeroInDegree, translated


class DotGatConv(NoZeroInDegree):
    """Sum of the neighbours' projected features, weighted by their dot products with the node's own: `weft.nn.DotGatConv`.

    *Shapes* `feat: (num_nodes, in_feats) -> (num_nodes, num_heads, out_feats)`, or a pair for sources and targets; of a
    block also a row for each source. With `get_attention` also the attention of every edge, `(num_edges, num_heads, 1)`.

    Args:
        in_feats: one width with one projection, or a pair with one for sources and one for targets.
        allow_zero_in_degree: whether nodes that no edge enters are no error; their sum is 0.

    Raises:
        StructureError: in the call, if no edge enters a node, unless that is allowed.
        ShapeError: in the call, if features do not fit.

    >>> import torch, weft.dgl as dgl
    >>> layer = DotGatConv(4, 2, num_heads=3)
    >>> layer(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4)).shape
    torch.Size([2, 3, 2])
    """

    def __init__(
        self, in_feats: int | tuple[int, int], out_feats: int, num_heads: int, allow_zero_in_degree: bool = False
    ) -> None:
        super().__init__(translated("DotGatConv", locals()), None, allow_zero_in_degree)
        self._num_heads, self._out_feats = num_heads, out_feats

    def forward(self, graph: DGLGraph, feat: Any, get_attention: bool = False) -> Any:
        """Compute the new features of all targets, by head, and with `get_attention` the attention of all edges."""
        adjacency = self._adjacency(graph)
        x = expand_as_pair(feat, graph) if graph.is_block and not isinstance(feat, tuple) else feat
        out = self._layer(adjacency, x).unflatten(-1, (self._num_heads, self._out_feats))
        return (out, self._layer.attention(adjacency, x).unsqueeze(-1)) if get_attention else out
