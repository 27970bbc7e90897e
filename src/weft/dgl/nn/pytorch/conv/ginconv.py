"""Graph isomorphism with DGL's arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from ...._graph import DGLGraph
from ...._pairs import expand_as_pair
from ..._translated import Activation, Translated, adjacency_of, flat_weight, translated


class GINConv(Translated):
    """A function of the features of a node, times 1 + eps, plus an aggregate of its neighbours': `weft.nn.GINConv`.

    *Shapes* `feat: (num_nodes, *, in_feats) -> (num_nodes, *, out_feats)`, or a pair for sources and targets; of a block also
    a row for each source; `edge_weight: (num_edges,)`.

    Args:
        apply_func: the function, mostly an MLP; without one the result is its argument.
        aggregator_type: "sum", "mean" or "max".
        init_eps: eps at the start.
        learn_eps: whether eps is a parameter.

    Raises:
        OptionError: if the aggregator does not exist.
        ShapeError: in the call, if features or weights do not fit.

    >>> import torch, weft.dgl as dgl
    >>> layer = GINConv(torch.nn.Linear(4, 2), "sum", learn_eps=True)
    >>> layer(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4)).shape
    torch.Size([2, 2])
    """

    def __init__(
        self,
        apply_func: Callable[[Tensor], Tensor] | None = None,
        aggregator_type: str = "sum",
        init_eps: float = 0,
        learn_eps: bool = False,
        activation: Activation = None,
    ) -> None:
        super().__init__(translated("GINConv", locals()), activation)

    def forward(self, graph: DGLGraph, feat: Any, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all targets."""
        adjacency = adjacency_of(graph)
        x = feat if isinstance(feat, tuple) or not graph.is_block else expand_as_pair(feat, graph)
        return self._activated(self._layer(adjacency, x, flat_weight("GINConv", adjacency, edge_weight)))
