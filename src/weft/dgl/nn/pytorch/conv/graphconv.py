"""Graph convolution with DGL's arguments."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ..... import nn as layers
from .....errors import OptionError, ShapeError, message
from ...._graph import DGLGraph
from ..._translated import Activation, NoZeroInDegree, flat_weight, translated


class GraphConv(NoZeroInDegree):
    """Sum of the neighbours' features, normalised by degrees, times a weight: `weft.nn.GraphConv`.

    *Shapes* `feat: (num_nodes, *, in_feats) -> (num_nodes, *, out_feats)`; `edge_weight: (num_edges,)`. On a bipartite graph or
    a block a row for each source -> one for each target; of a pair only the first is read.

    Args:
        norm: "both", "left", "right" or "none".
        weight: without it the call may bring one, `(in_feats, out_feats)`.
        allow_zero_in_degree: whether nodes that no edge enters are no error; they get the bias.

    Raises:
        OptionError: if options do not exist or exclude each other.
        StructureError: in the call, if no edge enters a node, unless that is allowed.
        ShapeError: in the call, if features or weights do not fit.

    >>> import torch, weft.dgl as dgl
    >>> layer = GraphConv(4, 2)
    >>> layer(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4)).shape
    torch.Size([2, 2])
    """

    def __init__(
        self,
        in_feats: int,
        out_feats: int,
        norm: str = "both",
        weight: bool = True,
        bias: bool = True,
        activation: Activation = None,
        allow_zero_in_degree: bool = False,
    ) -> None:
        given: dict[str, Any] = {"in_feats": in_feats, "out_feats": out_feats, "norm": norm, "bias": bias}
        if not weight:  # The width of the result is that of a weight that comes with the call.
            given.update(out_feats=in_feats, bias=False)
        super().__init__(translated("GraphConv", given, weight=weight), activation, allow_zero_in_degree)
        if not weight and bias:
            self.bias = nn.Parameter(torch.zeros(out_feats))
        self._in_feats, self._out_feats, self._norm, self._has_weight = in_feats, out_feats, norm, weight

    def reset_parameters(self) -> None:
        """Draw the weight from Glorot's uniform distribution and set the bias to 0."""
        if self._has_weight:
            super().reset_parameters()
        elif self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(
        self, graph: DGLGraph, feat: Any, weight: Tensor | None = None, edge_weight: Tensor | None = None
    ) -> Tensor:
        """Compute the new features of all targets."""
        adjacency = self._adjacency(graph)
        x = feat[0] if isinstance(feat, tuple) else feat
        edge_weight = flat_weight("GraphConv", adjacency, edge_weight)
        if self._has_weight:
            if weight is not None:
                hint = "make the layer with weight=False"
                raise OptionError(message("GraphConv", "one weight", "one of the layer and one of the call", hint))
            return self._activated(self._layer(adjacency, x, edge_weight))
        return self._activated(self._without_weight(adjacency, x, weight, edge_weight))

    def _without_weight(self, adjacency: Any, x: Tensor, weight: Tensor | None, edge_weight: Tensor | None) -> Tensor:
        """With the weight of the call, before or after the sum, whichever is narrower."""
        if weight is not None and weight.dim() != 2:
            raise ShapeError(message("GraphConv", "`weight` of shape (in_feats, out_feats)", str(tuple(weight.shape))))
        if weight is None:
            h: Tensor = self._layer(adjacency, x, edge_weight)
        elif weight.shape[0] <= weight.shape[1]:
            h = self._layer(adjacency, x, edge_weight) @ weight
        else:
            width = weight.shape[1]
            plain: Any = layers.GraphConv(width, width, norm=self._norm, weight=False, bias=False)  # type: ignore[arg-type]
            h = plain(adjacency, x @ weight, edge_weight)
        if self.bias is None:
            return h
        if h.shape[-1] != self._out_feats:
            raise ShapeError(message("GraphConv", f"a weight to {self._out_feats} features", f"{h.shape[-1]}"))
        return h + self.bias

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return f"in={self._in_feats}, out={self._out_feats}, normalization={self._norm}, activation={self.activation}"
