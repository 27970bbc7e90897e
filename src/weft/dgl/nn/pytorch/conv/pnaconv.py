"""Principal neighbourhood aggregation with DGL's arguments."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from ...._graph import DGLGraph
from ..._translated import Translated, adjacency_of, translated


class PNAConv(Translated):
    """Several aggregates of learned messages, each scaled by functions of the degree, for several towers: `weft.nn.PNAConv`.

    What towers give is divided by the square root of the number of nodes, as in DGL.

    *Shapes* `node_feat: (num_nodes, in_size) -> (num_nodes, out_size)`; `edge_feat: (num_edges, edge_feat_size)`.

    Args:
        aggregators: of "mean", "max", "min", "sum", "std", "var", "moment3", "moment4", "moment5".
        scalers: of "identity", "amplification", "attenuation".
        delta: mean of log(degree + 1) over the nodes of the training graphs.
        dropout: probability of dropping what a tower gives, in training.
        residual: adds the features, if both widths are the same.

    Raises:
        OptionError: if options do not exist, or towers do not divide the widths.
        ShapeError: in the call, if features do not fit.

    >>> import torch, weft.dgl as dgl
    >>> layer = PNAConv(4, 4, ["mean", "max"], ["identity", "amplification"], 2.5)
    >>> layer(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4)).shape
    torch.Size([2, 4])
    """

    def __init__(
        self,
        in_size: int,
        out_size: int,
        aggregators: Sequence[str],
        scalers: Sequence[str],
        delta: float,
        dropout: float = 0.0,
        num_towers: int = 1,
        edge_feat_size: int = 0,
        residual: bool = True,
    ) -> None:
        super().__init__(translated("PNAConv", locals(), graph_norm=True))

    def forward(self, graph: DGLGraph, node_feat: Tensor, edge_feat: Tensor | None = None) -> Tensor:
        """Compute the new features of all nodes."""
        return self._layer(adjacency_of(graph), node_feat, edge_features=edge_feat)  # type: ignore[no-any-return]
