"""Graph attention of the second kind: scores that see both ends together."""

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import OptionError, message
from ...graph import Adjacency
from ...ops import gatv2_attention
from .._apply_edges import apply_edges
from .._arguments import Edges, Features, Sizes, as_pair, first_rows
from .._attention import (
    Residual,
    attend,
    beside,
    by_head,
    check_residual,
    edge_factors,
    joined,
    probabilities,
    residual_map,
)
from .._formula import formula
from .._reset import draw_glorot
from ._headed import HeadedConv


def _score(
    source: dict[str, Tensor], target: dict[str, Tensor], edge: dict[str, Tensor], shared: dict[str, Tensor]
) -> Tensor:
    left, right = source["left"], target["right"]
    both = left + right + (edge["features"] @ shared["weight"]).unflatten(-1, left.shape[-2:])
    return (functional.prelu(both, shared["slope"]) * shared["attn"]).sum(-1)


_SCORE = formula(_score, trace=False)
_SCORE_OF_ENDS = formula(
    lambda source, target, edge, shared: (
        (torch.relu(source["left"] + target["right"]) - torch.relu(-source["left"] - target["right"]) * shared["slope"])
        * shared["attn"]
    ).sum(-1)
)


@final
class GATv2Conv(HeadedConv):
    """Sum of the neighbours' projected features, weighted by attention that sees both ends together.

    For each head, with l = W_src x + b_src and r = W_dst x + b_dst:

        score[e]     = attn . leaky_relu(l[j] + r[i] + W_edge f[e])      for the edge e = j -> i
        attention[e] = softmax of score over the edges that enter i
        out[i]       = sum over edges e = j -> i of edge_weight[e] * attention[e] * l[j]  + residual(x[i]) + b

    where `W_edge f[e]` is there if edges have features f, and b only with `output_bias` or a linear residual.

    *Shapes* `x: (num_nodes, *, in_features) -> (num_nodes, *, num_heads * out_features)`, or with `concat=False` the
    mean over heads, `(num_nodes, *, out_features)`. A pair `(x_source: (num_sources, *, in_source), x_target:
    (num_targets, *, in_target))` gives a row for each target; `edge_weight: (num_edges,)`, `edge_features: (num_edges,
    edge_features)`. Without an edge the sum is 0.

    Args:
        in_features: one width, or (in_source, in_target).
        out_features: width of one head.
        edge_features: width of the features of edges; None if edges have none.
        share_weights: one projection for both ends, `fc_src`.
        concat: heads side by side; otherwise their mean, to which residual and bias of that width are added.
        residual: adds x[i], through a linear map if the widths differ, or always with "linear".
        dropout: probability of dropping input features in training: one draw for one tensor, two for a pair.
        attention_dropout: probability of dropping an edge of a head in training, after the softmax.
        bias: adds b_src, b_dst and the bias of a linear residual.
        output_bias: adds b; with a linear residual that is its bias.

    Raises:
        OptionError: in the constructor, if a probability or residual is none, or two widths are to share weights.
        ShapeError: in the call, if features, edge features or weights do not fit the graph or the layer.

    *Source* Brody, Alon and Yahav, 2022, How Attentive are Graph Attention Networks?, arXiv:2105.14491, equation 7.

    *Differs from the source* no activation and no self loops: both are the caller's. Residual, edge features, edge weights
    and bipartite graphs are added; edge weights multiply the attention, which is not normalised again.
    *Differs from DGL* heads are concatenated, where DGL gives (num_nodes, num_heads, out_features); attention has a
    method of its own, without dropout; edges may have features and weights. Parameters are DGL's: `attn`, `fc_src.*`,
    `fc_dst.*`, `res_fc.*`; with shared weights there is no second name for `fc_src`.
    *Differs from PyG* no self loops are added; its bias is `output_bias=True`, its residual `residual="linear"`.

    *Cost* E x F reads with F = num_heads * out_features; nothing of size E is allocated but a gradient of edge weights.
    With edge features, scores of E x num_heads; the projected features of edges are computed in chunks, twice.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer = GATv2Conv(4, 2, 3)
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
        share_weights: bool = False,
        concat: bool = True,
        residual: Residual = False,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        negative_slope: float = 0.2,
        bias: bool = True,
        output_bias: bool = False,
    ) -> None:
        super().__init__(
            in_features, out_features, num_heads, edge_features=edge_features, concat=concat, dropout=dropout,
            attention_dropout=attention_dropout,
        )  # fmt: skip
        check_residual("GATv2Conv", residual)
        self.share_weights, self.residual = share_weights, residual
        self.negative_slope, self.output_bias = negative_slope, output_bias
        in_source, in_target = as_pair(in_features)
        if share_weights and in_source != in_target:
            raise OptionError(
                message("GATv2Conv", "ends of one width to share weights", f"{in_source} and {in_target}")
            )
        self.attn = nn.Parameter(torch.empty(1, num_heads, out_features))
        self.fc_src = nn.Linear(in_source, self._width, bias=bias)
        if not share_weights:
            self.fc_dst = nn.Linear(in_target, self._width, bias=bias)
        if edge_features is not None:
            self.fc_edge = nn.Linear(edge_features, self._width, bias=False)
        res_fc = residual_map(residual, in_target, self._out_width, bias or output_bias)
        if res_fc is not None:
            self.res_fc = res_fc
        has_bias = output_bias and not isinstance(res_fc, nn.Linear)
        self.bias = nn.Parameter(torch.empty(self._out_width)) if has_bias else None
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
        left, right = self._ends(x, x_source, x_target)
        p = self._active_dropout
        if edge_features is not None:
            score = self._score(adjacency, left, right, edge_features)
            out = attend(adjacency.by_target, left, score, edge_weight, p)
        else:
            factors = edge_factors(left, edge_weight, p)
            attn = self.attn[0].expand(left.shape[1:])
            out = gatv2_attention(adjacency.by_target, left, right, attn, self.negative_slope, None, *factors)
        added = self.res_fc(x_target) if self.residual else None
        return joined(out, self.concat, added, self.bias, in_place=edge_features is not None)

    def attention(
        self, graph: Edges, x: Features, edge_weight: Tensor | None = None, *, edge_features: Tensor | None = None
    ) -> Tensor:
        """Compute the attention of every edge, times its weight if there are weights, without dropout.

        *Shapes* x as in the call -> `(num_edges, *, num_heads)` by edge id

        >>> import torch
        >>> from weft.graph import Graph
        >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([2, 2, 0]), num_nodes=3)
        >>> GATv2Conv(4, 2, 3).attention(graph, torch.randn(3, 4))[2]
        tensor([1., 1., 1.], grad_fn=<SelectBackward0>)
        """
        adjacency, x_source, x_target = self._resolved(graph, x, edge_weight, edge_features)
        score = self._score(adjacency, *self._ends(x, x_source, x_target), edge_features)
        return probabilities(adjacency.by_target, score, edge_weight)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return (
            f"{self.in_features}, {self.out_features}, {self.num_heads}, edge_features={self.edge_features}, "
            f"share_weights={self.share_weights}, concat={self.concat}, residual={self.residual!r}, "
            f"dropout={self.dropout}, attention_dropout={self.attention_dropout}, "
            f"negative_slope={self.negative_slope}, bias={self.fc_src.bias is not None}, output_bias={self.output_bias}"
        )

    def _ends(self, x: Features, x_source: Tensor, x_target: Tensor) -> tuple[Tensor, Tensor]:
        left = by_head(self.fc_src(x_source), self.num_heads)
        if not self.share_weights:
            return left, by_head(self.fc_dst(x_target), self.num_heads)
        if isinstance(x, tuple):
            return left, by_head(self.fc_src(x_target), self.num_heads)
        return left, first_rows(left, x_target.shape[0])

    def _score(self, adjacency: Adjacency, left: Tensor, right: Tensor, edge_features: Tensor | None) -> Tensor:
        """Scores of all edges before the softmax."""
        slope = torch.full((1,), self.negative_slope, dtype=left.dtype, device=left.device)
        source, target, shared = {"left": left}, {"right": right}, {"attn": self.attn[0].to(left.dtype), "slope": slope}
        if edge_features is None:
            shared = {
                name: value.reshape(*(1,) * (left.dim() - 1 - value.dim()), *value.shape)
                for name, value in shared.items()
            }
            found = apply_edges(adjacency, _SCORE_OF_ENDS, source=source, target=target, shared=shared)
        else:
            edge = {"features": beside(edge_features, left, 2).to(left.dtype)}
            shared["weight"] = self.fc_edge.weight.T.to(left.dtype)
            found = apply_edges(adjacency, _SCORE, source=source, target=target, edge=edge, shared=shared)
        assert isinstance(found, Tensor), "the formula gives one value"
        return found
