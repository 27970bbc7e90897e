"""Convolution by a mixture of Gaussians over pseudo-coordinates of edges."""

from typing import Literal, final

import torch
from torch import Tensor, nn

from ...errors import ShapeError, check_choice, message
from ...graph import Adjacency
from .._apply_edges import apply_edges
from .._arguments import Edges, Features, Sizes, as_pair, check_edge_weight, resolve_ends
from .._attention import Residual, check_residual, residual_map, weighted
from .._formula import formula
from .._mixture import mix

Aggregator = Literal["sum", "mean", "max"]
AGGREGATORS = ("sum", "mean", "max")
Spread = Literal["inv_sigma", "sigma"]
SPREADS = ("inv_sigma", "sigma")

_EPSILON = 1e-15
_GAUSSIANS = formula(
    lambda source, target, edge, shared: torch.exp(
        ((edge["pseudo"] - shared["mu"]) * shared["inv_sigma"]).square().sum(-1) * -0.5
    )
)


@final
class GMMConv(nn.Module):
    """Sum over the neighbours of several linear maps of them, mixed by Gaussians of where they lie.

    `out[i] = b + residual(x[i]) + aggregate over edges e = j -> i of edge_weight[e] * sum over k of g[e, k] * W[k] x[j]`

    where the Gaussians of the pseudo-coordinates u are `g[e, k] = exp(-1/2 * sum over d of ((u[e, d] - mu[k, d]) *
    inv_sigma[k, d])^2)`.

    *Shapes* `x: (num_nodes, *, in_features)`, `pseudo: (num_edges, dim) -> (num_nodes, *, out_features)`, or a pair
    `(x_source: (num_sources, *, in_source), x_target: (num_targets, *, in_target))` with a row for each target;
    `edge_weight: (num_edges,)`. Without an edge the aggregate is 0.

    Args:
        in_features: one width, or (in_source, in_target), of which the second counts for a linear residual only.
        dim: number of pseudo-coordinates.
        num_kernels: the number of Gaussians and of matrices.
        aggregator: "sum", "mean" over the number of edges, or "max" elementwise.
        residual: adds x[i], through a linear map if the widths differ, or always with "linear".
        spread: whether the parameter is `inv_sigma`, or the deviation `sigma` (whose square is kept off 0 by 1e-15).

    Raises:
        OptionError: in the constructor, if options do not exist.
        ShapeError: in the call, if features, pseudo-coordinates or edge weights do not fit the graph or the layer.

    *Source* Monti, Boscaini, Masci, Rodolà, Svoboda and Bronstein, 2017, Geometric Deep Learning on Graphs and Manifolds
    using Mixture Model CNNs, arXiv:1611.08402 with diagonal covariances.

    *Differs from the source* "mean", "max", residual, edge weights and bipartite graphs are added; the pseudo-coordinates,
    which the source may compute by a small network, are given.
    *Differs from DGL* a node without edges is no error; edges may have weights; DGL's "max" is taken before the sum over the
    kernels. Parameters are DGL's: `mu`, `inv_sigma`, `fc.weight`, `bias`, `res_fc.weight`.
    *Differs from PyG* no Gaussians for each pair of channels (`separate_gaussians`); PyG's parameter is `spread="sigma"`,
    its root weight `residual="linear"`.

    *Cost* as that of reading E x F, where F is in_source if that is not above out_features ("sum" and "mean"), otherwise
    num_kernels * out_features; one tensor of E x num_kernels in each direction.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer = GMMConv(4, 2, dim=3, num_kernels=5)
    >>> layer(graph, torch.randn(3, 4), pseudo=torch.rand(4, 3)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        in_features: Sizes,
        out_features: int,
        *,
        dim: int,
        num_kernels: int,
        aggregator: Aggregator = "sum",
        residual: Residual = False,
        spread: Spread = "inv_sigma",
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_choice("GMMConv", "aggregator", aggregator, AGGREGATORS)
        check_choice("GMMConv", "spread", spread, SPREADS)
        check_residual("GMMConv", residual)
        self.in_features, self.out_features = in_features, out_features
        self.dim, self.num_kernels, self.aggregator = dim, num_kernels, aggregator
        self.residual, self.spread = residual, spread
        in_source, in_target = as_pair(in_features)
        self.mu = nn.Parameter(torch.empty(num_kernels, dim))
        self.register_parameter(spread, nn.Parameter(torch.empty(num_kernels, dim)))
        self.bias = nn.Parameter(torch.empty(out_features)) if bias else None
        self.fc = nn.Linear(in_source, num_kernels * out_features, bias=False)
        self.res_fc = residual_map(residual, in_target, out_features, False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights from Glorot's normal distribution, means from a normal one; spreads are 1 and the bias 0."""
        nn.init.normal_(self.mu, 0, 0.1)
        nn.init.ones_(getattr(self, self.spread))
        nn.init.xavier_normal_(self.fc.weight, gain=nn.init.calculate_gain("relu"))
        if isinstance(self.res_fc, nn.Linear):
            nn.init.xavier_normal_(self.res_fc.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, graph: Edges, x: Features, edge_weight: Tensor | None = None, *, pseudo: Tensor) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, x_source, x_target = resolve_ends("GMMConv", graph, x, as_pair(self.in_features))
        check_edge_weight("GMMConv", edge_weight, adjacency)
        gaussians = self._gaussians(adjacency, pseudo)
        gaussians = gaussians if edge_weight is None else weighted(gaussians, edge_weight)
        out = mix(adjacency, x_source, gaussians, self.fc.weight, self.aggregator)
        for term in (None if self.res_fc is None else self.res_fc(x_target), self.bias):
            if term is not None:
                # In place where no gradient reads what stood there: a fresh N x F costs more than the addition.
                out = out + term.to(out.dtype) if self.aggregator == "max" else out.add_(term)
        return out

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return (
            f"{self.in_features}, {self.out_features}, dim={self.dim}, num_kernels={self.num_kernels}, "
            f"aggregator={self.aggregator!r}, residual={self.residual!r}, spread={self.spread!r}, "
            f"bias={self.bias is not None}"
        )

    def _gaussians(self, adjacency: Adjacency, pseudo: Tensor) -> Tensor:
        """A number for each edge and kernel."""
        if pseudo.shape != (adjacency.num_edges, self.dim):
            form = f"`pseudo` of shape ({adjacency.num_edges}, {self.dim})"
            raise ShapeError(message("GMMConv", form, str(tuple(pseudo.shape))))
        spread: Tensor = getattr(self, self.spread)
        inv_sigma = spread if self.spread == "inv_sigma" else (spread.square() + _EPSILON).rsqrt()
        shared = {"mu": self.mu, "inv_sigma": inv_sigma}
        found = apply_edges(adjacency, _GAUSSIANS, edge={"pseudo": pseudo.unsqueeze(1)}, shared=shared)
        assert isinstance(found, Tensor), "the formula gives one value"
        return found
