"""Chebyshev convolution with DGL's arguments."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .....errors import ShapeError, message
from ...._graph import DGLGraph
from ..._translated import Activation, Translated, adjacency_of, translated


class ChebConv(Translated):
    """Sum of the first k Chebyshev polynomials of the scaled Laplacian, with a linear map for each: `weft.nn.ChebConv`.

    *Shapes* `feat: (num_nodes, in_feats) -> (num_nodes, out_feats)`; `lambda_max: (batch_size,)`

    Args:
        k: number of polynomials.

    Raises:
        OptionError: if `k` is less than 1.
        ShapeError: in the call, if features or eigenvalues do not fit.

    >>> import torch, weft.dgl as dgl
    >>> layer = ChebConv(4, 2, 3)
    >>> layer(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4)).shape
    torch.Size([2, 2])
    """

    def __init__(
        self, in_feats: int, out_feats: int, k: int, activation: Activation = torch.relu, bias: bool = True
    ) -> None:
        super().__init__(translated("ChebConv", locals(), norm="in"), activation)

    def forward(self, graph: DGLGraph, feat: Tensor, lambda_max: Sequence[float] | Tensor | None = None) -> Tensor:
        """Compute the new features of all nodes.

        Args:
            lambda_max: the highest eigenvalue of the normalised Laplacian of each graph of the batch, 2 if it is not known.
        """
        of_nodes = None
        if lambda_max is not None:
            values = torch.as_tensor(lambda_max, dtype=feat.dtype, device=feat.device).reshape(-1)
            if values.shape[0] != graph.batch_size:
                form = f"`lambda_max` for each of {graph.batch_size} graphs"
                raise ShapeError(message("ChebConv", form, f"{values.shape[0]} numbers"))
            of_nodes = values.repeat_interleave(graph.batch_num_nodes())
        return self._activated(self._layer(adjacency_of(graph), feat, lambda_max=of_nodes))
