"""Graph attention: neighbours weighted by a softmax over learned scores."""

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...ops import Structure, gat_attention, sddmm
from .._arguments import Edges, Features, Sizes, as_pair, first_rows
from .._attention import (
    Residual,
    attend,
    beside,
    block_diagonal,
    by_head,
    check_residual,
    edge_factors,
    joined,
    probabilities,
    residual_map,
)
from .._reset import draw_glorot
from ._headed import HeadedConv


@final
class GATConv(HeadedConv):
    """Sum of the neighbours' projected features, weighted by attention, for several heads.

    For each head, with z = W x:

        score[e]     = leaky_relu(attn_l . z[j] + attn_r . z[i] + attn_edge . W_edge f[e])      for the edge e = j -> i
        attention[e] = softmax of score over the edges that enter i
        out[i]       = sum over edges e = j -> i of edge_weight[e] * attention[e] * z[j]  + residual(x[i]) + b

    where the last term of the score is there if edges have features f.

    *Shapes* `x: (num_nodes, *, in_features) -> (num_nodes, *, num_heads * out_features)`, or with `concat=False` the
    mean over heads, `(num_nodes, *, out_features)`. A pair `(x_source: (num_sources, *, in_source), x_target:
    (num_targets, *, in_target))` gives a row for each target; `edge_weight: (num_edges,)`, `edge_features: (num_edges,
    edge_features)`. Without an edge the sum is 0.

    Args:
        in_features: one width with one projection for both ends, or (in_source, in_target) with one for each.
        out_features: width of one head.
        edge_features: width of the features of edges; None if edges have none.
        concat: heads side by side; otherwise their mean, to which residual and bias of that width are added.
        residual: adds x[i], through a linear map if the widths differ, or always with "linear".
        dropout: probability of dropping input features in training: one draw for one tensor, two for a pair.
        attention_dropout: probability of dropping an edge of a head in training, after the softmax.

    Raises:
        OptionError: in the constructor, if a probability or residual is none.
        ShapeError: in the call, if features, edge features or weights do not fit the graph or the layer.

    *Source* Veličković, Cucurull, Casanova, Romero, Liò and Bengio, 2018, Graph Attention Networks, arXiv:1710.10903,
    equations 3 to 6.

    *Differs from the source* no activation and no self loops: both are the caller's. Residual, edge features, edge weights
    and bipartite graphs are added; edge weights multiply the attention, which is not normalised again. `concat=False` is
    equation 6 without its activation.
    *Differs from DGL* heads are concatenated, where DGL gives (num_nodes, num_heads, out_features); attention has a
    method of its own, without dropout; a node without edges is no error. Parameters are DGL's: `attn_l`, `attn_r`,
    `bias`, `fc.weight` or `fc_src.weight` and `fc_dst.weight`, `res_fc.*` (with a linear residual the bias is
    `res_fc.bias`), and for edges `attn_edge` and `fc_edge.weight` of DGL's EdgeGATConv.
    *Differs from PyG* no self loops are added, to edges with features neither; its residual is `residual="linear"`. Its
    FusedGATConv is this layer without edge features; it needs dgNN and CUDA, and was not run for comparison.

    *Cost* E x F reads with F = num_heads * out_features; nothing of size E is allocated but a gradient of edge weights,
    and for edge features scores of E x num_heads, the features themselves never being projected to E x F.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer = GATConv(4, 2, 3)
    >>> x = torch.randn(3, 4)
    >>> layer(graph, x).shape, layer.attention(graph, x).shape
    (torch.Size([3, 6]), torch.Size([4, 3]))
    """

    def __init__(
        self,
        in_features: Sizes,
        out_features: int,
        num_heads: int,
        *,
        edge_features: int | None = None,
        concat: bool = True,
        residual: Residual = False,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        negative_slope: float = 0.2,
        bias: bool = True,
    ) -> None:
        super().__init__(
            in_features, out_features, num_heads, edge_features=edge_features, concat=concat, dropout=dropout,
            attention_dropout=attention_dropout,
        )  # fmt: skip
        check_residual("GATConv", residual)
        self.residual, self.negative_slope = residual, negative_slope
        self.attn_l = nn.Parameter(torch.empty(1, num_heads, out_features))
        self.attn_r = nn.Parameter(torch.empty(1, num_heads, out_features))
        if edge_features is not None:
            self.attn_edge = nn.Parameter(torch.empty(1, num_heads, out_features))
        res_fc = residual_map(residual, as_pair(in_features)[1], self._out_width, bias)
        has_bias = bias and not isinstance(res_fc, nn.Linear)
        self.bias = nn.Parameter(torch.empty(self._out_width)) if has_bias else None
        self._make_projections()
        if edge_features is not None:
            self.fc_edge = nn.Linear(edge_features, self._width, bias=False)
        if res_fc is not None:
            self.res_fc = res_fc
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights from Glorot's normal distribution with the gain of relu and set biases to 0."""
        draw_glorot(self.named_parameters(), nn.init.xavier_normal_, relu=True)

    def forward(
        self, graph: Edges, x: Features, edge_weight: Tensor | None = None, *, edge_features: Tensor | None = None
    ) -> Tensor:
        """Compute the new features of all targets."""
        x = self._dropped(x)
        adjacency, x_source, x_target = self._resolved(graph, x, edge_weight, edge_features)
        z = by_head(self._projections[0](x_source), self.num_heads)
        left, right = self._halves(z, x_target if isinstance(x, tuple) else None, adjacency.num_targets)
        p, rows = self._active_dropout, adjacency.by_target
        if edge_features is not None:
            out = attend(rows, z, self._score(rows, left, right, edge_features), edge_weight, p)
        else:
            factors = edge_factors(z, edge_weight, p)
            out = gat_attention(rows, z, left, right, self.negative_slope, None, *factors)
        return joined(out, self.concat, self.res_fc(x_target) if self.residual else None, self.bias)

    def attention(
        self, graph: Edges, x: Features, edge_weight: Tensor | None = None, *, edge_features: Tensor | None = None
    ) -> Tensor:
        """Compute the attention of every edge, times its weight if there are weights, without dropout.

        *Shapes* x as in the call -> `(num_edges, *, num_heads)` by edge id

        >>> import torch
        >>> from weft.graph import Graph
        >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([2, 2, 0]), num_nodes=3)
        >>> GATConv(4, 2, 3).attention(graph, torch.randn(3, 4))[2]
        tensor([1., 1., 1.], grad_fn=<SelectBackward0>)
        """
        adjacency, x_source, x_target = self._resolved(graph, x, edge_weight, edge_features)
        z = by_head(self._projections[0](x_source), self.num_heads)
        halves = self._halves(z, x_target if isinstance(x, tuple) else None, adjacency.num_targets)
        rows = adjacency.by_target
        return probabilities(rows, self._score(rows, *halves, edge_features), edge_weight)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        has_bias = any(name.endswith("bias") for name, _ in self.named_parameters())
        return (
            f"{self.in_features}, {self.out_features}, {self.num_heads}, "
            f"{'' if self.edge_features is None else f'edge_features={self.edge_features}, '}"
            f"concat={self.concat}, residual={self.residual!r}, dropout={self.dropout}, "
            f"attention_dropout={self.attention_dropout}, negative_slope={self.negative_slope}, bias={has_bias}"
        )

    def _halves(self, z: Tensor, x_target: Tensor | None, num_targets: int) -> tuple[Tensor, Tensor]:
        """What each end adds to the scores; without `x_target` the targets are the first sources."""
        # The view stands here: autograd adds in place to the gradient of the other use only while that is no view.
        z = z.flatten(-2)
        from_source, from_target = block_diagonal(self.attn_l), block_diagonal(self.attn_r)
        if x_target is None:
            left, right = (z @ torch.cat((from_source, from_target), 1)).chunk(2, -1)
            return left, first_rows(right, num_targets)
        # attn_r . (W x) for all heads is x @ (W^T A): the targets themselves are never projected.
        return z @ from_source, x_target @ (self._projections[1].weight.T @ from_target)

    def _score(self, rows: Structure, left: Tensor, right: Tensor, edge_features: Tensor | None) -> Tensor:
        """Scores of all edges before the softmax."""
        score = sddmm(rows, right, left, "add", "target", "source")
        if edge_features is not None:
            # attn_edge . (W_edge f) for all heads is f @ (W_edge^T A): features of edges are never projected.
            terms = edge_features @ (self.fc_edge.weight.T @ block_diagonal(self.attn_edge))
            score = score + beside(terms, score, 1)
        # In place it keeps one E x H less, but its gradient then reads the sign of the result.
        return functional.leaky_relu(score, self.negative_slope, inplace=self.negative_slope >= 0)
