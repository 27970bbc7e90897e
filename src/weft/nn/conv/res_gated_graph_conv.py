"""Residual gated graph convolution: each feature of a neighbour has a gate that both ends decide."""

from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from .._aggregate import aggregate
from .._arguments import Edges, Features, Sizes, as_pair, resolve_ends
from .._edge_inputs import optional_edge_features, projects_at_once
from .._formula import formula
from .._reset import reset_inside


@final
class ResGatedGraphConv(nn.Module):
    """A linear map of each node plus the sum of its neighbours, each feature times a gate.

    `out[i] = W_skip x[i] + b + sum over edges e = j -> i of sigmoid(key[i] + query[j]) * value[j]`

    where key, query and value are linear maps with biases; with edge features key is one of [x[i], edge_features[e]], query
    and value are maps of [x[j], edge_features[e]].

    *Shapes* `x: (num_nodes, *, in_features) -> (num_targets, *, out_features)`, or a pair `(x_source: (num_sources, *,
    in_source), x_target: (num_targets, *, in_target))`; `edge_features: (num_edges, *, edge_features)`. Without an edge the
    sum is 0.

    Args:
        edge_features: their width, if there are any.
        root_weight: adds W_skip x[i].

    Raises:
        OptionError: in the call, if edge features are missing, or there without the option.
        ShapeError: in the call, if features do not fit the graph or the layer.

    *Source* Bresson and Laurent, 2017, Residual Gated Graph ConvNets, arXiv:1711.07553, equations 10 to 12.

    *Differs from the source* no activation, normalisation or residual, which stand behind it; edge features are added.
    *Differs from PyG* the gate is always a sigmoid. Parameters are PyG's: `lin_key.*`, `lin_query.*`, `lin_value.*`,
    `lin_skip.weight`, `bias`.

    *Cost* all maps are per node. E x 3 out_features reads in one pass, without a tensor of that size; edge features are
    projected beforehand where E x out_features numbers fit into `weft.settings.chunk_bytes`, and otherwise in chunks,
    forward and again in backward.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> ResGatedGraphConv(4, 2)(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        in_features: Sizes,
        out_features: int,
        *,
        edge_features: int | None = None,
        root_weight: bool = True,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.in_features, self.out_features, self.edge_features = in_features, out_features, edge_features
        (in_source, in_target), more = as_pair(in_features), edge_features or 0
        self.lin_key = nn.Linear(in_target + more, out_features)
        self.lin_query = nn.Linear(in_source + more, out_features)
        self.lin_value = nn.Linear(in_source + more, out_features)
        self.lin_skip = nn.Linear(in_target, out_features, bias=False) if root_weight else None
        self.bias = nn.Parameter(torch.empty(out_features)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw linear maps as torch does and set the bias to 0."""
        reset_inside(*self.children())
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, graph: Edges, x: Features, *, edge_features: Tensor | None = None) -> Tensor:
        """Compute the new features of all targets."""
        in_source, in_target = as_pair(self.in_features)
        adjacency, x_source, x_target = resolve_ends("ResGatedGraphConv", graph, x, (in_source, in_target))
        edge_features = optional_edge_features("ResGatedGraphConv", edge_features, adjacency, self.edge_features)
        key, query, value = self.lin_key, self.lin_query, self.lin_value
        target = {"key": functional.linear(x_target, key.weight[:, :in_target], key.bias)}
        maps = {"query": query, "value": value}
        source = {name: functional.linear(x_source, m.weight[:, :in_source], m.bias) for name, m in maps.items()}
        if edge_features is None:
            h = aggregate(adjacency, _OF_ENDS, source=source, target=target)
        else:
            gate = key.weight[:, in_target:] + query.weight[:, in_source:]
            of_edge = {"query": gate, "value": value.weight[:, in_source:]}
            if projects_at_once(edge_features, self.out_features):
                edge = {name: functional.linear(edge_features, m) for name, m in of_edge.items()}
                h = aggregate(adjacency, _PROJECTED, source=source, target=target, edge=edge)
            else:
                edge = {"e": edge_features}
                h = aggregate(adjacency, _WITH_EDGES, source=source, target=target, edge=edge, shared=of_edge)
        if self.lin_skip is not None:
            h = h + self.lin_skip(x_target)
        return h if self.bias is None else h + self.bias.to(h.dtype)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        has = f"root_weight={self.lin_skip is not None}, bias={self.bias is not None}"
        return f"{self.in_features}, {self.out_features}, edge_features={self.edge_features}, {has}"


def _with_edges(source: Any, target: Any, edge: Any, shared: Any) -> Any:
    query, value = (source[name] + functional.linear(edge["e"], shared[name]) for name in ("query", "value"))
    return torch.sigmoid(query + target["key"]) * value


_OF_ENDS = formula(lambda source, target: torch.sigmoid(source["query"] + target["key"]) * source["value"])
_PROJECTED = formula(
    lambda source, target, edge: (
        torch.sigmoid(source["query"] + target["key"] + edge["query"]) * (source["value"] + edge["value"])
    )
)
_WITH_EDGES = formula(_with_edges, trace=False)
