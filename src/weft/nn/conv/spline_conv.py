"""Spline convolution: a matrix for each edge that B-splines interpolate between those of a grid."""

import itertools
import math
from typing import Literal, final

import torch
from torch import Tensor, nn

from ...errors import OptionError, ShapeError, check_choice, message
from ...ops import Structure, relational_aggregate
from .._arguments import Edges, Features, Sizes, as_pair, resolve_ends

AGGREGATORS = ("mean", "sum")


@final
class SplineConv(nn.Module):
    """The mean of the neighbours, each times a matrix that B-splines interpolate at the coordinates of its edge.

    `out[i] = W x[i] + b + mean over edges e = j -> i of sum over p of B[p](pseudo[e]) * x[j] @ weight[p]`

    where p are the points of a grid of `kernel_size` in each of `dim` dimensions, the first running fastest, and B[p](u) is
    the product over the dimensions of B-splines of degree `degree` on equal knots, of which degree + 1 are not 0.

    *Shapes* `x: (num_nodes, in_features) -> (num_targets, out_features)`, or a pair `(x_source: (num_sources, in_source),
    x_target: (num_targets, in_target))`; `pseudo: (num_edges, dim)`, from 0 to 1. Without an edge the mean is 0.

    Args:
        dim: number of coordinates.
        kernel_size: points of the grid in every dimension, or in each.
        degree: 1, 2 or 3.
        is_open: whether the ends of the grid are ends; otherwise they meet, as for angles. For all or each dimension.
        aggregator: "mean" or "sum".
        root_weight: adds W x[i].

    Raises:
        OptionError: in the constructor, if options do not exist or do not fit each other.
        ShapeError: in the call, if inputs do not fit the graph or the layer.

    *Source* Fey, Lenssen, Weichert and Müller, 2018, SplineCNN: Fast Geometric Deep Learning with Continuous B-Spline
    Kernels, arXiv:1711.08920, equations 2 to 4.

    *Differs from the source* W x[i] may be left out.
    *Differs from PyG* no maximum. Parameters are PyG's: `weight`, `lin.weight`, `bias`; its buffers are options here.

    *Cost* E x (degree + 1)^dim numbers, and that many times the reads of `weft.ops.relational_aggregate`; no tensor of
    size E x features.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> SplineConv(4, 2, dim=2, kernel_size=3)(graph, torch.randn(3, 4), pseudo=torch.rand(3, 2)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        in_features: Sizes,
        out_features: int,
        *,
        dim: int,
        kernel_size: int | tuple[int, ...],
        degree: Literal[1, 2, 3] = 1,
        is_open: bool | tuple[bool, ...] = True,
        aggregator: Literal["mean", "sum"] = "mean",
        root_weight: bool = True,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_choice("SplineConv", "aggregator", aggregator, AGGREGATORS)
        if degree not in (1, 2, 3):
            raise OptionError(message("SplineConv", "`degree` of 1, 2 or 3", repr(degree)))
        self.kernel_size = kernel_size if isinstance(kernel_size, tuple) else (kernel_size,) * dim
        self.is_open = is_open if isinstance(is_open, tuple) else (is_open,) * dim
        if len(self.kernel_size) != dim or len(self.is_open) != dim or min(self.kernel_size) <= degree:
            form = f"`kernel_size` above {degree} and `is_open` for {dim} dimensions"
            raise OptionError(message("SplineConv", form, f"{self.kernel_size} and {self.is_open}"))
        self.in_features, self.out_features = in_features, out_features
        self.dim, self.degree, self.aggregator = dim, degree, aggregator
        in_source, in_target = as_pair(in_features)
        self.weight = nn.Parameter(torch.empty(math.prod(self.kernel_size), in_source, out_features))
        self.lin = nn.Linear(in_target, out_features, bias=False) if root_weight else None
        self.bias = nn.Parameter(torch.empty(out_features)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights evenly, within 1 / sqrt of what a result adds up, and set the bias to 0."""
        bound = (self.weight.shape[0] * self.weight.shape[1]) ** -0.5
        nn.init.uniform_(self.weight, -bound, bound)
        if self.lin is not None:
            self.lin.reset_parameters()
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, graph: Edges, x: Features, *, pseudo: Tensor) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, x_source, x_target = resolve_ends("SplineConv", graph, x, as_pair(self.in_features))
        if pseudo.shape != (adjacency.num_edges, self.dim) or x_source.dim() != 2:
            form = f"`pseudo` of shape ({adjacency.num_edges}, {self.dim}) and features of two dimensions"
            raise ShapeError(message("SplineConv", form, f"{tuple(pseudo.shape)} and {tuple(x_source.shape)}"))
        basis, point = self._splines(pseudo)
        rows = _repeated(adjacency.by_target, basis.shape[1])
        kinds = point.flatten().to(rows.source.dtype)
        weight = self.weight.to(x_source.dtype)
        h = relational_aggregate(
            rows, x_source, weight, edge_type=kinds, edge_weight=basis.flatten().to(x_source.dtype)
        )
        if torch.is_autocast_enabled(h.device.type):
            h = h.to(torch.get_autocast_dtype(h.device.type))
        if self.aggregator == "mean":
            h = h / adjacency.in_degrees().clamp(min=1).unsqueeze(-1)
        if self.lin is not None:
            h = h + self.lin(x_target)
        return h if self.bias is None else h + self.bias.to(h.dtype)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        options = f"dim={self.dim}, kernel_size={self.kernel_size}, degree={self.degree}, is_open={self.is_open}"
        return f"{self.in_features}, {self.out_features}, {options}, aggregator={self.aggregator!r}"

    def _splines(self, pseudo: Tensor) -> tuple[Tensor, Tensor]:
        """Factors that are not 0 and their points of the grid, `(num_edges, (degree + 1)^dim)` each."""
        basis: list[Tensor] = []
        point: list[Tensor] = []
        stride = 1
        for at, (size, is_open) in enumerate(zip(self.kernel_size, self.is_open, strict=True)):
            u = pseudo[:, at] * (size - self.degree if is_open else size)
            first = u.detach().floor()
            factors = _factors(u - first, self.degree)
            places = [(first.long() + step).remainder(size) * stride for step in range(self.degree + 1)]
            basis = [a * b for a, b in itertools.product(basis, factors)] if at else factors
            point = [a + b for a, b in itertools.product(point, places)] if at else places
            stride *= size
        return torch.stack(basis, 1), torch.stack(point, 1)


def _factors(f: Tensor, degree: int) -> list[Tensor]:
    """The B-splines that are not 0 between two knots, at a share f of the way."""
    if degree == 1:
        return [1 - f, f]
    if degree == 2:
        return [(1 - f) ** 2 / 2, f - f**2 + 0.5, f**2 / 2]
    return [(1 - f) ** 3 / 6, (3 * f**3 - 6 * f**2 + 4) / 6, (-3 * f**3 + 3 * f**2 + 3 * f + 1) / 6, f**3 / 6]


def _repeated(rows: Structure, times: int) -> Structure:
    """Every edge so many times in a row, with ids from `times` times its own on; the transposed as well."""
    edge = rows.edge
    if edge is not None:
        edge = (edge.unsqueeze(1) * times + torch.arange(times, device=edge.device, dtype=edge.dtype)).flatten()
    source = rows.source.unsqueeze(1).expand(-1, times).flatten()
    back = rows.transposed
    return Structure(rows.indptr * times, source, edge, None if back is None else _repeated(back, times))
