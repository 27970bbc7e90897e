"""Chebyshev convolution: polynomials of the scaled Laplacian."""

from __future__ import annotations

from typing import NamedTuple, final

from torch import Tensor, nn
from torch.nn import functional

from ...errors import OptionError, ShapeError, check_choice, message
from ...graph import Adjacency
from .._arguments import Edges, check_edge_weight
from .._propagation import NORMS, Norm, Propagation, check_hops, in_sums, propagation
from .._square import resolve_square


@final
class ChebConv(nn.Module):
    """Sum of the first k Chebyshev polynomials of the scaled Laplacian, with a linear map for each.

    `out = sum over t = 0 .. k - 1 of T_t(L) x W_t^T + b`, with `T_0(L) x = x`, `T_1(L) x = L x`,
    `T_t(L) x = 2 L T_(t-1)(L) x - T_(t-2)(L) x`, `L = 2 / lambda_max * (I - S) - I` and
    `S[i, j] = sum over edges e = j -> i of edge_weight[e] / c(j, i)`

    where d_out and d_in are sums of edge weights (without them, numbers of edges) that leave and enter a node, and one that
    is not positive counts as 1:

        norm      c(j, i)
        "both"    sqrt(d_out(j) * d_in(i))
        "in"      sqrt(d_in(j) * d_in(i))
        "left"    d_out(j)
        "right"   d_in(i)
        "none"    1, and L = 2 / lambda_max * (D_in - S) - I

    *Shapes* `x: (num_nodes, *, in_features) -> (num_nodes, *, out_features)`; `edge_weight: (num_edges,)`;
    `lambda_max: () or (num_nodes,)`. Sources and targets are the same nodes.

    Args:
        k: number of polynomials; 1 looks at no edge.

    Raises:
        OptionError: in the constructor, if the norm does not exist or `k` is less than 1; in the call, if norm "none", whose
            eigenvalues have no common bound, comes without `lambda_max`.
        ShapeError: in the call, if features, edge weights or eigenvalues do not fit, or the graph is bipartite.

    *Source* Defferrard, Bresson and Vandergheynst, 2016, Convolutional Neural Networks on Graphs with Fast Localized Spectral
    Filtering, arXiv:1606.09375, equation 4.

    *Differs from the source* features of any width, a bias, directed graphs.
    *Differs from DGL* DGL is `norm="in"`, and applies relu unless told otherwise. Parameters are DGL's: `linear.weight` holds
    the maps W_0 to W_(k-1) side by side.
    *Differs from PyG* PyG's "sym" divides by sums of what leaves both ends, the same as here on graphs whose edges go both ways;
    its "rw" is `norm="left"`. It removes self loops first. `lins.*` load.

    *Cost* k - 1 times E x F reads, F the smaller of both widths. If the result is no wider than x, the recurrence runs
    backwards on projected features (Clenshaw): four tensors of N x out_features, and only x is kept for backward; otherwise
    each polynomial is kept, k - 1 tensors of N x in_features.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 1, 2]), torch.tensor([1, 0, 2, 1]), num_nodes=3)
    >>> layer = ChebConv(4, 2, 3)
    >>> layer(graph, torch.randn(3, 4), lambda_max=1.8).shape
    torch.Size([3, 2])
    """

    def __init__(self, in_features: int, out_features: int, k: int, *, norm: Norm = "both", bias: bool = True) -> None:
        super().__init__()
        check_choice("ChebConv", "norm", norm, NORMS)
        check_hops("ChebConv", k, 1)
        self.in_features, self.out_features, self.k, self.norm = in_features, out_features, k, norm
        self.linear = nn.Linear(in_features * k, out_features, bias=bias)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw each map from Glorot's uniform distribution and set the bias to 0."""
        for weight in self.linear.weight.detach().split(self.in_features, 1):
            nn.init.xavier_uniform_(weight)
        if self.linear.bias is not None:
            nn.init.zeros_(self.linear.bias)

    def forward(
        self, graph: Edges, x: Tensor, edge_weight: Tensor | None = None, *, lambda_max: float | Tensor | None = None
    ) -> Tensor:
        """Compute the new features of all nodes.

        Args:
            lambda_max: the highest eigenvalue of I - S, 2 if it is not known, or for each node that of its graph.
        """
        adjacency, x = resolve_square("ChebConv", graph, x, self.in_features)
        check_edge_weight("ChebConv", edge_weight, adjacency)
        scale = self._scale(adjacency, x, lambda_max)
        weights = self.linear.weight.split(self.in_features, 1)
        projects = self.out_features <= self.in_features
        last = functional.linear(x, weights[-1]) if projects else x
        laplacian = _laplacian(adjacency, last, edge_weight, self.norm, scale)
        return self._backwards(laplacian, x, weights, last) if projects else self._forwards(laplacian, x, weights)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return f"{self.in_features}, {self.out_features}, {self.k}, norm={self.norm!r}, bias={self.linear.bias is not None}"

    def _scale(self, adjacency: Adjacency, x: Tensor, lambda_max: float | Tensor | None) -> float | Tensor:
        """2 / lambda_max."""
        if lambda_max is None:
            if self.norm == "none":
                hint = "pass lambda_max, for instance of weft.graph's laplacian, or choose another norm"
                raise OptionError(message("ChebConv", '`lambda_max` with norm "none"', "none", hint))
            return 1.0
        if isinstance(lambda_max, Tensor) and lambda_max.shape not in ((), (adjacency.num_targets,)):
            form = f"`lambda_max` of shape () or ({adjacency.num_targets},)"
            raise ShapeError(
                message("ChebConv", form, str(tuple(lambda_max.shape)), "repeat it for the nodes of each graph")
            )
        return 2.0 / lambda_max

    def _forwards(self, laplacian: _Laplacian, x: Tensor, weights: tuple[Tensor, ...]) -> Tensor:
        out = functional.linear(x, weights[0], self.linear.bias)
        before, z = None, x
        for at, weight in enumerate(weights[1:]):
            before, z = z, laplacian.send(z, before, doubles=at > 0)
            # In place: a fresh N x F costs more than the addition, and no gradient reads what stood there.
            out.add_(functional.linear(z, weight))
        return out

    def _backwards(self, laplacian: _Laplacian, x: Tensor, weights: tuple[Tensor, ...], b: Tensor) -> Tensor:
        before = None
        for at in range(self.k - 2, -1, -1):
            following = laplacian.send(b, before, doubles=at > 0).add_(functional.linear(x, weights[at]))
            before, b = b, following
        return b if self.linear.bias is None else b.add_(self.linear.bias)


class _Laplacian(NamedTuple):
    """The scaled Laplacian: what nodes send, and the diagonal, which is None where it is 0."""

    once: Propagation
    twice: Propagation
    diagonal: float | Tensor | None

    def send(self, z: Tensor, before: Tensor | None, *, doubles: bool) -> Tensor:
        """L z, or 2 L z, less `before`."""
        h = self.twice(z) if doubles else self.once(z)
        if self.diagonal is not None:
            h.add_(z * (2 * self.diagonal if doubles else self.diagonal))
        return h if before is None else h.sub_(before)


def _laplacian(
    adjacency: Adjacency, x: Tensor, edge_weight: Tensor | None, norm: Norm, scale: float | Tensor
) -> _Laplacian:
    once, twice = (propagation(adjacency, x, edge_weight, norm, -scale * times) for times in (1, 2))
    diagonal: float | Tensor | None = scale - 1
    if norm == "none":
        diagonal = scale * in_sums(adjacency, edge_weight).to(x.dtype) - 1
    if isinstance(diagonal, Tensor):
        diagonal = diagonal.to(x.dtype).reshape(-1, *(1,) * (x.dim() - 1))
    return _Laplacian(once, twice, None if isinstance(diagonal, float) and diagonal == 0 else diagonal)
