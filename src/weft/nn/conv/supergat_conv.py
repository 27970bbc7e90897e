"""Graph attention that learns from the edges which pairs of nodes belong together."""

from typing import Literal, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import check_choice
from ...graph import Adjacency
from ...ops import sddmm
from .._arguments import Edges, Features, first_rows
from .._attention import attend, block_diagonal, by_head, joined, probabilities
from .._reset import draw_glorot
from ._headed import HeadedConv

Attention = Literal["mixed", "dot"]
ATTENTIONS = ("mixed", "dot")


@final
class SuperGATConv(HeadedConv):
    """Sum of the neighbours' projected features, weighted by attention that an extra loss teaches to predict edges.

    For each head, with z = W x, for the edge e = j -> i:

        attention    score[e]
        "mixed"      leaky_relu((att_l . z[j] + att_r . z[i]) * sigmoid(z[j] . z[i]))
        "dot"        leaky_relu(z[j] . z[i] / sqrt(out_features))

        p[e]   = softmax of score over the edges that enter i
        out[i] = sum over edges e = j -> i of edge_weight[e] * p[e] * z[j]  + b

    *Shapes* `x: (num_nodes, *, in_features) -> (num_nodes, *, num_heads * out_features)`, or with `concat=False` the
    mean over heads, `(num_nodes, *, out_features)`. A pair `(x_source: (num_sources, *, in_features), x_target:
    (num_targets, *, in_features))` gives a row for each target; `edge_weight: (num_edges,)`. Without an edge the sum is 0.

    Args:
        out_features: width of one head.
        attention: "mixed" (MX in the source) or "dot" (SD).
        concat: heads side by side; otherwise their mean, to which a bias of that width is added.
        dropout: probability of dropping input features in training: one draw for one tensor, two for a pair.
        attention_dropout: probability of dropping an edge of a head in training, after the softmax.

    Raises:
        OptionError: in the constructor, if options do not exist or a probability is none.
        ShapeError: in the call, if features or edge weights do not fit the graph or the layer.

    *Source* Kim and Oh, 2021, How to Find Your Friendly Neighborhood: Graph Attention Design with Self-Supervision,
    International Conference on Learning Representations; arXiv:2204.04879.

    *Differs from the source* no activation and no self loops: both are the caller's. Edge weights and bipartite graphs are
    added. "GO" and "DP", which it compares with, are left out.
    *Differs from PyG* no self loops are added; the loss is a method, `attention_loss`, that takes pairs without edges,
    where PyG draws them in the call and keeps the loss as an attribute. PyG's `attention_type` is "MX" or "SD".

    *Cost* twice E x F reads with F = num_heads * out_features, and a few tensors of E x num_heads.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer = SuperGATConv(4, 2, 3)
    >>> x = torch.randn(3, 4)
    >>> layer(graph, x).shape, layer.attention(graph, x).shape
    (torch.Size([3, 6]), torch.Size([4, 3]))
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        num_heads: int = 1,
        *,
        attention: Attention = "mixed",
        concat: bool = True,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        negative_slope: float = 0.2,
        bias: bool = True,
    ) -> None:
        super().__init__(
            in_features, out_features, num_heads, concat=concat, dropout=dropout, attention_dropout=attention_dropout
        )
        check_choice("SuperGATConv", "attention", attention, ATTENTIONS)
        self.kind, self.negative_slope = attention, negative_slope
        if attention == "mixed":
            self.att_l = nn.Parameter(torch.empty(1, num_heads, out_features))
            self.att_r = nn.Parameter(torch.empty(1, num_heads, out_features))
        self._make_projections()
        self.bias = nn.Parameter(torch.empty(self._out_width)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights from Glorot's uniform distribution and set the bias to 0."""
        draw_glorot(self.named_parameters())

    def forward(self, graph: Edges, x: Features, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, z, own = self._ends(graph, self._dropped(x), edge_weight)
        out = attend(adjacency.by_target, z, self._score(adjacency, z, own), edge_weight, self._active_dropout)
        return joined(out, self.concat, self.bias)

    def attention(self, graph: Edges, x: Features, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the attention of every edge, times its weight if there are weights, without dropout.

        *Shapes* x as in the call -> `(num_edges, *, num_heads)` by edge id

        >>> import torch
        >>> from weft.graph import Graph
        >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([2, 2, 0]), num_nodes=3)
        >>> SuperGATConv(4, 2, 3).attention(graph, torch.randn(3, 4))[2]
        tensor([1., 1., 1.], grad_fn=<SelectBackward0>)
        """
        adjacency, z, own = self._ends(graph, x, edge_weight)
        return probabilities(adjacency.by_target, self._score(adjacency, z, own), edge_weight)

    def attention_loss(self, graph: Edges, x: Features, non_edges: Edges) -> Tensor:
        """Compute how badly attention tells edges from pairs without one: a binary cross entropy.

        `loss = mean of -log(sigmoid(s[e]))` over edges and `-log(1 - sigmoid(s[e]))` over pairs without one together, where
        s is the mean over heads of the dot product (divided by sqrt(out_features) for "dot").

        *Shapes* x as in the call -> `()`

        Args:
            non_edges: a graph over the same nodes, of pairs drawn at random; in the source about half as many as edges.

        >>> import torch
        >>> from weft.graph import Graph
        >>> graph, others = Graph([0, 1, 2], [2, 2, 0], num_nodes=3), Graph([0], [1], num_nodes=3)
        >>> SuperGATConv(4, 2, 3).attention_loss(graph, torch.zeros(3, 4), others)
        tensor(0.6931, grad_fn=<DivBackward0>)
        """
        total, count = torch.zeros((), device=self.fc.weight.device), 0
        for edges, sign in ((graph, -1.0), (non_edges, 1.0)):
            adjacency, z, own = self._ends(edges, x, None)
            logit = self._logit(adjacency, z, own).mean(-1)
            total, count = total + functional.softplus(sign * logit).sum(), count + logit.numel()
        return total / count

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return (
            f"{self.in_features}, {self.out_features}, {self.num_heads}, attention={self.kind!r}, "
            f"concat={self.concat}, dropout={self.dropout}, attention_dropout={self.attention_dropout}, "
            f"negative_slope={self.negative_slope}, bias={self.bias is not None}"
        )

    def _ends(self, graph: Edges, x: Features, edge_weight: Tensor | None) -> tuple[Adjacency, Tensor, Tensor]:
        """Adjacency, and projected features of sources and of targets."""
        adjacency, x_source, x_target = self._resolved(graph, x, edge_weight)
        z = by_head(self.fc(x_source), self.num_heads)
        if isinstance(x, tuple):
            return adjacency, z, by_head(self.fc(x_target), self.num_heads)
        return adjacency, z, first_rows(z, adjacency.num_targets)

    def _logit(self, adjacency: Adjacency, z: Tensor, own: Tensor) -> Tensor:
        if self.kind == "dot":
            own = own * self.out_features**-0.5
        return sddmm(adjacency.by_target, own, z, "dot", "target", "source")

    def _score(self, adjacency: Adjacency, z: Tensor, own: Tensor) -> Tensor:
        """Scores of all edges before the softmax."""
        score = self._logit(adjacency, z, own)
        if self.kind == "mixed":
            left, right = z.flatten(-2) @ block_diagonal(self.att_l), own.flatten(-2) @ block_diagonal(self.att_r)
            score = score.sigmoid() * sddmm(adjacency.by_target, right, left, "add", "target", "source")
        return functional.leaky_relu(score, self.negative_slope)
