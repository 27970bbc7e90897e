"""Attention by the cosine of features, with DGL's arguments."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from ...._graph import DGLGraph
from ..._translated import NoZeroInDegree, both_ends, translated


class AGNNConv(NoZeroInDegree):
    """Sum of the neighbours' features, weighted by a softmax over scaled cosines: `weft.nn.AGNNConv`.

    *Shapes* `feat: (num_nodes, *, features) -> (num_nodes, *, features)`, or a pair for sources and targets; of a block also a
    row for each source.

    Args:
        init_beta: what the factor of the cosines begins with.
        learn_beta: whether it is a parameter.
        allow_zero_in_degree: whether nodes that no edge enters are no error; their sum is 0.

    Raises:
        StructureError: in the call, if no edge enters a node, unless that is allowed.
        ShapeError: in the call, if features do not fit.

    >>> import torch, weft.dgl as dgl
    >>> AGNNConv()(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4)).shape
    torch.Size([2, 4])
    """

    def __init__(self, init_beta: float = 1.0, learn_beta: bool = True, allow_zero_in_degree: bool = False) -> None:
        super().__init__(translated("AGNNConv", locals()), None, allow_zero_in_degree)

    def forward(self, graph: DGLGraph, feat: Any) -> Tensor:
        """Compute the new features of all targets."""
        return self._layer(self._adjacency(graph), both_ends(graph, feat, nn.Identity()))  # type: ignore[no-any-return]
