"""Convolution over a hypergraph: nodes to hyperedges and back."""

from typing import Literal, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import ShapeError, check_choice, check_probability, message
from ...graph import Adjacency
from ...ops import edge_softmax, sddmm, spmm
from .._arguments import Edges, Features, Sizes, as_pair, resolve_ends, resolve_sources
from .._attention import block_diagonal, by_head, joined
from .._reset import draw_glorot

Attention = Literal["none", "node", "edge"]
ATTENTIONS = ("none", "node", "edge")


@final
class HypergraphConv(nn.Module):
    """Mean over the hyperedges of a node of their weighted means over nodes, with or without attention.

    The graph goes from nodes to hyperedges: an edge j -> e says that node j lies in hyperedge e. For each head, z = W x,

        y[e]   = mean over the nodes j in e of p[j, e] * z[j]
        out[i] = b + (sum over the hyperedges e with i of w[e] * p[i, e] * y[e]) / (sum of w[e] over the same hyperedges)

    where w is the weight of a hyperedge or 1, and p is 1 without attention. With attention p is a softmax of the scores
    `leaky_relu(attn_l . z[j] + attn_r . W f[e])`, f being features of hyperedges, over

        attention    taken over
        "node"       the nodes of a hyperedge
        "edge"       the hyperedges of a node

    *Shapes* `x: (num_nodes, *, in_features) -> (num_nodes, *, num_heads * out_features)`, a row for each source, or with
    `concat=False` the mean over heads, `(num_nodes, *, out_features)`. With attention a pair `(x_nodes, x_hyperedges:
    (num_hyperedges, *, in_features))`. `hyperedge_weight: (num_hyperedges,)`. A node in no hyperedge gets b.

    Args:
        attention: "none", or what the softmax is taken over.
        num_heads: 1 without attention.
        concat: heads side by side; otherwise their mean, to which a bias of that width is added.
        attention_dropout: probability of dropping an incidence of a head in training, after the softmax.

    Raises:
        OptionError: in the constructor, if options do not exist or a probability is none.
        ShapeError: in the call, if features or weights do not fit the graph or the layer.

    *Source* Bai, Zhang and Torr, 2021, Hypergraph Convolution and Hypergraph Attention, arXiv:1901.08150, in its
    row-normalised form.

    *Differs from the source* no activation. Attention over the nodes of a hyperedge is added; features of hyperedges are
    given, not made from those of their nodes.
    *Differs from PyG* weights of hyperedges multiply what comes from them, as in the source, where PyG's only divide; the
    hypergraph is a graph, and features of hyperedges are the second of a pair.

    *Cost* twice E x F reads with F = num_heads * out_features, or the smaller of both widths without attention, E being the
    number of incidences; with attention a few tensors of E x num_heads.

    >>> import torch
    >>> from weft.graph import Adjacency
    >>> incidence = Adjacency(torch.tensor([0, 1, 2, 2, 3]), torch.tensor([0, 0, 0, 1, 1]), num_sources=4, num_targets=2)
    >>> HypergraphConv(4, 2)(incidence, torch.randn(4, 4)).shape
    torch.Size([4, 2])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        attention: Attention = "none",
        num_heads: int = 1,
        concat: bool = True,
        attention_dropout: float = 0.0,
        negative_slope: float = 0.2,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_choice("HypergraphConv", "attention", attention, ATTENTIONS)
        check_probability("HypergraphConv", "attention_dropout", attention_dropout)
        self.in_features, self.out_features = in_features, out_features
        self.kind, self.num_heads, self.concat = attention, num_heads if attention != "none" else 1, concat
        self.attention_dropout, self.negative_slope = attention_dropout, negative_slope
        width = self.num_heads * out_features
        self.fc = nn.Linear(in_features, width, bias=False)
        if attention != "none":
            self.attn = nn.Parameter(torch.empty(1, num_heads, 2 * out_features))
        self.bias = nn.Parameter(torch.empty(width if concat else out_features)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights from Glorot's uniform distribution and set the bias to 0."""
        draw_glorot(self.named_parameters())

    def forward(self, graph: Edges, x: Features, *, hyperedge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all nodes, which are the sources."""
        adjacency, p, z = self._prepare(graph, x)
        _check_weight(hyperedge_weight, adjacency)
        if p is not None and self.training and self.attention_dropout > 0:
            p = functional.dropout(p, self.attention_dropout)
        if hyperedge_weight is None:
            total = adjacency.out_degrees().to(z.dtype)
        else:
            total = spmm(adjacency.by_source, hyperedge_weight.to(z.dtype))
        z = by_head(z, self.num_heads)
        y = spmm(adjacency.by_target, z, p, "mean")
        if hyperedge_weight is not None:
            y = y * _along(hyperedge_weight.to(z.dtype), y)
        out = spmm(adjacency.by_source, y, p)
        total = torch.where(total == 0, torch.ones_like(total), total)
        return joined(out / _along(total, out), self.concat, self.bias)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return (
            f"{self.in_features}, {self.out_features}, attention={self.kind!r}, num_heads={self.num_heads}, "
            f"concat={self.concat}, attention_dropout={self.attention_dropout}, "
            f"negative_slope={self.negative_slope}, bias={self.bias is not None}"
        )

    def _prepare(self, graph: Edges, x: Features) -> tuple[Adjacency, Tensor | None, Tensor]:
        """Adjacency, attention of the incidences if there is any, and projected nodes."""
        if self.kind == "none":
            adjacency, x_source = resolve_sources("HypergraphConv", graph, x, self.in_features)
            return adjacency, None, self.fc(x_source)
        sizes: Sizes = self.in_features
        adjacency, x_source, x_target = resolve_ends("HypergraphConv", graph, x, as_pair(sizes))
        z = self.fc(x_source)
        to_nodes, to_hyperedges = (block_diagonal(half) for half in self.attn.chunk(2, -1))
        left, right = z @ to_nodes, x_target @ (self.fc.weight.T @ to_hyperedges)
        score = sddmm(adjacency.by_target, right, left, "add", "target", "source")
        score = functional.leaky_relu(score, self.negative_slope)
        rows = adjacency.by_target if self.kind == "node" else adjacency.by_source
        return adjacency, edge_softmax(rows, score).to(z.dtype), z


def _along(values: Tensor, x: Tensor) -> Tensor:
    """One number a row, shaped to multiply `x`."""
    return values.reshape(-1, *(1,) * (x.dim() - 1))


def _check_weight(hyperedge_weight: Tensor | None, adjacency: Adjacency) -> None:
    if hyperedge_weight is not None and hyperedge_weight.shape != (adjacency.num_targets,):
        form = f"`hyperedge_weight` of shape ({adjacency.num_targets},)"
        raise ShapeError(message("HypergraphConv", form, str(tuple(hyperedge_weight.shape))))
