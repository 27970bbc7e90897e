"""Atomic convolution with DGL's arguments."""

from __future__ import annotations

from torch import Tensor

from .....nn.conv.atomic_conv import RadialPooling as RadialPooling
from ...._graph import DGLGraph
from ..._translated import Translated, adjacency_of, translated


class AtomicConv(Translated):
    """Radial filters of the distances to the neighbours, summed by the kind of neighbour: `weft.nn.AtomicConv`.

    *Shapes* `feat: (num_nodes, 1)`, `distances: (num_edges, 1)` -> `(num_nodes, num_kinds * num_filters)`.

    Args:
        interaction_cutoffs, rbf_kernel_means, rbf_kernel_scaling: where the filters begin, `(num_filters,)` each.
        features_to_use: the kinds, `(num_kinds,)`; without them the neighbours' features are factors.

    Raises:
        OptionError: if the three are not of one length.
        ShapeError: in the call, if features or distances do not fit.

    >>> import torch, weft.dgl as dgl
    >>> ones = torch.ones(3)
    >>> layer = AtomicConv(2 * ones, ones, ones)
    >>> layer(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 1), torch.ones(2, 1)).shape
    torch.Size([2, 3])
    """

    def __init__(
        self,
        interaction_cutoffs: Tensor,
        rbf_kernel_means: Tensor,
        rbf_kernel_scaling: Tensor,
        features_to_use: Tensor | None = None,
    ) -> None:
        super().__init__(translated("AtomicConv", locals()))

    def forward(self, graph: DGLGraph, feat: Tensor, distances: Tensor) -> Tensor:
        """Compute the sums of all nodes."""
        return self._layer(adjacency_of(graph), feat, distance=distances)  # type: ignore[no-any-return]
