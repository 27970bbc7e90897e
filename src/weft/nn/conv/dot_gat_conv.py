"""Graph attention by dot products of the projected features."""

from typing import final

from torch import Tensor, nn

from ...ops import dot_attention, sddmm
from .._arguments import Edges, Features, Sizes, first_rows
from .._attention import by_head, edge_factors, joined, probabilities
from ._headed import HeadedConv


@final
class DotGatConv(HeadedConv):
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
        super().__init__(
            in_features, out_features, num_heads, concat=concat, dropout=dropout, attention_dropout=attention_dropout
        )
        self._make_projections()
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights from Glorot's uniform distribution."""
        for parameter in self.parameters():
            nn.init.xavier_uniform_(parameter)

    def forward(self, graph: Edges, x: Features, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all targets."""
        x = self._dropped(x)
        adjacency, x_source, x_target = self._resolved(graph, x, edge_weight)
        z, own = self._ends(x, x_source, x_target)
        factors = edge_factors(z, edge_weight, self._active_dropout)
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
        adjacency, x_source, x_target = self._resolved(graph, x, edge_weight)
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
        of_source, of_target = self._projections
        z = by_head(of_source(x_source), self.num_heads)
        if of_source is of_target and not isinstance(x, tuple):
            return z, first_rows(z, x_target.shape[0])
        return z, by_head(of_target(x_target), self.num_heads)
