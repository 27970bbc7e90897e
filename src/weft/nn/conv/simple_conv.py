"""An aggregate of the neighbours, without parameters."""

from typing import Literal, final

import torch
from torch import Tensor, nn

from ...errors import check_choice
from .._aggregate import aggregate
from .._arguments import Edges, Features, as_pair, check_edge_weight, resolve_ends, resolve_sources, width_of
from .._formula import formula

Aggregator = Literal["sum", "mean", "max", "min", "mul", "var", "std"]
AGGREGATORS = ("sum", "mean", "max", "min", "mul", "var", "std")
Combine = Literal["none", "sum", "cat"]

_sent = formula(lambda source: source["x"])
_weighted = formula(lambda source, target, edge: source["x"] * edge["w"])


@final
class SimpleConv(nn.Module):
    """An aggregate of the neighbours' features, alone, plus or beside a node's own.

    `n(i) = aggregate over edges e = j -> i of edge_weight[e] * x[j]`, and

        combine   out[i]
        "none"    n(i)
        "sum"     x[i] + n(i)
        "cat"     x[i] beside n(i)

    *Shapes* `x: (num_nodes, *, in_features) -> (num_nodes, *, in_features)`, with "cat" of twice that width, or a pair
    `(x_source: (num_sources, *, in_features), x_target: (num_targets, *, in_features))`, which gives a row for each
    target; `edge_weight: (num_edges,)`. n(i) is 0 if no edge enters i. With "none" a bipartite graph needs no `x_target`.

    Args:
        aggregator: "sum", "mean", "var" and "std" (over the number of edges), "max", "min" or "mul", elementwise.

    Raises:
        OptionError: in the constructor, if options do not exist.
        ShapeError: in the call, if features or edge weights do not fit the graph.

    *Source* Scarselli, Gori, Tsoi, Hagenbuchner and Monfardini, 2009, The Graph Neural Network Model,
    doi:10.1109/TNN.2008.2005605, of which it is the sum over neighbours alone.

    *Differs from the source* nothing is learned.
    *Differs from PyG* a product over no neighbours is 0, not 1. `combine_root="self_loop"` is "none" on a graph with self
    loops, which the caller adds.

    *Cost* E x F reads, one tensor of N x F.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> SimpleConv("max", combine="cat")(graph, torch.tensor([[1.0], [2.0], [3.0]]))
    tensor([[1., 3.],
            [2., 1.],
            [3., 2.]])
    """

    def __init__(self, aggregator: Aggregator = "sum", *, combine: Combine = "none") -> None:
        super().__init__()
        check_choice("SimpleConv", "aggregator", aggregator, AGGREGATORS)
        check_choice("SimpleConv", "combine", combine, ("none", "sum", "cat"))
        self.aggregator, self.combine = aggregator, combine

    def forward(self, graph: Edges, x: Features, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all targets."""
        if self.combine == "none":
            adjacency, x_source = resolve_sources("SimpleConv", graph, x, width_of(x))
        else:
            adjacency, x_source, x_target = resolve_ends("SimpleConv", graph, x, as_pair(width_of(x)))
        check_edge_weight("SimpleConv", edge_weight, adjacency)
        if self.aggregator in ("sum", "mean", "max", "min"):
            weight = None if edge_weight is None else edge_weight.to(x_source.dtype)
            # Nothing is multiplied by a matrix, so that autocast has no say.
            with torch.autocast(x_source.device.type, enabled=False):
                h = aggregate(adjacency, x_source, weight, reduce=self.aggregator)
        else:
            edge = None if edge_weight is None else {"w": edge_weight.reshape(-1, *(1,) * (x_source.dim() - 1))}
            sent = _sent if edge is None else _weighted
            h = aggregate(adjacency, sent, reduce=self.aggregator, source={"x": x_source}, edge=edge)
        if self.combine == "none":
            return h
        return h + x_target if self.combine == "sum" else torch.cat((x_target, h), -1)

    def extra_repr(self) -> str:
        """The options, as in the constructor."""
        return f"{self.aggregator!r}, combine={self.combine!r}"
