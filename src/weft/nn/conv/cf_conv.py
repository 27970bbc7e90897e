"""Continuous-filter convolution: neighbours times filters that a network makes of the edges."""

import math
from typing import final

from torch import Tensor, nn
from torch.nn import functional

from .._aggregate import aggregate
from .._arguments import Edges, Features, Sizes, as_pair, check_edge_weight, resolve_sources
from .._edge_inputs import check_edge_features
from .._formula import formula
from .._reset import reset_inside


class ShiftedSoftplus(nn.Module):
    """Softplus that is 0 at 0.

    `out = log(1 + exp(x)) - log(2)`

    *Shapes* any -> the same

    >>> import torch
    >>> ShiftedSoftplus()(torch.zeros(2))
    tensor([0., 0.])
    """

    def forward(self, x: Tensor) -> Tensor:
        """Apply it to every number."""
        return functional.softplus(x) - math.log(2)


@final
class CFConv(nn.Module):
    """The sum of the neighbours, projected, each times a filter of its edge, projected again.

    `out[i] = ssp(W_out (sum over edges e = j -> i of edge_weight[e] * network(edge_features[e]) * (W x[j] + b)) + b_out)`

    with ssp(x) = log(1 + exp(x)) - log(2), and a network of two linear maps, each followed by ssp.

    *Shapes* `x: (num_nodes, in_features) -> (num_targets, out_features)`, of a pair `(x_source, x_target)` only the first
    is read; `edge_features: (num_edges, edge_features)`, such as radial basis functions of a distance; `edge_weight:
    (num_edges,)`, such as a cutoff. Without an edge the sum is 0.

    Args:
        edge_features: their width.
        hidden_features: width of the filters; out_features if None.
        network: a module from edge_features to hidden_features in place of the two linear maps.
        input_bias: adds b.
        activation: applies ssp to the result.

    Raises:
        ShapeError: in the call, if features do not fit the graph or the layer.

    *Source* Schütt, Kindermans, Sauceda, Chmiela, Tkatchenko and Müller, 2017, SchNet: A continuous-filter convolutional
    neural network for modeling quantum interactions, arXiv:1706.08566, section 3.1 and figure 2.

    *Differs from the source* the atom-wise maps before and behind belong to it; the caller makes the radial basis.
    *Differs from DGL* edge weights are added. Parameters are DGL's: `project_edge.*`, `project_node.*`, `project_out.0.*`.
    *Differs from PyG* that of its SchNet has `input_bias=False` and `activation=False`, and its cutoff is `edge_weight`.

    *Cost* the network on chunks of edges, forward and again in backward; E x hidden_features reads; no tensor of that
    size.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> CFConv(4, 2, 5, hidden_features=8)(graph, torch.randn(3, 4), edge_features=torch.randn(3, 5)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        in_features: Sizes,
        out_features: int,
        edge_features: int,
        *,
        hidden_features: int | None = None,
        network: nn.Module | None = None,
        input_bias: bool = True,
        activation: bool = True,
    ) -> None:
        super().__init__()
        self.in_features, self.out_features, self.edge_features = as_pair(in_features)[0], out_features, edge_features
        self.hidden_features = out_features if hidden_features is None else hidden_features
        hidden = self.hidden_features
        self.project_edge = network or nn.Sequential(
            nn.Linear(edge_features, hidden), ShiftedSoftplus(), nn.Linear(hidden, hidden), ShiftedSoftplus()
        )
        self.project_node = nn.Linear(self.in_features, hidden, bias=input_bias)
        last = nn.Linear(hidden, out_features)
        self.project_out = nn.Sequential(last, ShiftedSoftplus()) if activation else nn.Sequential(last)

    def reset_parameters(self) -> None:
        """Draw linear maps as torch does."""
        reset_inside(*self.children())

    def forward(self, graph: Edges, x: Features, edge_weight: Tensor | None = None, *, edge_features: Tensor) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, x_source = resolve_sources("CFConv", graph, x, self.in_features)
        check_edge_weight("CFConv", edge_weight, adjacency)
        check_edge_features("CFConv", edge_features, adjacency, self.edge_features)
        source, edge = {"h": self.project_node(x_source)}, {"e": edge_features}
        shared = {"network": self.project_edge}
        if edge_weight is None:
            h = aggregate(adjacency, _PLAIN, source=source, edge=edge, shared=shared)
        else:
            edge["w"] = edge_weight.reshape(-1, *(1,) * (edge_features.dim() - 1))
            h = aggregate(adjacency, _WEIGHTED, source=source, edge=edge, shared=shared)
        out: Tensor = self.project_out(h)
        return out

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        has = f"input_bias={self.project_node.bias is not None}, activation={len(self.project_out) > 1}"
        sizes = f"{self.in_features}, {self.out_features}, {self.edge_features}"
        return f"{sizes}, hidden_features={self.hidden_features}, {has}"


_PLAIN = formula(lambda source, target, edge, shared: source["h"] * shared["network"](edge["e"]))
_WEIGHTED = formula(
    lambda source, target, edge, shared: (source["h"] * shared["network"](edge["e"]) * edge["w"]).to(source["h"].dtype)
)
