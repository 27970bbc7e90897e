"""Graph attention with features of edges in scores and messages."""

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...graph import Adjacency
from ...ops import sddmm, spmm
from .._arguments import Edges, Features, Sizes, as_pair
from .._attention import (
    Residual,
    beside,
    block_diagonal,
    by_head,
    check_residual,
    joined,
    probabilities,
    residual_map,
    sum_edge_features,
)
from .._reset import draw_glorot
from ._headed import HeadedConv


@final
class EdgeGATConv(HeadedConv):
    """Sum of the neighbours' and the edges' projected features, weighted by attention, for several heads.

    For each head, with z = W x and f = W_edge times the features of an edge:

        score[e]     = leaky_relu(attn_l . z[j] + attn_r . z[i] + attn_edge . f[e])      for the edge e = j -> i
        attention[e] = softmax of score over the edges that enter i
        out[i]       = sum over edges e = j -> i of edge_weight[e] * attention[e] * (z[j] + f[e])  + residual(x[i]) + b

    *Shapes* `x: (num_nodes, *, in_features) -> (num_nodes, *, num_heads * out_features)`, or with `concat=False` the
    mean over heads, `(num_nodes, *, out_features)`. A pair `(x_source: (num_sources, *, in_source), x_target:
    (num_targets, *, in_target))` gives a row for each target; `edge_features: (num_edges, edge_features)`,
    `edge_weight: (num_edges,)`. Without an edge the sum is 0.

    Args:
        in_features: one width with one projection for both ends, or (in_source, in_target) with one for each.
        out_features: width of one head.
        edge_features: width of the features of edges.
        concat: heads side by side; otherwise their mean, to which residual and bias of that width are added.
        residual: adds a linear map of x[i] with "linear", x[i] itself with True if the widths agree.
        dropout: probability of dropping input features in training: one draw for one tensor, two for a pair.
        attention_dropout: probability of dropping an edge of a head in training, after the softmax.

    Raises:
        OptionError: in the constructor, if a probability or residual is none.
        ShapeError: in the call, if features, edge features or weights do not fit the graph or the layer.

    *Source* Monninger, Schmidt, Rupprecht, Raba, Jordan, Frank, Staab and Dietmayer, 2023, SCENE: Reasoning about
    Traffic Scenes using Heterogeneous Graph Neural Networks, arXiv:2301.03512.

    *Differs from the source* no activation. Residual, edge weights and bipartite graphs are options; edge weights multiply
    the attention, which is not normalised again.
    *Differs from DGL* heads are concatenated, where DGL gives (num_nodes, num_heads, out_features); attention has a
    method of its own, without dropout; a node without edges is no error; edges may have weights. `b` stands beside a
    linear residual too. Parameters are DGL's: `attn_l`, `attn_r`, `attn_edge`, `bias`, `fc.weight` or `fc_src.weight` and
    `fc_dst.weight`, `fc_edge.weight`, `res_fc.weight`.

    *Cost* E x F reads with F = num_heads * out_features, and a few tensors of E x num_heads; W_edge is moved behind the
    sum, so that features of edges are never projected, and a target takes num_heads * edge_features numbers.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer = EdgeGATConv(4, 2, 3, edge_features=5)
    >>> layer(graph, torch.randn(3, 4), edge_features=torch.randn(4, 5)).shape
    torch.Size([3, 6])
    """

    def __init__(
        self,
        in_features: Sizes,
        out_features: int,
        num_heads: int,
        *,
        edge_features: int,
        concat: bool = True,
        residual: Residual = "linear",
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        negative_slope: float = 0.2,
        bias: bool = True,
    ) -> None:
        super().__init__(
            in_features, out_features, num_heads, edge_features=edge_features, concat=concat, dropout=dropout,
            attention_dropout=attention_dropout,
        )  # fmt: skip
        check_residual("EdgeGATConv", residual)
        self.residual, self.negative_slope = residual, negative_slope
        self.attn_l = nn.Parameter(torch.empty(1, num_heads, out_features))
        self.attn_r = nn.Parameter(torch.empty(1, num_heads, out_features))
        self.bias = nn.Parameter(torch.empty(self._out_width)) if bias else None
        self.attn_edge = nn.Parameter(torch.empty(1, num_heads, out_features))
        self._make_projections()
        self.res_fc = residual_map(residual, as_pair(in_features)[1], self._out_width, False)
        self.fc_edge = nn.Linear(edge_features, self._width, bias=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights from Glorot's normal distribution with the gain of relu and set the bias to 0."""
        draw_glorot(self.named_parameters(), nn.init.xavier_normal_, relu=True)

    def forward(self, graph: Edges, x: Features, edge_weight: Tensor | None = None, *, edge_features: Tensor) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, x_source, x_target = self._resolved(graph, self._dropped(x), edge_weight, edge_features)
        z, score = self._score(adjacency, x_source, x_target, edge_features)
        attention = probabilities(adjacency.by_target, score, edge_weight, self._active_dropout).to(z.dtype)
        out = spmm(adjacency.by_target, z, attention)
        out = out.add_(sum_edge_features(adjacency, attention, edge_features, self.fc_edge.weight))
        return joined(out, self.concat, None if self.res_fc is None else self.res_fc(x_target), self.bias)

    def attention(
        self, graph: Edges, x: Features, edge_weight: Tensor | None = None, *, edge_features: Tensor
    ) -> Tensor:
        """Compute the attention of every edge, times its weight if there are weights, without dropout.

        *Shapes* x as in the call -> `(num_edges, *, num_heads)` by edge id

        >>> import torch
        >>> from weft.graph import Graph
        >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([2, 2, 0]), num_nodes=3)
        >>> layer = EdgeGATConv(4, 2, 3, edge_features=5)
        >>> layer.attention(graph, torch.randn(3, 4), edge_features=torch.randn(3, 5))[2]
        tensor([1., 1., 1.], grad_fn=<SelectBackward0>)
        """
        adjacency, x_source, x_target = self._resolved(graph, x, edge_weight, edge_features)
        _, score = self._score(adjacency, x_source, x_target, edge_features)
        return probabilities(adjacency.by_target, score, edge_weight)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return (
            f"{self.in_features}, {self.out_features}, {self.num_heads}, edge_features={self.edge_features}, "
            f"concat={self.concat}, residual={self.residual!r}, dropout={self.dropout}, "
            f"attention_dropout={self.attention_dropout}, negative_slope={self.negative_slope}, "
            f"bias={self.bias is not None}"
        )

    def _score(
        self, adjacency: Adjacency, x_source: Tensor, x_target: Tensor, edge_features: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Projected sources, and the scores of all edges before the softmax."""
        of_source, of_target = self._projections
        z = by_head(of_source(x_source), self.num_heads)
        left = z.flatten(-2) @ block_diagonal(self.attn_l)
        # attn_r . (W x) for all heads is x @ (W^T A): neither targets nor edges are ever projected for their scores.
        right = x_target @ (of_target.weight.T @ block_diagonal(self.attn_r))
        terms = edge_features @ (self.fc_edge.weight.T @ block_diagonal(self.attn_edge))
        score = sddmm(adjacency.by_target, right, left, "add", "target", "source")
        score = score + beside(terms, score, 1)
        return z, functional.leaky_relu(score, self.negative_slope, inplace=self.negative_slope >= 0)
