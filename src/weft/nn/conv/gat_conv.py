"""Graph attention: neighbours weighted by a softmax over learned scores."""

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import check_probability
from ...ops import Structure, edge_softmax, gat_attention, sddmm
from .._arguments import (
    Edges,
    Features,
    Sizes,
    as_pair,
    check_edge_weight,
    draw_seed,
    drop_features,
    resolve_ends,
)


@final
class GATConv(nn.Module):
    """Sum of the neighbours' projected features, weighted by attention, for several heads.

    For each head, with z = W x:

        score[e]     = leaky_relu(attn_l . z[j] + attn_r . z[i])      for the edge e = j -> i
        attention[e] = softmax of score over the edges that enter i
        out[i]       = sum over edges e = j -> i of edge_weight[e] * attention[e] * z[j]  + residual(x[i]) + b

    *Shapes* `x: (num_nodes, *, in_features) -> (num_nodes, *, num_heads * out_features)`, or with `concat=False` the
    mean over heads, `(num_nodes, *, out_features)`. A pair `(x_source: (num_sources, *, in_source), x_target:
    (num_targets, *, in_target))` gives a row for each target; `edge_weight: (num_edges,)`. Without an edge the sum is 0.

    Args:
        in_features: one width with one projection for both ends, or (in_source, in_target) with one for each.
        out_features: width of one head.
        concat: heads side by side; otherwise their mean, taken after residual and bias.
        residual: adds x[i], through a linear map if the widths differ.
        dropout: probability of dropping input features in training: one draw for one tensor, two for a pair.
        attention_dropout: probability of dropping an edge of a head in training, after the softmax.

    Raises:
        OptionError: in the constructor, if a probability is none.
        ShapeError: in the call, if features or edge weights do not fit the graph or the layer.

    *Source* Veličković, Cucurull, Casanova, Romero, Liò and Bengio, 2018, Graph Attention Networks, arXiv:1710.10903,
    equations 3 to 6.

    *Differs from the source* no activation and no self loops: both are the caller's. Residual, edge weights and
    bipartite graphs are added; edge weights multiply the attention, which is not normalised again. `concat=False` is
    equation 6 without its activation.
    *Differs from DGL* heads are concatenated, where DGL gives (num_nodes, num_heads, out_features); attention has a
    method of its own, without dropout; a node without edges is no error. Parameters are DGL's: `attn_l`, `attn_r`,
    `bias`, `fc.weight` or `fc_src.weight` and `fc_dst.weight`, `res_fc.*` (with a linear residual the bias is
    `res_fc.bias`).

    *Cost* E x F reads with F = num_heads * out_features; nothing of size E is allocated but a gradient of edge weights.

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
        concat: bool = True,
        residual: bool = False,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        negative_slope: float = 0.2,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_probability("GATConv", "dropout", dropout)
        check_probability("GATConv", "attention_dropout", attention_dropout)
        self.in_features, self.out_features, self.num_heads = in_features, out_features, num_heads
        self.concat, self.residual, self.dropout = concat, residual, dropout
        self.attention_dropout, self.negative_slope = attention_dropout, negative_slope
        width, (in_source, in_target) = num_heads * out_features, as_pair(in_features)
        self.attn_l = nn.Parameter(torch.empty(1, num_heads, out_features))
        self.attn_r = nn.Parameter(torch.empty(1, num_heads, out_features))
        is_linear = residual and in_target != width
        self.bias = nn.Parameter(torch.empty(width)) if bias and not is_linear else None
        if isinstance(in_features, tuple):
            self.fc_src = nn.Linear(in_source, width, bias=False)
            self.fc_dst = nn.Linear(in_target, width, bias=False)
        else:
            self.fc = nn.Linear(in_source, width, bias=False)
        if residual:
            self.res_fc = nn.Linear(in_target, width, bias=bias) if is_linear else nn.Identity()
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights from Glorot's normal distribution with the gain of relu and set biases to 0."""
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            else:
                nn.init.xavier_normal_(parameter, gain=nn.init.calculate_gain("relu"))

    def forward(self, graph: Edges, x: Features, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all targets."""
        x = drop_features(x, self.dropout, self.training)
        adjacency, x_source, x_target = resolve_ends("GATConv", graph, x, as_pair(self.in_features))
        check_edge_weight("GATConv", edge_weight, adjacency)
        z = self._project_sources(x_source)
        left, right = self._halves(z, x_target if isinstance(x, tuple) else None, adjacency.num_targets)
        p = self.attention_dropout if self.training else 0.0
        weight = None if edge_weight is None else edge_weight.to(z.dtype)
        seed = draw_seed(z) if p > 0 else None
        out = gat_attention(adjacency.by_target, z, left, right, self.negative_slope, None, weight, p, seed)
        # In place: a fresh N x F costs more than the addition, and no gradient reads what stood there.
        if self.residual:
            out.add_(self._by_head(self.res_fc(x_target)))
        if self.bias is not None:
            out.add_(self._by_head(self.bias))
        return out.flatten(-2) if self.concat else out.mean(-2)

    def attention(self, graph: Edges, x: Features, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the attention of every edge, times its weight if there are weights, without dropout.

        *Shapes* x as in the call -> `(num_edges, *, num_heads)` by edge id

        >>> import torch
        >>> from weft.graph import Graph
        >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([2, 2, 0]), num_nodes=3)
        >>> GATConv(4, 2, 3).attention(graph, torch.randn(3, 4))[2]
        tensor([1., 1., 1.], grad_fn=<SelectBackward0>)
        """
        adjacency, x_source, x_target = resolve_ends("GATConv", graph, x, as_pair(self.in_features))
        check_edge_weight("GATConv", edge_weight, adjacency)
        z = self._project_sources(x_source)
        halves = self._halves(z, x_target if isinstance(x, tuple) else None, adjacency.num_targets)
        attention = self._attention(adjacency.by_target, *halves)
        return attention if edge_weight is None else _weighted(attention, edge_weight)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        has_bias = any(name.endswith("bias") for name, _ in self.named_parameters())
        return (
            f"{self.in_features}, {self.out_features}, {self.num_heads}, concat={self.concat}, residual={self.residual}, "
            f"dropout={self.dropout}, attention_dropout={self.attention_dropout}, "
            f"negative_slope={self.negative_slope}, bias={has_bias}"
        )

    def _project_sources(self, x_source: Tensor) -> Tensor:
        fc = self.fc_src if isinstance(self.in_features, tuple) else self.fc
        return self._by_head(fc(x_source))

    def _by_head(self, x: Tensor) -> Tensor:
        return x.reshape(*x.shape[:-1], self.num_heads, self.out_features)

    def _halves(self, z: Tensor, x_target: Tensor | None, num_targets: int) -> tuple[Tensor, Tensor]:
        """What each end adds to the scores; without `x_target` the targets are the first sources."""
        # The view stands here: autograd adds in place to the gradient of the other use only while that is no view.
        z = z.flatten(-2)
        from_source, from_target = _block_diagonal(self.attn_l), _block_diagonal(self.attn_r)
        if x_target is None:
            left, right = (z @ torch.cat((from_source, from_target), 1)).chunk(2, -1)
            return left, right[:num_targets]
        # attn_r . (W x) for all heads is x @ (W^T A): the targets themselves are never projected.
        fc = self.fc_dst if isinstance(self.in_features, tuple) else self.fc
        return z @ from_source, x_target @ (fc.weight.T @ from_target)

    def _attention(self, rows: Structure, left: Tensor, right: Tensor) -> Tensor:
        """Softmax of the scores, in the edge order of `rows`."""
        score = sddmm(rows, right, left, "add", "target", "source")
        # In place it keeps one E x H less, but its gradient then reads the sign of the result.
        score = functional.leaky_relu(score, self.negative_slope, inplace=self.negative_slope >= 0)
        return edge_softmax(rows, score)


def _block_diagonal(attention: Tensor) -> Tensor:
    """(1, H, D) as (H * D, H), so that one matrix product gives the scores of all heads."""
    _, heads, width = attention.shape
    eye = torch.eye(heads, dtype=attention.dtype, device=attention.device)
    return (attention.reshape(heads, width, 1) * eye.unsqueeze(1)).reshape(heads * width, heads)


def _weighted(attention: Tensor, edge_weight: Tensor) -> Tensor:
    return attention * edge_weight.reshape(-1, *(1,) * (attention.dim() - 1))
