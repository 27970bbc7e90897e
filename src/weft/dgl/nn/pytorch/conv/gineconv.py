"""Graph isomorphism with features of edges, with DGL's arguments."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from ...._graph import DGLGraph
from ..._translated import Translated, adjacency_of, both_ends, translated


class GINEConv(Translated):
    """A network of each node's own features plus the sum of relu(neighbour + edge): `weft.nn.GINEConv`.

    *Shapes* `node_feat: (num_nodes, *, in_feats)`, or a pair for sources and targets; of a block also a row for each source;
    `edge_feat: (num_edges, *, in_feats)` -> what `apply_func` makes of `(num_targets, *, in_feats)`.

    Args:
        apply_func: a module, or None.
        init_eps: where eps begins; a parameter with `learn_eps`.

    Raises:
        ShapeError: in the call, if features do not fit.

    >>> import torch, weft.dgl as dgl
    >>> layer = GINEConv(torch.nn.Linear(4, 2))
    >>> layer(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4), torch.ones(2, 4)).shape
    torch.Size([2, 2])
    """

    def __init__(self, apply_func: nn.Module | None = None, init_eps: float = 0, learn_eps: bool = False) -> None:
        super().__init__(translated("GINEConv", locals()))

    def forward(self, graph: DGLGraph, node_feat: Any, edge_feat: Tensor) -> Tensor:
        """Compute the new features of all targets."""
        x = both_ends(graph, node_feat, nn.Identity())
        return self._layer(adjacency_of(graph), x, edge_features=edge_feat)  # type: ignore[no-any-return]
