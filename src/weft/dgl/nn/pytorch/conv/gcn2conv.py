"""Graph convolution with an initial residual and a weight near the identity, with DGL's arguments."""

from __future__ import annotations

from torch import Tensor

from .....ops import sddmm, spmm
from ...._graph import DGLGraph
from ..._translated import Activation, NoZeroInDegree, flat_weight, translated


class GCN2Conv(NoZeroInDegree):
    """Sum of the neighbours' features, mixed with those of the first layer, times a weight near the identity.

    It is `weft.nn.GCN2Conv`, normalised as DGL does: by the in-degrees of both ends, or with edge weights by the sums of the
    weights that leave the source and enter the target.

    *Shapes* `feat: (num_nodes, *, in_feats)`, `feat_0: (num_nodes, *, in_feats) -> (num_nodes, *, in_feats)`;
    `edge_weight: (num_edges,)`, positive.

    Args:
        layer: the number of this layer in the model, from 1.
        alpha: share of the initial features.
        lambda_: how far weights are from the identity.
        project_initial_features: one weight for both parts, or one for each.
        allow_zero_in_degree: whether nodes that no edge enters are no error; they keep their initial features.

    Raises:
        OptionError: if `layer` or `lambda_` is not positive.
        StructureError: in the call, if no edge enters a node, unless that is allowed.
        ShapeError: in the call, if features or weights do not fit.

    >>> import torch, weft.dgl as dgl
    >>> layer, x = GCN2Conv(4, layer=1), torch.ones(2, 4)
    >>> layer(dgl.graph(([0, 1], [1, 0])), x, x).shape
    torch.Size([2, 4])
    """

    def __init__(
        self,
        in_feats: int,
        layer: int,
        alpha: float = 0.1,
        lambda_: float = 1,
        project_initial_features: bool = True,
        allow_zero_in_degree: bool = False,
        bias: bool = True,
        activation: Activation = None,
    ) -> None:
        super().__init__(translated("GCN2Conv", locals(), norm="none"), activation, allow_zero_in_degree)

    def forward(self, graph: DGLGraph, feat: Tensor, feat_0: Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all nodes."""
        adjacency = self._adjacency(graph)
        weight = flat_weight("GCN2Conv", adjacency, edge_weight)
        if weight is None:
            at_source = at_target = adjacency.in_degrees().clamp(min=1).to(feat.dtype)
        else:
            one = weight.new_ones(adjacency.num_sources, 1)
            at_target = spmm(adjacency.by_target, one, weight, "sum")[:, 0]
            at_source = spmm(adjacency.by_source, one, weight, "sum")[:, 0]
        # Of both factors together: a node that no edge leaves or enters has an infinite one of its own.
        factor = sddmm(adjacency.by_target, at_target, at_source, "mul").rsqrt()
        weight = factor if weight is None else weight * factor
        return self._activated(self._layer(adjacency, feat, weight, x_initial=feat_0))
