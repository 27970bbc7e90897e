"""Simplified graph convolution with DGL's arguments."""

from __future__ import annotations

from torch import Tensor

from ...._graph import DGLGraph
from ..._by_weights import with_norm_of
from ..._translated import Activation, NoZeroInDegree, flat_weight, translated


class SGConv(NoZeroInDegree):
    """Features sent k times over normalised edges, and one linear map of the result: `weft.nn.SGConv`.

    *Shapes* `feat: (num_nodes, in_feats) -> (num_nodes, out_feats)`; `edge_weight: (num_edges,)`

    Args:
        cached: keep what the hops of the first call gave, and use it in all others, whatever their arguments.
        norm: applied between the hops and the linear map.
        allow_zero_in_degree: whether nodes that no edge enters are no error; they get the bias.

    Raises:
        StructureError: in the call, if no edge enters a node, unless that is allowed.
        OptionError: in the call, if a weight is not positive.
        ShapeError: in the call, if features or weights do not fit.

    >>> import torch, weft.dgl as dgl
    >>> layer = SGConv(4, 2, k=2)
    >>> layer(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4)).shape
    torch.Size([2, 2])
    """

    def __init__(
        self,
        in_feats: int,
        out_feats: int,
        k: int = 1,
        cached: bool = False,
        bias: bool = True,
        norm: Activation = None,
        allow_zero_in_degree: bool = False,
    ) -> None:
        super().__init__(translated("SGConv", locals(), norm="in"), None, allow_zero_in_degree)
        self.norm = norm
        self._cached = cached
        self._kept: Tensor | None = None

    def forward(self, graph: DGLGraph, feat: Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all nodes."""
        adjacency = self._adjacency(graph)
        edge_weight = flat_weight("SGConv", adjacency, edge_weight)
        layer = with_norm_of(self._layer, edge_weight)
        if not self._cached and self.norm is None:
            return layer(adjacency, feat, edge_weight)  # type: ignore[no-any-return]
        h = self._kept
        if h is None:
            h = layer.propagate(adjacency, feat, edge_weight)
            h = h if self.norm is None else self.norm(h)
            self._kept = h if self._cached else None
        return layer.fc(h)  # type: ignore[no-any-return]
