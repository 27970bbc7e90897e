"""Convolution by a mixture of Gaussians with DGL's arguments."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from ...._graph import DGLGraph
from ...._pairs import expand_as_pair
from ..._translated import NoZeroInDegree, translated


class GMMConv(NoZeroInDegree):
    """Sum over the neighbours of linear maps of them, mixed by Gaussians of where they lie: `weft.nn.GMMConv`.

    *Shapes* `feat: (num_nodes, in_feats)`, `pseudo: (num_edges, dim) -> (num_nodes, out_feats)`, or a pair of features for
    sources and targets; of a block also a row for each source.

    Args:
        in_feats: one width, or a pair for sources and targets.
        aggregator_type: "sum", "mean" or "max".
        residual: adds the features of the target, through a linear map if the widths differ.
        allow_zero_in_degree: whether nodes that no edge enters are no error; their sum is 0.

    Raises:
        OptionError: if options do not exist.
        StructureError: in the call, if no edge enters a node, unless that is allowed.
        ShapeError: in the call, if features or pseudo-coordinates do not fit.

    >>> import torch, weft.dgl as dgl
    >>> layer = GMMConv(4, 2, dim=3, n_kernels=5)
    >>> layer(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4), torch.ones(2, 3)).shape
    torch.Size([2, 2])
    """

    def __init__(
        self,
        in_feats: int | tuple[int, int],
        out_feats: int,
        dim: int,
        n_kernels: int,
        aggregator_type: str = "sum",
        residual: bool = False,
        bias: bool = True,
        allow_zero_in_degree: bool = False,
    ) -> None:
        super().__init__(translated("GMMConv", locals()), None, allow_zero_in_degree)

    def forward(self, graph: DGLGraph, feat: Any, pseudo: Tensor) -> Tensor:
        """Compute the new features of all targets."""
        adjacency = self._adjacency(graph)
        x = expand_as_pair(feat, graph) if graph.is_block and not isinstance(feat, tuple) else feat
        out: Tensor = self._layer(adjacency, x, pseudo=pseudo)
        return out
