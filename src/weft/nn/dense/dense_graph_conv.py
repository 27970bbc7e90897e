"""Graph convolution on a dense matrix."""

from typing import final

import torch
from torch import Tensor, nn

from ...errors import check_choice
from ..conv.graph_conv import NORMS, Norm
from ._matrix import check_matrix, row_factors


@final
class DenseGraphConv(nn.Module):
    """Sum of the neighbours' features, normalised by degrees, times a weight, on a dense matrix: `GraphConv` on a graph.

    `out[i] = b + sum over j of c(j, i) * A[i, j] * x[j] @ W`

    where, with d_out the sums of columns and d_in the sums of rows of A (at least 1),

        norm      c(j, i)
        "both"    1 / sqrt(d_out(j) * d_in(i))
        "left"    1 / d_out(j)
        "right"   1 / d_in(i)
        "none"    1

    *Shapes* `adjacency: (*, num_targets, num_sources), x: (*, num_sources, in_features) -> (*, num_targets, out_features)`

    Raises:
        OptionError: in the constructor, if the norm does not exist.
        ShapeError: in the call, if features and matrix do not fit each other or the layer.

    *Source* Kipf and Welling, 2017, Semi-Supervised Classification with Graph Convolutional Networks, arXiv:1609.02907,
    equation 2.

    *Differs from the source* adds no self loops: they are entries of the diagonal.
    *Differs from DGL* has batches of matrices and "left", no activation. Parameters `weight` and `bias` are DGL's.

    *Cost* a product of A, T x S x F; the product with W stands before or after it, whichever is narrower. The matrix is not
    copied.

    >>> import torch
    >>> DenseGraphConv(4, 2)(torch.ones(3, 5), torch.randn(5, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(self, in_features: int, out_features: int, *, norm: Norm = "both", bias: bool = True) -> None:
        super().__init__()
        check_choice("DenseGraphConv", "norm", norm, NORMS)
        self.in_features, self.out_features, self.norm = in_features, out_features, norm
        self.weight = nn.Parameter(torch.empty(in_features, out_features))
        self.bias = nn.Parameter(torch.empty(out_features)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weight from Glorot's uniform distribution and set the bias to 0."""
        nn.init.xavier_uniform_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, adjacency: Tensor, x: Tensor) -> Tensor:
        """Compute the new features of all targets."""
        check_matrix("DenseGraphConv", adjacency, x, self.in_features)
        projects_first = self.in_features >= self.out_features
        h = x @ self.weight if projects_first else x
        if self.norm in ("both", "left"):
            h = h * row_factors(adjacency, -2, -0.5 if self.norm == "both" else -1.0)
        h = adjacency @ h
        if self.norm in ("both", "right"):
            h = h * row_factors(adjacency, -1, -0.5 if self.norm == "both" else -1.0)
        h = h if projects_first else h @ self.weight
        return h if self.bias is None else h + self.bias

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return f"{self.in_features}, {self.out_features}, norm={self.norm!r}, bias={self.bias is not None}"
