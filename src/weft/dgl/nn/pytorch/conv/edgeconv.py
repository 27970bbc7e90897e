"""Edge convolution with DGL's arguments."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from ...._graph import DGLGraph
from ..._translated import NoZeroInDegree, both_ends, translated


class EdgeConv(NoZeroInDegree):
    """Maximum over the neighbours of a map of each node and its difference to the neighbour: `weft.nn.EdgeConv`.

    *Shapes* `feat: (num_nodes, in_feat) -> (num_nodes, out_feat)`, or a pair for sources and targets; of a block also a row
    for each source.

    Args:
        batch_norm: normalises over all edges, before the maximum.
        allow_zero_in_degree: whether nodes that no edge enters are no error; they get 0.

    Raises:
        StructureError: in the call, if no edge enters a node, unless that is allowed.
        ShapeError: in the call, if features do not fit.

    >>> import torch, weft.dgl as dgl
    >>> EdgeConv(4, 2)(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4)).shape
    torch.Size([2, 2])
    """

    def __init__(
        self, in_feat: int, out_feat: int, batch_norm: bool = False, allow_zero_in_degree: bool = False
    ) -> None:
        super().__init__(translated("EdgeConv", locals(), reverses=True), None, allow_zero_in_degree)

    def forward(self, g: DGLGraph, feat: Any) -> Tensor:
        """Compute the new features of all targets."""
        return self._layer(self._adjacency(g), both_ends(g, feat, nn.Identity()))  # type: ignore[no-any-return]
