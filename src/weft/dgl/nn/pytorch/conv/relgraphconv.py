"""Relational graph convolution with DGL's arguments."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ...._graph import DGLGraph
from ..._translated import Activation, Translated, adjacency_of, both_ends, flat_weight, translated


class RelGraphConv(Translated):
    """Sum of the neighbours' features, each times the matrix of the edge's type: `weft.nn.RelGraphConv`.

    *Shapes* `feat: (num_nodes, in_feat) -> (num_nodes, out_feat)`, of a block a row for each source; `etypes: (num_edges,)`, or a
    list with the number of edges of each type, which then stand type after type; `norm: (num_edges, 1)`.

    Args:
        regularizer: None, "basis" or "bdd", with num_bases bases or blocks, by default num_rels.
        dropout: probability of dropping values of the result, after the activation.

    Raises:
        OptionError: if the regularizer does not exist, or widths are no multiples of the number of blocks.
        ShapeError, IdError: in the call, if arguments do not fit the graph or a type is not there.

    >>> import torch, weft.dgl as dgl
    >>> layer = RelGraphConv(4, 2, num_rels=3)
    >>> layer(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4), torch.tensor([2, 0])).shape
    torch.Size([2, 2])
    """

    def __init__(
        self,
        in_feat: int,
        out_feat: int,
        num_rels: int,
        regularizer: str | None = None,
        num_bases: int | None = None,
        bias: bool = True,
        activation: Activation = None,
        self_loop: bool = True,
        dropout: float = 0.0,
        layer_norm: bool = False,
    ) -> None:
        super().__init__(translated("RelGraphConv", locals()), activation)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        g: DGLGraph,
        feat: Tensor,
        etypes: Tensor | Sequence[int],
        norm: Tensor | None = None,
        *,
        presorted: bool = False,
    ) -> Tensor:
        """Compute the new features of all targets; whether edges are sorted by type makes no difference."""
        adjacency = adjacency_of(g)
        if not isinstance(etypes, Tensor):
            etypes = torch.repeat_interleave(torch.tensor(etypes, device=adjacency.device))
        weight = flat_weight("RelGraphConv", adjacency, norm)
        out = self._layer(adjacency, both_ends(g, feat, nn.Identity()), weight, edge_type=etypes)
        dropped: Tensor = self.dropout(self._activated(out))
        return dropped
