"""Edge-conditioned convolution with DGL's arguments."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from ...._graph import DGLGraph
from ..._translated import Translated, adjacency_of, both_ends, translated


class NNConv(Translated):
    """Neighbours times matrices that a network makes of the features of the edges: `weft.nn.NNConv`.

    *Shapes* `feat: (num_nodes, in_feats) -> (num_nodes, out_feats)`, or a pair for sources and targets; of a block also a row
    for each source; `efeat: (num_edges, *)`, whatever `edge_func` takes.

    Args:
        edge_func: a module from the features of an edge to in_feats * out_feats.
        aggregator_type: "mean", "sum" or "max".
        residual: adds the features of the target, through a linear map if the widths differ.

    Raises:
        OptionError: if the aggregator does not exist.
        ShapeError: in the call, if features do not fit.

    >>> import torch, weft.dgl as dgl
    >>> layer = NNConv(4, 2, torch.nn.Linear(3, 8))
    >>> layer(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4), torch.ones(2, 3)).shape
    torch.Size([2, 2])
    """

    def __init__(
        self,
        in_feats: int | tuple[int, int],
        out_feats: int,
        edge_func: nn.Module,
        aggregator_type: str = "mean",
        residual: bool = False,
        bias: bool = True,
    ) -> None:
        super().__init__(translated("NNConv", locals()))

    def forward(self, graph: DGLGraph, feat: Any, efeat: Tensor) -> Tensor:
        """Compute the new features of all targets."""
        x = both_ends(graph, feat, nn.Identity())
        return self._layer(adjacency_of(graph), x, edge_features=efeat)  # type: ignore[no-any-return]
