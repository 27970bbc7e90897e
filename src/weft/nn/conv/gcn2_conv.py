"""Graph convolution with an initial residual and a weight near the identity (GCNII)."""

import math
from typing import Literal, final

import torch
from torch import Tensor, nn

from ...errors import OptionError, ShapeError, check_choice, message
from ...ops import spmm
from .._arguments import Edges, Features, check_edge_weight, resolve_sources
from .._propagation import symmetric_factors

Norm = Literal["both", "none"]
NORMS = ("both", "none")


@final
class GCN2Conv(nn.Module):
    """Sum of the neighbours' features, mixed with those of the first layer, times a weight near the identity.

    With beta = log(theta / layer + 1), and c(j, i) = 1 / sqrt(d_out(j) * d_in(i)), or 1 for the norm "none":

        p[i]   = sum over edges e = j -> i of c(j, i) * edge_weight[e] * x[j]
        out[i] = ((1 - alpha) * p[i] + alpha * x_initial[i]) ((1 - beta) I + beta * weight1)  + bias

    With `shared_weights=False` the initial features have the matrix `weight2` in the place of `weight1`.

    *Shapes* `x: (num_nodes, *, in_features)`, `x_initial: (num_nodes, *, in_features) -> (num_nodes, *, in_features)`;
    `edge_weight: (num_edges,)`. On a bipartite graph x has a row for each source, x_initial one for each target; of a
    pair `(x_source, x_target)` only the first is read. A node that no edge enters keeps its initial features alone.

    Args:
        layer: the number of this layer in the model, from 1; later layers are nearer to the identity.
        alpha: share of the initial features.
        theta: how far weights are from the identity.
        shared_weights: one matrix for both parts; two are the variant GCNII* of the source.

    Raises:
        OptionError: in the constructor, if options do not exist, or `layer` or `theta` is not positive.
        ShapeError: in the call, if features or edge weights do not fit the graph or the layer.

    *Source* Chen, Wei, Huang, Ding and Li, 2020, Simple and Deep Graph Convolutional Networks, arXiv:2007.02133,
    equation 5; section 3 for GCNII*.

    *Differs from the source* no activation and no self loops: both are the caller's. Bias, edge weights and bipartite
    graphs are added; edge weights multiply the messages and never change the degrees, which are out-degrees of sources
    and in-degrees of targets.
    *Differs from DGL* x_initial is a keyword behind `edge_weight`, which does not switch the norm off; DGL takes in-degrees
    for both ends. `theta` is its `lambda_`. Parameters are DGL's: `weight1`, `weight2`, `bias`.
    *Differs from PyG* it adds self loops unless told otherwise, has no bias, and edge weights change its degrees.

    *Cost* E x in_features reads and one product of N x in_features x in_features (two with two weights). The identity is
    added to the matrix, not to the features.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer, x = GCN2Conv(4, 1, alpha=0.5), torch.randn(3, 4)
    >>> layer(graph, x, x_initial=x).shape
    torch.Size([3, 4])
    """

    def __init__(
        self,
        in_features: int,
        layer: int,
        *,
        alpha: float = 0.1,
        theta: float = 1.0,
        shared_weights: bool = True,
        norm: Norm = "both",
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_choice("GCN2Conv", "norm", norm, NORMS)
        if layer < 1 or theta <= 0:
            raise OptionError(message("GCN2Conv", "`layer` from 1 and `theta` above 0", f"{layer} and {theta}"))
        self.in_features, self.layer, self.alpha, self.theta, self.norm = in_features, layer, alpha, theta, norm
        self.beta = math.log(theta / layer + 1)
        self.weight1 = nn.Parameter(torch.empty(in_features, in_features))
        self.weight2 = None if shared_weights else nn.Parameter(torch.empty(in_features, in_features))
        self.bias = nn.Parameter(torch.empty(in_features)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights from a normal distribution of variance 1 / in_features and set the bias to 0."""
        for weight in (self.weight1, self.weight2):
            if weight is not None:
                nn.init.normal_(weight, std=self.in_features**-0.5)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, graph: Edges, x: Features, edge_weight: Tensor | None = None, *, x_initial: Tensor) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, h = resolve_sources("GCN2Conv", graph, x, self.in_features)
        check_edge_weight("GCN2Conv", edge_weight, adjacency)
        shape = (adjacency.num_targets, *h.shape[1:])
        if x_initial.shape != shape:
            raise ShapeError(message("GCN2Conv", f"`x_initial` of shape {shape}", str(tuple(x_initial.shape))))
        by_source, by_target = None, torch.ones(shape[0], dtype=h.dtype, device=h.device)
        if self.norm == "both":
            by_source, by_target = symmetric_factors(adjacency, h.dtype)
        h = spmm(adjacency.by_target, h, edge_weight, "sum", by_source, (1 - self.alpha) * by_target)
        # In place: a fresh N x F costs more than the addition, and no gradient reads what stood there.
        if self.weight2 is None:
            h = h.add_(x_initial, alpha=self.alpha) @ self._near_identity(self.weight1)
        else:
            initial = x_initial @ (self.alpha * self._near_identity(self.weight2))
            h = (h @ self._near_identity(self.weight1)).add_(initial)
        return h if self.bias is None else h.add_(self.bias)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return (
            f"{self.in_features}, {self.layer}, alpha={self.alpha}, theta={self.theta}, "
            f"shared_weights={self.weight2 is None}, norm={self.norm!r}, bias={self.bias is not None}"
        )

    def _near_identity(self, weight: Tensor) -> Tensor:
        eye = torch.eye(self.in_features, dtype=weight.dtype, device=weight.device)
        return torch.lerp(eye, weight, self.beta)
