"""The general layer of the design space of graph networks: messages, attention or none, and a skip."""

from typing import Literal, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import OptionError, check_choice, message
from ...graph import Adjacency
from ...ops import spmm
from .._aggregate import aggregate
from .._apply_edges import apply_edges
from .._arguments import Edges, Features, Sizes, as_pair, check_edge_weight, resolve_ends
from .._attention import (
    Residual,
    block_diagonal,
    by_head,
    check_edge_features,
    check_residual,
    probabilities,
    residual_map,
    sum_edge_features,
)
from .._formula import formula
from .._reset import draw_glorot

Aggregator = Literal["sum", "mean", "max"]
AGGREGATORS = ("sum", "mean", "max")
Attention = Literal["none", "additive", "dot"]
ATTENTIONS = ("none", "additive", "dot")

_COPY = formula(lambda source, target, edge: edge["x"])
_MESSAGE = formula(lambda source, target, edge: (source["z"] + target["own"]) * edge["weight"])
_DOT = formula(lambda source, target, edge: ((source["z"] + target["own"]) * (target["z"] + source["own"])).sum(-1))
_ADDITIVE = formula(lambda source, target, edge: source["z"] + target["own"] + edge["own"])


def _projected(edge: dict[str, Tensor], shared: dict[str, Tensor], like: Tensor) -> Tensor:
    return functional.linear(edge["x"], shared["matrix"], shared["bias"]).reshape(like.shape)


def _message(
    source: dict[str, Tensor], target: dict[str, Tensor], edge: dict[str, Tensor], shared: dict[str, Tensor]
) -> Tensor:
    z = source["z"]
    return (z + target["own"] + _projected(edge, shared, z)) * edge["weight"]


def _dot(
    source: dict[str, Tensor], target: dict[str, Tensor], edge: dict[str, Tensor], shared: dict[str, Tensor]
) -> Tensor:
    projected = _projected(edge, shared, source["z"])
    return ((source["z"] + target["own"] + projected) * (target["z"] + source["own"] + projected)).sum(-1)


_MESSAGE_WITH_EDGE = formula(_message, trace=False)
_DOT_WITH_EDGE = formula(_dot, trace=False)


@final
class GeneralConv(nn.Module):
    """Linear messages from neighbours, nodes and edges, aggregated or weighted by attention, plus a skip.

    For each head, for the edge e = j -> i, the message and the result are

        m[e]   = W_src x[j] + b_src  (+ W_dst x[i] + b_dst)  (+ W_edge f[e] + b_edge)
        out[i] = mean over heads of (aggregate over e of edge_weight[e] * p[e] * m[e])  + residual(x[i])

    where the term of x[i] is there with `directed=False`, that of edge features f if there are any, and p is 1, or with
    attention the softmax, over the edges that enter i, of

        attention     score[e]
        "additive"    leaky_relu(attn . m[e])
        "dot"         leaky_relu(m[e] . m'[e] / sqrt(out_features)), m' being the message with i and j exchanged

    *Shapes* `x: (num_nodes, in_features) -> (num_nodes, out_features)`, or a pair `(x_source: (num_sources, in_source),
    x_target: (num_targets, in_target))` with a row for each target; `edge_weight: (num_edges,)`, `edge_features:
    (num_edges, edge_features)`. Without an edge the aggregate is 0.

    Args:
        in_features: one width, or (in_source, in_target).
        edge_features: width of the features of edges; None if edges have none.
        aggregator: "sum", "mean" over the number of edges, or "max" elementwise.
        directed: without a term of x[i] in the messages.
        residual: adds x[i], through a linear map if the widths differ, or always with "linear", or not.
        normalize: divides each row of the result by its Euclidean norm.
        negative_slope: of the scores.

    Raises:
        OptionError: in the constructor, if options do not exist or exclude each other.
        ShapeError: in the call, if features, edge features or weights do not fit the graph or the layer.

    *Source* You, Ying and Leskovec, 2020, Design Space for Graph Neural Networks, arXiv:2011.08843, section 4.

    *Differs from the source* batch normalisation, dropout and activation around the layer are the caller's; attention,
    heads, edge features, weights and bipartite graphs are added.
    *Differs from PyG* attention goes with "sum" only. A bipartite graph takes `directed=False`. PyG calls the parameters
    `lin_msg`, `lin_msg_i`, `lin_edge`, `lin_self`, `att_msg`.

    *Cost* E x F reads, where F is out_features for "sum" and "mean" without attention, otherwise num_heads * out_features,
    and with attention a few tensors of E x num_heads. Features of edges are projected behind sums; for "max" and "dot" in
    chunks.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer = GeneralConv(4, 2, edge_features=5, attention="additive", num_heads=3)
    >>> layer(graph, torch.randn(3, 4), edge_features=torch.randn(4, 5)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        in_features: Sizes,
        out_features: int,
        *,
        edge_features: int | None = None,
        aggregator: Aggregator = "sum",
        num_heads: int = 1,
        attention: Attention = "none",
        directed: bool = True,
        residual: Residual = True,
        normalize: bool = False,
        negative_slope: float = 0.2,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_choice("GeneralConv", "aggregator", aggregator, AGGREGATORS)
        check_choice("GeneralConv", "attention", attention, ATTENTIONS)
        check_residual("GeneralConv", residual)
        in_source, in_target = as_pair(in_features)
        if attention != "none" and aggregator != "sum":
            raise OptionError(message("GeneralConv", 'the aggregator "sum" with attention', repr(aggregator)))
        if attention == "dot" and in_source != in_target:
            got = f"{in_source} and {in_target}"
            raise OptionError(message("GeneralConv", 'ends of one width for "dot", which exchanges them', got))
        self.in_features, self.out_features, self.edge_features = in_features, out_features, edge_features
        self.aggregator, self.num_heads, self.kind, self.directed = aggregator, num_heads, attention, directed
        self.residual, self.normalize, self.negative_slope = residual, normalize, negative_slope
        width = num_heads * out_features
        self.fc_src = nn.Linear(in_source, width, bias=bias)
        self.fc_dst = None if directed else nn.Linear(in_target, width, bias=bias)
        self.fc_edge = None if edge_features is None else nn.Linear(edge_features, width, bias=bias)
        self.res_fc = residual_map(residual, in_target, out_features, bias)
        if attention == "additive":
            self.attn = nn.Parameter(torch.empty(1, num_heads, out_features))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights from Glorot's uniform distribution and set biases to 0."""
        draw_glorot(self.named_parameters())

    def forward(
        self, graph: Edges, x: Features, edge_weight: Tensor | None = None, *, edge_features: Tensor | None = None
    ) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, x_source, x_target = self._resolve(graph, x, edge_weight, edge_features)
        if self.kind != "none":
            out = self._attended(adjacency, x_source, x_target, edge_weight, edge_features)
        elif self.aggregator == "max":
            out = self._highest(adjacency, x_source, x_target, edge_weight, edge_features)
        else:
            out = self._summed(adjacency, x_source, x_target, edge_weight, edge_features)
        out = out if self.res_fc is None else out + self.res_fc(x_target).to(out.dtype)
        return functional.normalize(out, dim=-1) if self.normalize else out

    def attention(
        self, graph: Edges, x: Features, edge_weight: Tensor | None = None, *, edge_features: Tensor | None = None
    ) -> Tensor:
        """Compute the attention of every edge, times its weight if there are weights.

        *Shapes* x as in the call -> `(num_edges, num_heads)` by edge id

        Raises:
            OptionError: if the layer has none.

        >>> import torch
        >>> from weft.graph import Graph
        >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([2, 2, 0]), num_nodes=3)
        >>> GeneralConv(4, 2, num_heads=3, attention="dot").attention(graph, torch.randn(3, 4))[2]
        tensor([1., 1., 1.], grad_fn=<SelectBackward0>)
        """
        if self.kind == "none":
            raise OptionError(message("GeneralConv", "a layer made with attention", "attention='none'"))
        adjacency, x_source, x_target = self._resolve(graph, x, edge_weight, edge_features)
        return probabilities(
            adjacency.by_target, self._score(adjacency, x_source, x_target, edge_features), edge_weight
        )

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return (
            f"{self.in_features}, {self.out_features}, edge_features={self.edge_features}, "
            f"aggregator={self.aggregator!r}, num_heads={self.num_heads}, attention={self.kind!r}, "
            f"directed={self.directed}, residual={self.residual!r}, normalize={self.normalize}, "
            f"negative_slope={self.negative_slope}, bias={self.fc_src.bias is not None}"
        )

    def _resolve(
        self, graph: Edges, x: Features, edge_weight: Tensor | None, edge_features: Tensor | None
    ) -> tuple[Adjacency, Tensor, Tensor]:
        adjacency, x_source, x_target = resolve_ends("GeneralConv", graph, x, as_pair(self.in_features))
        check_edge_weight("GeneralConv", edge_weight, adjacency)
        check_edge_features("GeneralConv", edge_features, adjacency, self.edge_features)
        return adjacency, x_source, x_target

    def _heads(self, fc: nn.Linear | None, x: Tensor) -> Tensor:
        """A linear map by head, or zeros that broadcast with it."""
        return x.new_zeros(x.shape[0], 1, 1) if fc is None else by_head(fc(x), self.num_heads)

    def _summed(
        self, adjacency: Adjacency, x_source: Tensor, x_target: Tensor, edge_weight: Tensor | None, edge: Tensor | None
    ) -> Tensor:
        """Sums or means, of messages whose heads are averaged before: all that is summed is linear."""
        reduce: Literal["sum", "mean"] = "mean" if self.aggregator == "mean" else "sum"
        z = functional.linear(x_source, *self._averaged(self.fc_src))
        weight = None if edge_weight is None else edge_weight.to(z.dtype)
        out = spmm(adjacency.by_target, z, weight, reduce)
        if self.fc_dst is None and self.fc_edge is None:
            return out
        ones = z.new_ones(adjacency.num_edges) if weight is None else weight
        total = aggregate(adjacency, _COPY, edge={"x": ones.unsqueeze(-1)}, reduce=reduce)
        if self.fc_dst is not None:
            out = out + total * functional.linear(x_target, *self._averaged(self.fc_dst))
        if self.fc_edge is not None and edge is not None:
            matrix, bias = self._averaged(self.fc_edge)
            values = edge.to(z.dtype) if weight is None else edge.to(z.dtype) * weight.unsqueeze(-1)
            out = out + functional.linear(aggregate(adjacency, _COPY, edge={"x": values}, reduce=reduce), matrix)
            out = out if bias is None else out + (total * bias).to(out.dtype)
        return out

    def _averaged(self, fc: nn.Linear) -> tuple[Tensor, Tensor | None]:
        matrix = fc.weight.reshape(self.num_heads, self.out_features, -1).mean(0)
        return matrix, None if fc.bias is None else fc.bias.reshape(self.num_heads, -1).mean(0)

    def _highest(
        self, adjacency: Adjacency, x_source: Tensor, x_target: Tensor, edge_weight: Tensor | None, edge: Tensor | None
    ) -> Tensor:
        z = self._heads(self.fc_src, x_source)
        if self.fc_dst is None and self.fc_edge is None:
            weight = None if edge_weight is None else edge_weight.to(z.dtype)
            return spmm(adjacency.by_target, z, weight, "max").mean(-2)
        own = self._heads(self.fc_dst, x_target).to(z.dtype)
        weight = z.new_ones(adjacency.num_edges) if edge_weight is None else edge_weight.to(z.dtype)
        given = {"source": {"z": z}, "target": {"own": own}, "edge": {"weight": weight.reshape(-1, 1, 1)}}
        if edge is None:
            return aggregate(adjacency, _MESSAGE, reduce="max", **given).mean(-2)
        given["edge"]["x"] = edge.to(z.dtype)
        return aggregate(adjacency, _MESSAGE_WITH_EDGE, reduce="max", shared=self._shared(z), **given).mean(-2)

    def _attended(
        self, adjacency: Adjacency, x_source: Tensor, x_target: Tensor, edge_weight: Tensor | None, edge: Tensor | None
    ) -> Tensor:
        score = self._score(adjacency, x_source, x_target, edge)
        z = self._heads(self.fc_src, x_source)
        p = probabilities(adjacency.by_target, score, edge_weight).to(z.dtype)
        out = spmm(adjacency.by_target, z, p)
        if self.fc_dst is not None or self.fc_edge is not None:
            total = aggregate(adjacency, _COPY, edge={"x": p}).unsqueeze(-1)
            if self.fc_dst is not None:
                out = out + total * self._heads(self.fc_dst, x_target)
            if self.fc_edge is not None and edge is not None:
                out = out + sum_edge_features(adjacency, p, edge, self.fc_edge.weight)
                if self.fc_edge.bias is not None:
                    out = out + (total * self.fc_edge.bias.reshape(self.num_heads, -1)).to(out.dtype)
        return out.mean(-2)

    def _score(self, adjacency: Adjacency, x_source: Tensor, x_target: Tensor, edge: Tensor | None) -> Tensor:
        """Scores of all edges before the softmax."""
        z, own = self._heads(self.fc_src, x_source), self._heads(self.fc_dst, x_target)
        if self.kind == "additive":
            diagonal = block_diagonal(self.attn)
            left = z.flatten(-2) @ diagonal
            right = left.new_zeros(x_target.shape[0], 1) if self.fc_dst is None else own.flatten(-2) @ diagonal
            terms = left.new_zeros(adjacency.num_edges, 1)
            if self.fc_edge is not None and edge is not None:
                # attn . (W f + b) for all heads: features of edges are never projected.
                terms = edge @ (self.fc_edge.weight.T @ diagonal)
                terms = terms if self.fc_edge.bias is None else terms + self.fc_edge.bias @ diagonal
            given = {"source": {"z": left}, "target": {"own": right}, "edge": {"own": terms}}
            score = apply_edges(adjacency, _ADDITIVE, **given)
        else:
            ends = {
                "z": z * self.out_features**-0.25,
                "own": self._heads(self.fc_dst, x_source) * self.out_features**-0.25,
            }
            z_target = self._heads(self.fc_src, x_target) * self.out_features**-0.25
            targets = {"z": z_target, "own": own.to(z.dtype) * self.out_features**-0.25}
            if edge is None:
                score = apply_edges(adjacency, _DOT, source=ends, target=targets)
            else:
                shared = {name: value * self.out_features**-0.25 for name, value in self._shared(z).items()}
                given_edge = {"x": edge.to(z.dtype)}
                score = apply_edges(
                    adjacency, _DOT_WITH_EDGE, source=ends, target=targets, edge=given_edge, shared=shared
                )
        assert isinstance(score, Tensor), "the formulas give one value"
        return functional.leaky_relu(score, self.negative_slope)

    def _shared(self, z: Tensor) -> dict[str, Tensor]:
        """The linear map of edge features, in the dtype of the messages."""
        assert self.fc_edge is not None, "edge features were checked"
        bias = z.new_zeros(self.fc_edge.out_features) if self.fc_edge.bias is None else self.fc_edge.bias.to(z.dtype)
        return {"matrix": self.fc_edge.weight.to(z.dtype), "bias": bias}
