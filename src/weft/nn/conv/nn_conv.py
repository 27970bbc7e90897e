"""Edge-conditioned convolution: a network makes a matrix for each edge."""

from typing import Any, Literal, final

import torch
from torch import Tensor, nn

from ...errors import OptionError, ShapeError, check_choice, message
from ...graph import Adjacency
from .._aggregate import aggregate
from .._arguments import Edges, Features, Reduce, Sizes, as_pair, resolve_ends
from .._edge_inputs import check_edge_features
from .._formula import formula
from .._last_map import LastMap, last_map, reduce_products

AGGREGATORS = ("mean", "sum", "max")


@final
class NNConv(nn.Module):
    """Neighbours times matrices that a network makes of the features of the edges, reduced.

    `out[i] = b + residual(x[i]) + reduce over edges e = j -> i of x[j] @ A[e]`, where A[e] is
    `network(edge_features[e])` as a matrix of (in_source, out_features)

    *Shapes* `x: (num_nodes, in_features) -> (num_targets, out_features)`, or a pair `(x_source: (num_sources, in_source),
    x_target: (num_targets, in_target))`; `edge_features: (num_edges, *)`, whatever the network takes. Without an edge the
    reduction is 0.

    Args:
        in_features: one width, or (in_source, in_target).
        network: from the features of edges to in_source * out_features.
        aggregator: "mean", "sum" or "max".
        residual: True adds x[i], through a linear map without bias if the widths differ; "linear" always through one.

    Raises:
        OptionError: in the constructor, if an option has no such value.
        ShapeError: in the call, if features do not fit the graph or the layer, or the network gives another width.

    *Source* Gilmer, Schoenholz, Riley, Vinyals and Dahl, 2017, Neural Message Passing for Quantum Chemistry,
    arXiv:1704.01212, section 5, "edge network"; Simonovsky and Komodakis, 2017, arXiv:1704.02901, equation 1.

    *Differs from the source* no recurrent unit behind it; the mean is the second paper's.
    *Differs from DGL* its "max" is taken before the sum over the input features, of each product. Parameters are DGL's:
    `edge_func.*`, `res_fc.weight`, `bias`.
    *Differs from PyG* its linear map of the node itself, `lin.weight`, is that of `residual="linear"`; the sum is not the
    default.

    *Cost* where the network is a linear map, or a sequence that ends with one, from K numbers, the sum of K x in_source
    products over the edges of a target comes first, and the map behind it: E x K x in_source products and N of its size. For
    "max", or another network, E matrices in chunks of edges, forward and again in backward. In either case the matrices of
    all edges are never in memory.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> layer = NNConv(4, 2, torch.nn.Linear(5, 8))
    >>> layer(graph, torch.randn(3, 4), edge_features=torch.randn(3, 5)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        in_features: Sizes,
        out_features: int,
        network: nn.Module,
        *,
        aggregator: Reduce = "mean",
        residual: bool | Literal["linear"] = False,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_choice("NNConv", "aggregator", aggregator, AGGREGATORS)
        if residual not in (False, True, "linear"):
            raise OptionError(message("NNConv", '`residual` to be True, False or "linear"', repr(residual)))
        self.in_features, self.out_features = in_features, out_features
        self.aggregator, self.residual = aggregator, residual
        in_target = as_pair(in_features)[1]
        self.edge_func = network
        self.res_fc: nn.Module | None = None
        if residual:
            is_linear = residual == "linear" or in_target != out_features
            self.res_fc = nn.Linear(in_target, out_features, bias=False) if is_linear else nn.Identity()
        self.bias = nn.Parameter(torch.empty(out_features)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the residual's weight from Glorot's normal distribution and set the bias to 0; the network keeps its own."""
        if isinstance(self.res_fc, nn.Linear):
            nn.init.xavier_normal_(self.res_fc.weight, gain=nn.init.calculate_gain("relu"))
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, graph: Edges, x: Features, *, edge_features: Tensor) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, x_source, x_target = resolve_ends("NNConv", graph, x, as_pair(self.in_features))
        width = edge_features.shape[-1] if edge_features.dim() > 1 else 1
        edge_features = edge_features.unsqueeze(-1) if edge_features.dim() == 1 else edge_features
        check_edge_features("NNConv", edge_features, adjacency, width)
        last = None if self.aggregator == "max" or edge_features.dim() != 2 else last_map(self.edge_func)
        if last is None:
            h = self._by_edge(adjacency, x_source, edge_features)
        else:
            h = self._by_target(adjacency, x_source, edge_features, last)
        if self.res_fc is not None:
            h = h + self.res_fc(x_target).to(h.dtype)
        return h if self.bias is None else h + self.bias.to(h.dtype)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        options = f"aggregator={self.aggregator!r}, residual={self.residual!r}, bias={self.bias is not None}"
        return f"{self.in_features}, {self.out_features}, {options}"

    def _by_edge(self, adjacency: Adjacency, x: Tensor, edge_features: Tensor) -> Tensor:
        """A matrix for each edge."""
        shared = {"network": self.edge_func}
        ends: dict[str, Any] = {"source": {"x": x}, "edge": {"e": edge_features}, "shared": shared}
        h = aggregate(adjacency, _PRODUCTS, reduce=self.aggregator, **ends)
        self._check_width(x, h.shape[-1])
        return h

    def _by_target(self, adjacency: Adjacency, x: Tensor, edge_features: Tensor, last: LastMap) -> Tensor:
        """The last map of the network behind the reduction, which is linear as well."""
        weight, bias = last.linear.weight, last.linear.bias
        width = x.shape[-1]
        _check_multiple(width, (weight.shape[0],))
        self._check_width(x, weight.shape[0] // width)
        maps = weight.reshape(width, self.out_features, -1).permute(2, 0, 1)
        h = reduce_products(adjacency, x, edge_features, maps, last.steps, self.aggregator)
        if bias is None:
            return h
        plain = aggregate(adjacency, x, reduce=self.aggregator) @ bias.reshape(width, -1).to(x.dtype)
        return h + plain.to(h.dtype)

    def _check_width(self, x: Tensor, found: int) -> None:
        if found != self.out_features:
            form = f"a network that gives {x.shape[-1]} * {self.out_features} numbers for an edge"
            raise ShapeError(message("NNConv", form, f"{x.shape[-1]} * {found}"))


def _check_multiple(width: int, shape: tuple[int, ...]) -> None:
    if shape[-1] % width:
        form = f"a network that gives {width} numbers for each feature of the result"
        raise ShapeError(message("NNConv", form, str(shape)))


def _products(source: Any, target: Any, edge: Any, shared: Any) -> Tensor:
    """Rows of the source times the matrices of the edges."""
    x, matrices = source["x"], shared["network"](edge["e"])
    _check_multiple(x.shape[-1], tuple(matrices.shape[1:]))
    return torch.bmm(x.unsqueeze(1), matrices.view(x.shape[0], x.shape[-1], matrices.shape[-1] // x.shape[-1])).squeeze(
        1
    )


_PRODUCTS = formula(_products, trace=False)
