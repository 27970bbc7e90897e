"""Crystal graph convolution: a gate times a softplus of both ends and the edge, added to the node."""

from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import check_choice
from .._aggregate import aggregate
from .._arguments import Edges, Features, Reduce, Sizes, as_pair, resolve_ends
from .._edge_inputs import optional_edge_features, projects_at_once
from .._formula import formula
from .._reset import reset_inside

AGGREGATORS = ("sum", "mean", "max")


@final
class CGConv(nn.Module):
    """Each node plus the sum over its edges of a gate times a softplus of both ends and the edge.

    `out[i] = x[i] + norm(sum over edges e = j -> i of sigmoid(W_f z[e] + b_f) * softplus(W_s z[e] + b_s))`

    with z[e] = [x[i], x[j], edge_features[e]], and norm batch normalisation, or nothing.

    *Shapes* `x: (num_nodes, *, in_features) -> (num_targets, *, in_features)`, or a pair `(x_source: (num_sources, *,
    in_source), x_target: (num_targets, *, in_target))`, where the result has in_target columns; `edge_features: (num_edges,
    *, edge_features)`. With batch normalisation there are no dimensions between. Without an edge the sum is 0.

    Args:
        edge_features: their width, if there are any.
        aggregator: "sum", "mean" or "max".
        batch_norm: normalises the sums over the nodes.

    Raises:
        OptionError: in the constructor, if the aggregator does not exist; in the call, if edge features are missing, or
            there without the option.
        ShapeError: in the call, if features do not fit the graph or the layer.

    *Source* Xie and Grossman, 2018, Crystal Graph Convolutional Neural Networks for an Accurate and Interpretable
    Prediction of Material Properties, doi:10.1103/PhysRevLett.120.145301, equation 5.

    *Differs from the source* no softplus behind it, and its normalisation of z[e] is not there; other aggregators.
    *Differs from PyG* nothing: parameters are `lin_f.*`, `lin_s.*`, `bn.*`.

    *Cost* W_f and W_s are applied per node, in three parts. E x 4 F reads in one pass without a tensor of that size; edge
    features are projected beforehand where E x in_target numbers fit into `weft.settings.chunk_bytes`, and otherwise in chunks,
    forward and again in backward.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> CGConv(4, edge_features=2)(graph, torch.randn(3, 4), edge_features=torch.randn(3, 2)).shape
    torch.Size([3, 4])
    """

    def __init__(
        self,
        in_features: Sizes,
        *,
        edge_features: int | None = None,
        aggregator: Reduce = "sum",
        batch_norm: bool = False,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_choice("CGConv", "aggregator", aggregator, AGGREGATORS)
        self.in_features, self.edge_features, self.aggregator = in_features, edge_features, aggregator
        in_source, in_target = as_pair(in_features)
        width = in_source + in_target + (edge_features or 0)
        self.lin_f, self.lin_s = nn.Linear(width, in_target, bias=bias), nn.Linear(width, in_target, bias=bias)
        self.bn = nn.BatchNorm1d(in_target) if batch_norm else None

    def reset_parameters(self) -> None:
        """Draw linear maps as torch does, and let the norm begin anew."""
        reset_inside(*self.children())

    def forward(self, graph: Edges, x: Features, *, edge_features: Tensor | None = None) -> Tensor:
        """Compute the new features of all targets."""
        in_source, in_target = as_pair(self.in_features)
        adjacency, x_source, x_target = resolve_ends("CGConv", graph, x, (in_source, in_target))
        edge_features = optional_edge_features("CGConv", edge_features, adjacency, self.edge_features)
        given: dict[str, dict[str, Tensor]] = {"source": {}, "target": {}, "edge": {}, "shared": {}}
        widths, rule = (in_target, in_source, self.edge_features or 0), _OF_ENDS
        if edge_features is not None:
            rule = _PROJECTED if projects_at_once(edge_features, in_target) else _WITH_EDGES
        for name, lin in (("f", self.lin_f), ("s", self.lin_s)):
            of_target, of_source, of_edge = lin.weight.split(widths, 1)
            given["target"][name] = functional.linear(x_target, of_target, lin.bias)
            given["source"][name] = functional.linear(x_source, of_source)
            if edge_features is not None and rule is _PROJECTED:
                given["edge"][name] = functional.linear(edge_features, of_edge)
            elif edge_features is not None:
                given["edge"], given["shared"][name] = {"e": edge_features}, of_edge
        h = aggregate(adjacency, rule, reduce=self.aggregator, **given)
        h = h if self.bn is None else self.bn(h)
        return x_target.to(h.dtype) + h

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        has = f"batch_norm={self.bn is not None}, bias={self.lin_f.bias is not None}"
        return f"{self.in_features}, edge_features={self.edge_features}, aggregator={self.aggregator!r}, {has}"


def _gated(f: Any, s: Any) -> Any:
    # softplus: of s up to 20 the logarithm, whose exponential cannot overflow, and from there on a line.
    return torch.sigmoid(f) * (torch.log(torch.exp(20 - torch.relu(20 - s)) + 1) + torch.relu(s - 20))


def _with_edges(source: Any, target: Any, edge: Any, shared: Any) -> Tensor:
    f, s = (_of_edge(source[name] + target[name], edge["e"], shared[name]) for name in ("f", "s"))
    return torch.sigmoid(f) * functional.softplus(s)


def _of_edge(ends: Tensor, e: Tensor, weight: Tensor) -> Tensor:
    # In one step with the product, which saves a pass over all values.
    return torch.addmm(ends.flatten(0, -2), e.flatten(0, -2), weight.T).reshape(ends.shape)


_OF_ENDS = formula(lambda source, target: _gated(source["f"] + target["f"], source["s"] + target["s"]))
_PROJECTED = formula(
    lambda source, target, edge: _gated(source["f"] + target["f"] + edge["f"], source["s"] + target["s"] + edge["s"])
)
_WITH_EDGES = formula(_with_edges, trace=False)
