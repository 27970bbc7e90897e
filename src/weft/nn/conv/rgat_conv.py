"""Relational graph attention: scores and messages by the types of edges."""

from typing import Literal, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import ShapeError, check_choice, check_probability, message
from ...graph import Adjacency
from ...ops import edge_softmax, relational_matmul, sddmm, spmm
from .._arguments import Edges, Features, check_edge_weight, resolve_ends
from .._reset import draw_glorot
from .._types import check_types, paired_sources, products_first, typed_pairs, types_of
from ..hetero.typed_linear import Regularizer, TypedLinear

Mechanism = Literal["across", "within"]
MECHANISMS = ("across", "within")
Mode = Literal["additive", "multiplicative"]
MODES = ("additive", "multiplicative")


@final
class RGATConv(nn.Module):
    """Sum of the neighbours' features, each times the matrix of the edge's type, weighted by attention.

    For each head, with g[t, j] = x[j] @ W[t] and e = j -> i of type t,

        score[e]     = leaky_relu(g[t, i] . q + g[t, j] . k + f[e] . a), or for "multiplicative"
                       (g[t, i] . q) * (g[t, j] . k) * (f[e] . a)
        attention[e] = softmax of score over the edges that enter i, or for "within" over those of type t
        out[i]       = b + sum over edges e = j -> i of edge_weight[e] * attention[e] * g[t, j]

    where q, k and a read what all heads have of g and f, and f[e] = W_edge edge_features[e] is there with edge features only.

    *Shapes* `x: (num_nodes, in_features) -> (num_nodes, num_heads * out_features)`, or a pair for sources and targets;
    `edge_type, edge_weight: (num_edges,)`, `edge_features: (num_edges, edge_features)`. `concat=False` gives the mean over
    heads, before the bias. Without an edge the sum is 0.

    Args:
        out_features: width of one head.
        mechanism: whether attention is shared "across" all types of edges, or adds up to 1 "within" each.
        regularizer, num_bases: as in `TypedLinear`.
        edge_features: width of edge features; 0 for none.
        attention_dropout: probability of dropping an edge of a head in training, after the softmax.

    Raises:
        OptionError: in the constructor, if options do not exist.
        ShapeError, DtypeError, IdError: in the call, if arguments do not fit the graph or a type is not there.

    *Source* Busbridge, Sherburn, Cavallo and Hammerla, 2019, Relational Graph Attention Networks, arXiv:1904.05811,
    equations 2 to 9.

    *Differs from the source* q and k are shared by the types and multiplicative scores are of width 1, as in PyG, where
    the paper has matrices of each type. Edge features and edge weights are added; no activation.
    *Differs from PyG* "within" and "across" for its longer names; no cardinality preservation (`mod`), whose parameters
    are passed over; `dim` is 1. Bipartite graphs and edge weights are new.

    *Cost* E x in_features x num_heads reads, and in_features x out_features multiplications for each head and pair of a target
    and a type that has edges; where products of all sources with all types are fewer than the edges, N x
    num_types x F values and E x F reads. Scores are E x num_heads, and tables of them N x num_types x num_heads.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> layer = RGATConv(4, 2, num_types=3, num_heads=2)
    >>> layer(graph, torch.randn(3, 4), edge_type=torch.tensor([0, 2, 1])).shape
    torch.Size([3, 4])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        num_types: int,
        *,
        num_heads: int = 1,
        mechanism: Mechanism = "across",
        mode: Mode = "additive",
        concat: bool = True,
        regularizer: Regularizer = None,
        num_bases: int | None = None,
        edge_features: int = 0,
        attention_dropout: float = 0.0,
        negative_slope: float = 0.2,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_choice("RGATConv", "mechanism", mechanism, MECHANISMS)
        check_choice("RGATConv", "mode", mode, MODES)
        check_probability("RGATConv", "attention_dropout", attention_dropout)
        self.in_features, self.out_features, self.num_types = in_features, out_features, num_types
        self.num_heads, self.mechanism, self.mode, self.concat = num_heads, mechanism, mode, concat
        self.edge_features, self.attention_dropout, self.negative_slope = (
            edge_features,
            attention_dropout,
            negative_slope,
        )
        width = num_heads * out_features
        self.linear_r = TypedLinear(in_features, width, num_types, regularizer=regularizer, num_bases=num_bases)
        self.q = nn.Parameter(torch.empty(width, num_heads))
        self.k = nn.Parameter(torch.empty(width, num_heads))
        if edge_features:
            self.lin_edge = nn.Linear(edge_features, width, bias=False)
            self.e = nn.Parameter(torch.empty(width, num_heads))
        self.bias = nn.Parameter(torch.empty(width if concat else out_features)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw vectors of scores from Glorot's uniform distribution and matrices uniformly; the bias is 0."""
        self.linear_r.reset_parameters()
        draw_glorot((name, own) for name, own in self.named_parameters() if not name.startswith("linear_r"))

    def forward(
        self,
        graph: Edges,
        x: Features,
        edge_weight: Tensor | None = None,
        *,
        edge_type: Tensor,
        edge_features: Tensor | None = None,
    ) -> Tensor:
        """Compute the new features of all targets."""
        widths = self.in_features, self.in_features
        adjacency, x_source, x_target = resolve_ends("RGATConv", graph, x, widths)
        check_edge_weight("RGATConv", edge_weight, adjacency)
        attention = self._attention(adjacency, x_source, x_target, edge_type, edge_features)
        attention = functional.dropout(attention, self.attention_dropout, self.training)
        if edge_weight is not None:
            attention = attention * edge_weight.to(attention.dtype).unsqueeze(1)
        out = self._weighted_sum(adjacency, x_source, edge_type, attention)
        if not self.concat:
            out = out.unflatten(1, (self.num_heads, self.out_features)).mean(1)
        return out if self.bias is None else out + self.bias.to(out.dtype)

    def attention(self, graph: Edges, x: Features, *, edge_type: Tensor, edge_features: Tensor | None = None) -> Tensor:
        """Compute the attention of every edge, without dropout.

        *Shapes* as in the call -> `(num_edges, num_heads)` by edge id

        >>> import torch
        >>> from weft.graph import Graph
        >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([2, 2, 0]), num_nodes=3)
        >>> RGATConv(4, 2, 3).attention(graph, torch.randn(3, 4), edge_type=torch.tensor([0, 1, 2]))[2]
        tensor([1.], grad_fn=<SelectBackward0>)
        """
        widths = self.in_features, self.in_features
        adjacency, x_source, x_target = resolve_ends("RGATConv", graph, x, widths)
        return self._attention(adjacency, x_source, x_target, edge_type, edge_features)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return (
            f"{self.in_features}, {self.out_features}, {self.num_types}, num_heads={self.num_heads}, "
            f"mechanism={self.mechanism!r}, mode={self.mode!r}, concat={self.concat}, edge_features={self.edge_features}, "
            f"attention_dropout={self.attention_dropout}, negative_slope={self.negative_slope}, bias={self.bias is not None}"
        )

    def _attention(
        self, adjacency: Adjacency, x_source: Tensor, x_target: Tensor, edge_type: Tensor, edge_features: Tensor | None
    ) -> Tensor:
        check_types("RGATConv", "edge_type", edge_type, adjacency.num_edges)
        if (edge_features is None) != (self.edge_features == 0):
            given = "no edge features" if edge_features is None else "edge features"
            raise ShapeError(message("RGATConv", f"edge features of width {self.edge_features}", given))
        matrices, types = self.linear_r.matrices(), self.num_types
        pairs = typed_pairs(adjacency, edge_type, types)
        left, right = (
            (x @ torch.einsum("tio,oh->ith", matrices, factor).flatten(1)).reshape(-1, self.num_heads)
            for x, factor in ((x_source, self.k), (x_target, self.q))
        )
        additive, by_type = self.mode == "additive", pairs.by_target
        score = sddmm(by_type, right, left, "add" if additive else "mul", "target", "source")
        if edge_features is not None:
            term = edge_features @ (self.lin_edge.weight.T @ self.e)
            score = score + term if additive else score * term
        if additive:
            score = functional.leaky_relu(score, self.negative_slope)
        return edge_softmax(by_type if self.mechanism == "within" else adjacency.by_target, score)

    def _weighted_sum(self, adjacency: Adjacency, x: Tensor, edge_type: Tensor, attention: Tensor) -> Tensor:
        """The sum of what sources send, (num_targets, num_heads * out_features)."""
        matrices, types, kinds = self.linear_r.matrices(), self.num_types, types_of(adjacency, edge_type)
        if products_first(adjacency, types):
            rows = paired_sources(adjacency, kinds, types).by_target
            products = x @ matrices.transpose(0, 1).reshape(self.in_features, -1)
            return spmm(rows, products.reshape(-1, self.num_heads, self.out_features), attention).flatten(1)
        rows = adjacency.by_target
        heads = zip(matrices.split(self.out_features, 2), attention.unbind(1), strict=True)
        return torch.cat([relational_matmul(rows, x, of_head, kinds, share) for of_head, share in heads], 1)
