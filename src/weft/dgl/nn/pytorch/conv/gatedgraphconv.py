"""Gated graph convolution with DGL's arguments."""

from __future__ import annotations

from torch import Tensor

from ...._graph import DGLGraph
from ..._translated import Translated, adjacency_of, translated


class GatedGraphConv(Translated):
    """Node states that a gated recurrent unit updates by sums over typed edges: `weft.nn.GatedGraphConv`.

    *Shapes* `feat: (num_nodes, in_feats) -> (num_nodes, out_feats)`; `etypes: (num_edges,)`, integers below n_etypes.

    Args:
        n_steps: number of rounds.
        n_etypes: number of edge types; `etypes` may be left out if there is one.

    Raises:
        OptionError: if out_feats is smaller than in_feats.
        ShapeError: in the call, if features or types do not fit.

    >>> import torch, weft.dgl as dgl
    >>> layer = GatedGraphConv(4, 4, 2, 2)
    >>> layer(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4), torch.tensor([0, 1])).shape
    torch.Size([2, 4])
    """

    def __init__(self, in_feats: int, out_feats: int, n_steps: int, n_etypes: int, bias: bool = True) -> None:
        super().__init__(translated("GatedGraphConv", locals()))

    def forward(self, graph: DGLGraph, feat: Tensor, etypes: Tensor | None = None) -> Tensor:
        """Compute the states of all nodes after the last round."""
        return self._layer(adjacency_of(graph), feat, edge_type=etypes)  # type: ignore[no-any-return]
