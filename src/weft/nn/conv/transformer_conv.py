"""Attention of Transformers over the edges of a graph."""

from typing import final

import torch
from torch import Tensor, nn

from ...errors import OptionError, message
from ...graph import Adjacency
from ...ops import dot_attention, sddmm, spmm
from .._apply_edges import apply_edges
from .._arguments import Edges, Features, Sizes, as_pair
from .._attention import (
    beside,
    by_head,
    edge_factors,
    joined,
    probabilities,
    sum_edge_features,
)
from .._formula import formula
from .._reset import draw_glorot
from ._headed import HeadedConv

_TERM = formula(lambda source, target, edge: (target["query"] * edge["features"]).sum(-1))


@final
class TransformerConv(HeadedConv):
    """Sum of the neighbours' values, weighted by scaled dot products of queries and keys, for several heads.

    For each head, with query, key and value linear maps of x:

        score[e]     = query[i] . (key[j] + W_edge f[e]) / sqrt(out_features)      for the edge e = j -> i
        attention[e] = softmax of score over the edges that enter i
        m[i]         = sum over edges e = j -> i of edge_weight[e] * attention[e] * (value[j] + W_edge f[e])
        out[i]       = m[i] + skip(x[i])

    where `W_edge f[e]` is there if edges have features f. With `beta` the last line is `(1 - g) m[i] + g skip(x[i])`, with
    the gate `g = sigmoid(w . [m[i], skip(x[i]), m[i] - skip(x[i])])`.

    *Shapes* `x: (num_nodes, *, in_features) -> (num_nodes, *, num_heads * out_features)`, or with `concat=False` the
    mean over heads, `(num_nodes, *, out_features)`. A pair `(x_source: (num_sources, *, in_source), x_target:
    (num_targets, *, in_target))` gives a row for each target; `edge_weight: (num_edges,)`, `edge_features: (num_edges,
    edge_features)`. Without an edge m is 0.

    Args:
        in_features: one width, or (in_source, in_target).
        out_features: width of one head.
        edge_features: width of the features of edges; None if edges have none.
        concat: heads side by side; otherwise their mean.
        skip: adds a linear map of x[i].
        beta: weighs m against the skip by a gate.
        dropout: probability of dropping input features in training: one draw for one tensor, two for a pair.
        attention_dropout: probability of dropping an edge of a head in training, after the softmax.
        bias: of query, key, value and skip.

    Raises:
        OptionError: in the constructor, if a probability is none, or `beta` stands without `skip`.
        ShapeError: in the call, if features, edge features or weights do not fit the graph or the layer.

    *Source* Shi, Huang, Feng, Zhong, Wang and Sun, 2021, Masked Label Prediction: Unified Message Passing Model for
    Semi-Supervised Classification, arXiv:2009.03509, section 3.

    *Differs from the source* neither normalisation of layers nor activation: both are the caller's. The gate is an option.
    Edge weights and bipartite graphs are added; edge weights multiply the attention, which is not normalised again.
    *Differs from PyG* attention has a method of its own, without dropout. PyG calls the parameters `lin_query` and so on.

    *Cost* E x F reads of keys and values with F = num_heads * out_features; nothing of size E is allocated but a gradient
    of edge weights. With edge features, a few tensors of E x num_heads; W_edge is moved to queries and to sums, so that
    features of edges are never projected, and a target takes num_heads * edge_features numbers.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer = TransformerConv(4, 2, 3, beta=True)
    >>> x = torch.randn(3, 4)
    >>> layer(graph, x).shape, layer.attention(graph, x).shape
    (torch.Size([3, 6]), torch.Size([4, 3]))
    """

    def __init__(
        self,
        in_features: Sizes,
        out_features: int,
        num_heads: int = 1,
        *,
        edge_features: int | None = None,
        concat: bool = True,
        skip: bool = True,
        beta: bool = False,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        bias: bool = True,
    ) -> None:
        super().__init__(
            in_features, out_features, num_heads, edge_features=edge_features, concat=concat, dropout=dropout,
            attention_dropout=attention_dropout,
        )  # fmt: skip
        if beta and not skip:
            raise OptionError(message("TransformerConv", "a skip for `beta`, which weighs it", "skip=False"))
        width, out_width, (in_source, in_target) = self._width, self._out_width, as_pair(in_features)
        self.key = nn.Linear(in_source, width, bias=bias)
        self.query = nn.Linear(in_target, width, bias=bias)
        self.value = nn.Linear(in_source, width, bias=bias)
        self.edge = None if edge_features is None else nn.Linear(edge_features, width, bias=False)
        self.skip = nn.Linear(in_target, out_width, bias=bias) if skip else None
        self.beta = nn.Linear(3 * out_width, 1, bias=False) if beta else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights from Glorot's uniform distribution and set biases to 0."""
        draw_glorot(self.named_parameters())

    def forward(
        self, graph: Edges, x: Features, edge_weight: Tensor | None = None, *, edge_features: Tensor | None = None
    ) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, x_source, x_target = self._resolved(graph, self._dropped(x), edge_weight, edge_features)
        query, key = by_head(self.query(x_target), self.num_heads), by_head(self.key(x_source), self.num_heads)
        value = by_head(self.value(x_source), self.num_heads)
        p, rows = self._active_dropout, adjacency.by_target
        if edge_features is not None and self.edge is not None:
            score = self._score(adjacency, query, key, edge_features)
            attention = probabilities(rows, score, edge_weight, p).to(value.dtype)
            out = spmm(rows, value, attention)
            out = out + sum_edge_features(adjacency, attention, edge_features, self.edge.weight)
        else:
            factors = edge_factors(value, edge_weight, p)
            out = dot_attention(rows, query, key, value, self.out_features**-0.5, None, *factors)
        if self.skip is None or self.beta is not None:
            out = joined(out, self.concat)
        else:
            out = joined(out, self.concat, self.skip(x_target), in_place=edge_features is not None)
        if self.skip is None or self.beta is None:
            return out
        own = self.skip(x_target)
        gate = self.beta(torch.cat((out, own, out - own), -1)).sigmoid()
        return torch.lerp(out, own, gate)

    def attention(
        self, graph: Edges, x: Features, edge_weight: Tensor | None = None, *, edge_features: Tensor | None = None
    ) -> Tensor:
        """Compute the attention of every edge, times its weight if there are weights, without dropout.

        *Shapes* x as in the call -> `(num_edges, *, num_heads)` by edge id

        >>> import torch
        >>> from weft.graph import Graph
        >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([2, 2, 0]), num_nodes=3)
        >>> TransformerConv(4, 2, 3).attention(graph, torch.randn(3, 4))[2]
        tensor([1., 1., 1.], grad_fn=<SelectBackward0>)
        """
        adjacency, x_source, x_target = self._resolved(graph, x, edge_weight, edge_features)
        query, key = by_head(self.query(x_target), self.num_heads), by_head(self.key(x_source), self.num_heads)
        return probabilities(adjacency.by_target, self._score(adjacency, query, key, edge_features), edge_weight)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return (
            f"{self.in_features}, {self.out_features}, {self.num_heads}, edge_features={self.edge_features}, "
            f"concat={self.concat}, skip={self.skip is not None}, beta={self.beta is not None}, dropout={self.dropout}, "
            f"attention_dropout={self.attention_dropout}, bias={self.key.bias is not None}"
        )

    def _score(self, adjacency: Adjacency, query: Tensor, key: Tensor, edge_features: Tensor | None) -> Tensor:
        """Scores of all edges before the softmax."""
        query = query * self.out_features**-0.5
        score = sddmm(adjacency.by_target, query, key, "dot", "target", "source")
        if edge_features is None or self.edge is None:
            return score
        # query . (W f) is (W^T query) . f: W meets the rows of targets, not those of edges.
        matrices = self.edge.weight.reshape(self.num_heads, self.out_features, -1)
        moved = torch.einsum("...hd,hdk->...hk", query, matrices)
        edge = {"features": beside(edge_features, moved, 1).to(moved.dtype)}
        term = apply_edges(adjacency, _TERM, target={"query": moved}, edge=edge)
        assert isinstance(term, Tensor), "the formula gives one value"
        return score + term
