"""Chebyshev convolution on a dense matrix with DGL's arguments."""

from __future__ import annotations

import torch
from torch import Tensor

from ..._translated import Translated, translated


class DenseChebConv(Translated):
    """Sum of the first k Chebyshev polynomials of the scaled Laplacian: `weft.nn.DenseChebConv`.

    *Shapes* `adj: (num_nodes, num_nodes), feat: (num_nodes, in_feats) -> (num_nodes, out_feats)`

    Raises:
        OptionError: if `k` is less than 1.
        ShapeError: in the call, if features and matrix do not fit.

    >>> import torch
    >>> DenseChebConv(4, 2, 2)(torch.ones(3, 3), torch.ones(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(self, in_feats: int, out_feats: int, k: int, bias: bool = True) -> None:
        given = {"in_feats": in_feats, "out_feats": out_feats, "k": k, "bias": bias}
        super().__init__(translated("DenseChebConv", given))

    def forward(self, adj: Tensor, feat: Tensor, lambda_max: float | None = None) -> Tensor:
        """Compute the new features of all nodes.

        Args:
            lambda_max: the highest eigenvalue of the normalised Laplacian, computed if it is not given.
        """
        adj = adj.to(feat.dtype)
        highest = _highest_eigenvalue(adj) if lambda_max is None else lambda_max
        return self._layer(adj, feat, lambda_max=highest)  # type: ignore[no-any-return]


def _highest_eigenvalue(adj: Tensor) -> Tensor:
    by_row = adj.sum(1).clamp(min=1).rsqrt()
    laplacian = torch.eye(adj.shape[0], dtype=adj.dtype, device=adj.device) - by_row[:, None] * adj * by_row
    return torch.linalg.eigvals(laplacian.detach()).real.max()  # type: ignore[no-any-return]
