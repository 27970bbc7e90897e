"""Equivariant graph convolution with DGL's arguments."""

from __future__ import annotations

from torch import Tensor

from ...._graph import DGLGraph
from ..._translated import Translated, adjacency_of, translated


class EGNNConv(Translated):
    """New features and positions of nodes, which turn and move with those that come in: `weft.nn.EGNNConv`.

    *Shapes* `node_feat: (num_nodes, in_size)`, `coord_feat: (num_nodes, any)`, `edge_feat: (num_edges, edge_feat_size)` ->
    `(num_nodes, out_size)` and `(num_nodes, any)`.

    Raises:
        ShapeError: in the call, if features do not fit.
        OptionError: in the call, if edge features are missing, or there without a size.

    >>> import torch, weft.dgl as dgl
    >>> layer = EGNNConv(4, 8, 2)
    >>> h, x = layer(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4), torch.randn(2, 3))
    >>> h.shape, x.shape
    (torch.Size([2, 2]), torch.Size([2, 3]))
    """

    def __init__(self, in_size: int, hidden_size: int, out_size: int, edge_feat_size: int = 0) -> None:
        super().__init__(translated("EGNNConv", locals(), edge_features=edge_feat_size or None, normalize=True))

    def forward(
        self, graph: DGLGraph, node_feat: Tensor, coord_feat: Tensor, edge_feat: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Compute the new features and positions of all nodes."""
        return self._layer(  # type: ignore[no-any-return]
            adjacency_of(graph), node_feat, position=coord_feat, edge_features=edge_feat
        )
