"""Gated graph convolution with edges that get new features, with DGL's arguments."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ...._graph import DGLGraph
from ..._translated import Activation, Translated, adjacency_of, translated


class GatedGCNConv(Translated):
    """Neighbours weighted by gates of the edges, which get new features as well: `weft.nn.GatedGCNConv`.

    *Shapes* `feat: (num_nodes, input_feats)`, `edge_feat: (num_edges, edge_feats)` -> `(num_nodes, output_feats)` and
    `(num_edges, output_feats)`.

    Args:
        dropout: probability of dropping new features of nodes and edges in training.
        residual: adds the features that came in; left out unless all widths are the same.

    Raises:
        OptionError: if a probability is none.
        ShapeError: in the call, if features do not fit.

    >>> import torch, weft.dgl as dgl
    >>> layer = GatedGCNConv(4, 3, 2)
    >>> x, edges = layer(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4), torch.ones(2, 3))
    >>> x.shape, edges.shape
    (torch.Size([2, 2]), torch.Size([2, 2]))
    """

    def __init__(
        self,
        input_feats: int,
        edge_feats: int,
        output_feats: int,
        dropout: float = 0,
        batch_norm: bool = True,
        residual: bool = True,
        activation: Activation = torch.relu,
    ) -> None:
        super().__init__(translated("GatedGCNConv", locals(), activation=activation))
        self.batch_norm = batch_norm
        if not batch_norm:  # DGL has them, and does not use them.
            self.bn_node, self.bn_edge = nn.BatchNorm1d(output_feats), nn.BatchNorm1d(output_feats)

    def forward(self, graph: DGLGraph, feat: Tensor, edge_feat: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the new features of all nodes and of all edges."""
        return self._layer(adjacency_of(graph), feat, edge_features=edge_feat)  # type: ignore[no-any-return]
