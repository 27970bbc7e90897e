"""Graph attention by dot products of the projected features."""

from typing import final

from torch import Tensor, nn

from ...errors import check_probability
from ...ops import dot_attention, sddmm
from .._arguments import (
    Edges,
    Features,
    Sizes,
    as_pair,
    check_edge_weight,
    drop_features,
    first_rows,
    resolve_ends,
)
from .._attention import by_head, edge_factors, joined, probabilities


@final
class DotGatConv(nn.Module):
    """Sum of the neighbours' projected features, weighted by their dot products with the node's own, for several heads.

    For each head, with z = W x:

        score[e]     = z[j] . z[i] / sqrt(out_features)      for the edge e = j -> i
        attention[e] = softmax of score over the edges that enter i
        out[i]       = sum over edges e = j -> i of edge_weight[e] * attention[e] * z[j]

    *Shapes* `x: (num_nodes, *, in_features) -> (num_nodes, *, num_heads * out_features)`, or with `concat=False` the
    mean over heads, `(num_nodes, *, out_features)`. A pair `(x_source: (num_sources, *, in_source), x_target:
    (num_targets, *, in_target))` gives a row for each target; `edge_weight: (num_edges,)`. Without an edge the sum is 0.

    Args:
        in_features: one width with one projection for both ends, or (in_source, in_target) with one for each.
        out_features: width of one head.
        concat: heads side by side; otherwise their mean.
        dropout: probability of dropping input features in training: one draw for one tensor, two for a pair.
        attention_dropout: probability of dropping an edge of a head in training, after the softmax.

    Raises:
        OptionError: in the constructor, if a probability is none.
        ShapeError: in the call, if features or edge weights do not fit the graph or the layer.

    *Source* Veličković, Cucurull, Casanova, Romero, Liò and Bengio, 2018, Graph Attention Networks, arXiv:1710.10903,
    with the scores of Vaswani and others, 2017, Attention Is All You Need, arXiv:1706.03762, equation 1.

    *Differs from the source* the score of the first is replaced by that of the second, with one matrix for key, query and
    value; no activation and no self loops. Edge weights and bipartite graphs are added; edge weights multiply the
    attention, which is not normalised again.
    *Differs from DGL* heads are concatenated, where DGL gives (num_nodes, num_heads, out_features); attention has a
    method of its own; a node without edges is no error; dropout is new. Parameters are DGL's: `fc.weight`, or
    `fc_src.weight` and `fc_dst.weight`.

    *Cost* E x F reads with F = num_heads * out_features; nothing of size E is allocated but a gradient of edge weights.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer = DotGatConv(4, 2, 3)
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
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        check_probability("DotGatConv", "dropout", dropout)
        check_probability("DotGatConv", "attention_dropout", attention_dropout)
        self.in_features, self.out_features, self.num_heads = in_features, out_features, num_heads
        self.concat, self.dropout, self.attention_dropout = concat, dropout, attention_dropout
        width = num_heads * out_features
        if isinstance(in_features, tuple):
            self.fc_src = nn.Linear(in_features[0], width, bias=False)
            self.fc_dst = nn.Linear(in_features[1], width, bias=False)
        else:
            self.fc = nn.Linear(in_features, width, bias=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights from Glorot's uniform distribution."""
        for parameter in self.parameters():
            nn.init.xavier_uniform_(parameter)

    def forward(self, graph: Edges, x: Features, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all targets."""
        x = drop_features(x, self.dropout, self.training)
        adjacency, x_source, x_target = resolve_ends("DotGatConv", graph, x, as_pair(self.in_features))
        check_edge_weight("DotGatConv", edge_weight, adjacency)
        z, own = self._ends(x, x_source, x_target)
        p = self.attention_dropout if self.training else 0.0
        factors = edge_factors(z, edge_weight, p)
        out = dot_attention(adjacency.by_target, own, z, z, self.out_features**-0.5, None, *factors)
        return joined(out, self.concat)

    def attention(self, graph: Edges, x: Features, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the attention of every edge, times its weight if there are weights, without dropout.

        *Shapes* x as in the call -> `(num_edges, *, num_heads)` by edge id

        >>> import torch
        >>> from weft.graph import Graph
        >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([2, 2, 0]), num_nodes=3)
        >>> DotGatConv(4, 2, 3).attention(graph, torch.randn(3, 4))[2]
        tensor([1., 1., 1.], grad_fn=<SelectBackward0>)
        """
        adjacency, x_source, x_target = resolve_ends("DotGatConv", graph, x, as_pair(self.in_features))
        check_edge_weight("DotGatConv", edge_weight, adjacency)
        z, own = self._ends(x, x_source, x_target)
        score = sddmm(adjacency.by_target, own * self.out_features**-0.5, z, "dot", "target", "source")
        return probabilities(adjacency.by_target, score, edge_weight)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return (
            f"{self.in_features}, {self.out_features}, {self.num_heads}, concat={self.concat}, "
            f"dropout={self.dropout}, attention_dropout={self.attention_dropout}"
        )

    def _ends(self, x: Features, x_source: Tensor, x_target: Tensor) -> tuple[Tensor, Tensor]:
        """Projected features of sources and of targets, which may be the first sources."""
        has_two = isinstance(self.in_features, tuple)
        z = by_head((self.fc_src if has_two else self.fc)(x_source), self.num_heads)
        if not has_two and not isinstance(x, tuple):
            return z, first_rows(z, x_target.shape[0])
        return z, by_head((self.fc_dst if has_two else self.fc)(x_target), self.num_heads)
