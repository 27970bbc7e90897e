"""Convolution whose messages attend to what a neighbour was in earlier layers."""

import math
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import OptionError, ShapeError, check_probability, message
from ...graph import Adjacency
from ...ops import sddmm, spmm
from .._arguments import Edges, Features, as_pair, check_edge_weight, resolve_ends
from .._attention import by_head, weighted
from .._propagation import symmetric_factors


@final
class DNAConv(nn.Module):
    """Normalised sum of what a node finds by attention in the earlier layers of its neighbours.

    For each head, for the edge e = j -> i, where x[j, l] are the features of j after layer l and L is the last layer:

        s[e, l] = query(x[i, L]) . key(x[j, l]) / sqrt(in_features / num_heads)
        p[e, l] = exp(s[e, l]) / (1 + sum over m of exp(s[e, m]))
        out[i]  = sum over edges e = j -> i of c(j, i) * edge_weight[e] * sum over l of p[e, l] * value(x[j, l])

    with `c(j, i) = 1 / sqrt(d_out(j) * d_in(i))`, by the numbers of edges, or 1 with `normalize=False`.

    *Shapes* `x: (num_nodes, num_layers, in_features) -> (num_nodes, in_features)`; `(num_nodes, in_features)` is one layer.
    A pair `(x_source, x_target)` gives a row for each target; `edge_weight: (num_edges,)`. Without an edge the sum is 0.

    Args:
        in_features: also of the result.
        num_heads: divides in_features.
        groups: query, key and value are so many linear maps of in_features / groups columns each.
        normalize: divides by the roots of both degrees.
        attention_dropout: probability of dropping a layer of an edge and head in training, after the softmax.
        bias: of query, key and value.

    Raises:
        OptionError: in the constructor, if heads or groups do not divide the width, or a probability is none.
        ShapeError: in the call, if features or edge weights do not fit the graph or the layer.

    *Source* Fey, 2019, Just Jump: Dynamic Neighborhood Aggregation in Graph Neural Networks, arXiv:1904.04849, with
    its restricted softmax, which may attend to nothing.

    *Differs from the source* self loops are the caller's; edge weights and bipartite graphs are added.
    *Differs from PyG* no self loops are added, nothing is cached, and edge weights multiply the messages without changing
    the degrees; PyG divides by in-degrees at both ends. PyG's parameters are `multi_head.lin_q` and so on.

    *Cost* twice E x num_layers x in_features reads; a few tensors of E x num_layers x num_heads.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> DNAConv(8, 2)(graph, torch.randn(3, 5, 8)).shape
    torch.Size([3, 8])
    """

    def __init__(
        self,
        in_features: int,
        num_heads: int = 1,
        *,
        groups: int = 1,
        normalize: bool = True,
        attention_dropout: float = 0.0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_probability("DNAConv", "attention_dropout", attention_dropout)
        for option, parts in (("num_heads", num_heads), ("groups", groups)):
            if parts < 1 or in_features % parts:
                form = f"`{option}` that divides the {in_features} features"
                raise OptionError(message("DNAConv", form, str(parts)))
        self.in_features, self.num_heads, self.groups = in_features, num_heads, groups
        self.normalize, self.attention_dropout = normalize, attention_dropout
        self.query = _GroupedLinear(in_features, groups, bias)
        self.key = _GroupedLinear(in_features, groups, bias)
        self.value = _GroupedLinear(in_features, groups, bias)

    def reset_parameters(self) -> None:
        """Draw weights from Glorot's uniform distribution for one group and set biases to 0."""
        for linear in (self.query, self.key, self.value):
            linear.reset_parameters()

    def forward(self, graph: Edges, x: Features, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, x_source, x_target = self._resolve(graph, x, edge_weight)
        p = self._attention(adjacency, x_source, x_target)
        if self.training and self.attention_dropout > 0:
            p = functional.dropout(p, self.attention_dropout)
        p = p if edge_weight is None else weighted(p, edge_weight)
        value = by_head(self.value(x_source), self.num_heads)
        scales = symmetric_factors(adjacency, value.dtype) if self.normalize else (None, None)
        out = spmm(adjacency.by_target, value, p.to(value.dtype), "sum", *scales)
        return out.sum(1).flatten(-2)

    def attention(self, graph: Edges, x: Features, edge_weight: Tensor | None = None) -> Tensor:
        """Compute how much each edge takes from each layer, times its weight if there are weights, without dropout.

        *Shapes* x as in the call -> `(num_edges, num_layers, num_heads)` by edge id

        >>> import torch
        >>> from weft.graph import Graph
        >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([2, 2, 0]), num_nodes=3)
        >>> bool((DNAConv(8, 2).attention(graph, torch.randn(3, 5, 8)).sum(1) < 1).all())
        True
        """
        adjacency, x_source, x_target = self._resolve(graph, x, edge_weight)
        p = self._attention(adjacency, x_source, x_target)
        return p if edge_weight is None else weighted(p, edge_weight)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return (
            f"{self.in_features}, {self.num_heads}, groups={self.groups}, normalize={self.normalize}, "
            f"attention_dropout={self.attention_dropout}, bias={self.query.bias is not None}"
        )

    def _resolve(self, graph: Edges, x: Features, edge_weight: Tensor | None) -> tuple[Adjacency, Tensor, Tensor]:
        """Adjacency, and features of both ends with a dimension of layers."""
        adjacency, x_source, x_target = resolve_ends("DNAConv", graph, x, as_pair(self.in_features))
        check_edge_weight("DNAConv", edge_weight, adjacency)
        if x_source.dim() == 2:
            return adjacency, x_source.unsqueeze(1), x_target.unsqueeze(1)
        if x_source.dim() != 3:
            form = f"`x` of shape (num_nodes, num_layers, {self.in_features})"
            raise ShapeError(message("DNAConv", form, str(tuple(x_source.shape))))
        return adjacency, x_source, x_target

    def _attention(self, adjacency: Adjacency, x_source: Tensor, x_target: Tensor) -> Tensor:
        query = by_head(self.query(x_target[:, -1:]), self.num_heads) * (self.in_features // self.num_heads) ** -0.5
        key = by_head(self.key(x_source), self.num_heads)
        score = sddmm(adjacency.by_target, query, key, "dot", "target", "source")
        # A softmax with one more score, of 0, whose share goes nowhere.
        return functional.pad(score, (0, 0, 0, 1)).softmax(1)[:, :-1]


class _GroupedLinear(nn.Module):
    """Linear maps of equal parts of the columns, side by side."""

    def __init__(self, width: int, groups: int, bias: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(groups, width // groups, width // groups))
        self.bias = nn.Parameter(torch.empty(width)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        bound = math.sqrt(3 / self.weight.shape[-1])
        nn.init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Parts of (N, L, F) times the matrices of their groups, which stand as (in, out)."""
        out = torch.einsum("...gi,gio->...go", by_head(x, self.weight.shape[0]), self.weight).flatten(-2)
        return out if self.bias is None else out + self.bias.to(out.dtype)
