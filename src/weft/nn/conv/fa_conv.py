"""Frequency adaptive convolution: neighbours are added or subtracted, as a tanh of both ends says."""

from typing import Any, Literal, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import ShapeError, check_choice, check_probability, message
from ...ops import sddmm
from .._aggregate import aggregate
from .._arguments import Edges, Features, check_edge_weight, resolve_ends
from .._formula import formula
from .._propagation import symmetric_factors

Norm = Literal["both", "none"]
NORMS = ("both", "none")


def _message(source: Any, target: Any) -> Any:
    return source["x"] * torch.tanh(source["left"] + target["right"]).unsqueeze(-1)


def _weighted_message(source: Any, target: Any, edge: Any) -> Any:
    return source["x"] * (torch.tanh(source["left"] + target["right"]) * edge["weight"]).unsqueeze(-1)


MESSAGE, WEIGHTED_MESSAGE = formula(_message), formula(_weighted_message)


@final
class FAConv(nn.Module):
    """Sum of the neighbours' features with signed coefficients, plus a share of the features of the first layer.

        attention[e] = tanh(att_l x[j] + att_r x[i])                       for the edge e = j -> i
        out[i]       = epsilon * x_initial[i] + sum over edges e of c(j, i) * edge_weight[e] * attention[e] * x[j]

    where c(j, i) = 1 / sqrt(d_out(j) * d_in(i)), or 1 for the norm "none".

    *Shapes* `x: (num_nodes, in_features)`, `x_initial: (num_nodes, in_features) -> (num_nodes, in_features)`;
    `edge_weight: (num_edges,)`. With a pair `(x_source, x_target)` x_initial has a row for each target, as has the result.

    Args:
        epsilon: share of the initial features.
        attention_dropout: probability of dropping an edge in training.

    Raises:
        OptionError: in the constructor, if an option does not exist or is no probability.
        ShapeError: in the call, if features or edge weights do not fit the graph or the layer.

    *Source* Bo, Wang, Shi and Shen, 2021, Beyond Low-frequency Information in Graph Convolutional Networks,
    arXiv:2101.00797.

    *Differs from the source* adds no self loops: they are edges like others, for the caller to add. Edge weights and
    bipartite graphs are added.
    *Differs from PyG* it adds self loops unless told otherwise, its norm takes in-degrees for both ends and weighs them, and
    without a norm it wants edge weights. Parameters `att_l.weight` and `att_r.weight` are PyG's.

    *Cost* one pass over the edges, E x in_features reads; nothing of size E is allocated but with attention dropout a number
    for each edge.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer, x = FAConv(4), torch.randn(3, 4)
    >>> layer(graph, x, x_initial=x).shape, layer.attention(graph, x).shape
    (torch.Size([3, 4]), torch.Size([4]))
    """

    def __init__(
        self, in_features: int, *, epsilon: float = 0.1, attention_dropout: float = 0.0, norm: Norm = "both"
    ) -> None:
        super().__init__()
        check_choice("FAConv", "norm", norm, NORMS)
        check_probability("FAConv", "attention_dropout", attention_dropout)
        self.in_features, self.epsilon = in_features, epsilon
        self.attention_dropout, self.norm = attention_dropout, norm
        self.att_l = nn.Linear(in_features, 1, bias=False)
        self.att_r = nn.Linear(in_features, 1, bias=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights from Glorot's uniform distribution."""
        nn.init.xavier_uniform_(self.att_l.weight)
        nn.init.xavier_uniform_(self.att_r.weight)

    def forward(self, graph: Edges, x: Features, edge_weight: Tensor | None = None, *, x_initial: Tensor) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, x_source, x_target = resolve_ends("FAConv", graph, x, (self.in_features, self.in_features))
        check_edge_weight("FAConv", edge_weight, adjacency)
        if x_initial.shape != x_target.shape:
            form = f"`x_initial` of shape {tuple(x_target.shape)}"
            raise ShapeError(message("FAConv", form, str(tuple(x_initial.shape))))
        left, right = self.att_l(x_source).squeeze(-1), self.att_r(x_target).squeeze(-1)
        h, by_target = x_source.to(left.dtype), None
        if self.norm == "both":
            by_source, by_target = symmetric_factors(adjacency, h.dtype)
            h = h * by_source.reshape(-1, *(1,) * (h.dim() - 1))
        if self.attention_dropout and self.training:
            weight = (
                torch.ones(adjacency.num_edges, dtype=h.dtype, device=h.device) if edge_weight is None else edge_weight
            )
            edge_weight = functional.dropout(weight, self.attention_dropout)
        source, target = {"x": h, "left": left}, {"right": right}
        if edge_weight is None:
            out = aggregate(adjacency, MESSAGE, source=source, target=target)
        else:
            weight = edge_weight.to(h.dtype).reshape(-1, *(1,) * (left.dim() - 1))
            out = aggregate(adjacency, WEIGHTED_MESSAGE, source=source, target=target, edge={"weight": weight})
        if by_target is not None:
            out = out * by_target.reshape(-1, *(1,) * (out.dim() - 1))
        return out + self.epsilon * x_initial.to(out.dtype)

    def attention(self, graph: Edges, x: Features) -> Tensor:
        """Compute the coefficient of every edge, between -1 and 1, without norm and dropout.

        *Shapes* x as in the call -> `(num_edges, *)` by edge id

        >>> import torch
        >>> from weft.graph import Graph
        >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([2, 2, 0]), num_nodes=3)
        >>> FAConv(4).attention(graph, torch.zeros(3, 4)).tolist()
        [0.0, 0.0, 0.0]
        """
        adjacency, x_source, x_target = resolve_ends("FAConv", graph, x, (self.in_features, self.in_features))
        left, right = self.att_l(x_source).squeeze(-1), self.att_r(x_target).squeeze(-1)
        return sddmm(adjacency.by_target, right, left, "add", "target", "source").tanh()

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        options = f"attention_dropout={self.attention_dropout}, norm={self.norm!r}"
        return f"{self.in_features}, epsilon={self.epsilon}, {options}"
