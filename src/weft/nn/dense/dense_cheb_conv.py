"""Chebyshev convolution on a dense matrix."""

from typing import final

import torch
from torch import Tensor, nn

from .._propagation import check_hops
from ._matrix import check_matrix, check_square, row_factors


@final
class DenseChebConv(nn.Module):
    """Sum of the first k Chebyshev polynomials of the scaled Laplacian of a dense matrix: `ChebConv` on a graph.

    `out = sum over t = 0 .. k - 1 of T_t(L) x W_t + b`, with `T_0(L) x = x`, `T_1(L) x = L x`,
    `T_t(L) x = 2 L T_(t-1)(L) x - T_(t-2)(L) x`, `L = 2 / lambda_max * (I - S) - I` and
    `S[i, j] = A[i, j] / sqrt(d(j) * d(i))`, where d are the sums of the rows of A (at least 1)

    *Shapes* `adjacency: (*, num_nodes, num_nodes), x: (*, num_nodes, in_features) -> (*, num_nodes, out_features)`;
    `lambda_max: ()`, or for a batch of matrices (*, 1, 1)

    Args:
        k: number of polynomials.

    Raises:
        OptionError: in the constructor, if `k` is less than 1.
        ShapeError: in the call, if features and matrix do not fit each other or the layer.

    *Source* Defferrard, Bresson and Vandergheynst, 2016, Convolutional Neural Networks on Graphs with Fast Localized Spectral
    Filtering, arXiv:1606.09375, equation 4.

    *Differs from the source* features of any width, a bias, directed graphs.
    *Differs from DGL* without `lambda_max` it is 2, the bound, where DGL searches for it with a function that PyTorch no longer
    has. Polynomials of features, N x F, where DGL makes those of the matrix, N x N. Parameters `W` and `bias` are DGL's.

    *Cost* k - 1 products of A with N x out_features numbers, by Clenshaw's recurrence.

    >>> import torch
    >>> DenseChebConv(4, 2, 3)(torch.ones(3, 3), torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(self, in_features: int, out_features: int, k: int, *, bias: bool = True) -> None:
        super().__init__()
        check_hops("DenseChebConv", k, 1)
        self.in_features, self.out_features, self.k = in_features, out_features, k
        self.W = nn.Parameter(torch.empty(k, in_features, out_features))
        self.bias = nn.Parameter(torch.empty(out_features)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw each map from Glorot's uniform distribution and set the bias to 0."""
        for weight in self.W.detach():
            nn.init.xavier_uniform_(weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, adjacency: Tensor, x: Tensor, *, lambda_max: float | Tensor | None = None) -> Tensor:
        """Compute the new features of all nodes.

        Args:
            lambda_max: the highest eigenvalue of I - S, 2 if it is not known.
        """
        check_matrix("DenseChebConv", adjacency, x, self.in_features)
        check_square("DenseChebConv", adjacency)
        scale = 1.0 if lambda_max is None else 2 / lambda_max
        by_row = row_factors(adjacency, -1, -0.5)
        b, before = x @ self.W[-1], None
        for at in range(self.k - 2, -1, -1):
            h = b * (scale - 1) - by_row * (adjacency @ (by_row * b)) * scale
            h = (h if at == 0 else 2 * h) + x @ self.W[at]
            before, b = b, h if before is None else h - before
        return b if self.bias is None else b + self.bias

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return f"{self.in_features}, {self.out_features}, {self.k}, bias={self.bias is not None}"
