"""Crystal graph convolution: a gate times a softplus of both ends and the edge, added to the node."""

from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import check_choice
from .._aggregate import aggregate
from .._arguments import Edges, Features, Reduce, Sizes, as_pair, resolve_ends
from .._edge_inputs import optional_edge_features
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
    features are projected in chunks, forward and again in backward where they do not fit into one.

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
        weight = torch.cat((self.lin_f.weight, self.lin_s.weight))
        bias = None if self.lin_f.bias is None else torch.cat((self.lin_f.bias, self.lin_s.bias))
        of_target = functional.linear(x_target, weight[:, :in_target], bias)
        of_source = functional.linear(x_source, weight[:, in_target : in_target + in_source])
        if edge_features is None:
            names = ("f", "s")
            source, target = (dict(zip(names, h.chunk(2, -1), strict=True)) for h in (of_source, of_target))
            h = aggregate(adjacency, _PLAIN, reduce=self.aggregator, source=source, target=target)
        else:
            ends: dict[str, Any] = {"source": {"z": of_source}, "target": {"z": of_target}}
            ends |= {"edge": {"e": edge_features}, "shared": {"weight": weight[:, in_target + in_source :]}}
            h = aggregate(adjacency, _WITH_EDGES, reduce=self.aggregator, **ends)
        h = h if self.bn is None else self.bn(h)
        return x_target.to(h.dtype) + h

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        has = f"batch_norm={self.bn is not None}, bias={self.lin_f.bias is not None}"
        return f"{self.in_features}, edge_features={self.edge_features}, aggregator={self.aggregator!r}, {has}"


def _plain(source: Any, target: Any) -> Any:
    gate, s = torch.sigmoid(source["f"] + target["f"]), source["s"] + target["s"]
    # softplus: of s up to 20 the logarithm, whose exponential cannot overflow, and from there on a line.
    return gate * (torch.log(torch.exp(20 - torch.relu(20 - s)) + 1) + torch.relu(s - 20))


def _with_edges(source: Any, target: Any, edge: Any, shared: Any) -> Tensor:
    ends = source["z"] + target["z"]
    # In one step with the product, which saves a pass over all values.
    z = torch.addmm(ends.flatten(0, -2), edge["e"].flatten(0, -2), shared["weight"].T).reshape(ends.shape)
    gate, s = z.chunk(2, -1)
    return torch.sigmoid(gate) * functional.softplus(s)


_PLAIN = formula(_plain)
_WITH_EDGES = formula(_with_edges, trace=False)
