"""Graph attention that also makes new features of edges."""

from typing import final

import torch
from torch import Tensor, nn

from ...graph import Adjacency
from .._apply_edges import apply_edges
from .._arguments import Edges, Features, Sizes, as_pair
from .._attention import attend, beside, block_diagonal, by_head, joined, probabilities
from .._formula import formula
from .._reset import draw_glorot
from ._headed import HeadedConv

# leaky_relu with the slope of the source.
_NEW_EDGES = formula(
    lambda source, target, edge: torch.nn.functional.leaky_relu(source["own"] + target["own"] + edge["own"], 0.01)
)


@final
class EGATConv(HeadedConv):
    """New features of edges from both ends and their own, and a sum of the neighbours weighted by attention over them.

    For each head, for the edge e = j -> i with features f[e]:

        g[e]         = leaky_relu(W_ni x[j] + W_fij f[e] + W_nj x[i] + b)
        attention[e] = softmax of attn . g[e] over the edges that enter i
        out[i]       = sum over edges e = j -> i of edge_weight[e] * attention[e] * W_src x[j]

    and the result is the pair of out and g.

    *Shapes* `x: (num_nodes, *, in_features)`, `edge_features: (num_edges, edge_features) -> (num_nodes, *, num_heads *
    out_features), (num_edges, *, num_heads * out_edge_features)`, or with `concat=False` the means over heads. A pair
    `(x_source: (num_sources, *, in_source), x_target: (num_targets, *, in_target))` gives a row for each target;
    `edge_weight: (num_edges,)`. Without an edge the sum is 0.

    Args:
        in_features: one width, or (in_source, in_target).
        out_features: width of one head of nodes.
        num_heads: of nodes and of edges.
        edge_features: width of the features of edges.
        out_edge_features: width of one head of edges.
        concat: heads side by side; otherwise their means.
        bias: adds b to the features of edges.

    Raises:
        ShapeError: in the call, if features, edge features or weights do not fit the graph or the layer.

    *Source* Kamiński, Ludwiczak, Jasiński, Bukala, Madaj, Szczepaniak and Dunin-Horkawicz, 2022, Rossmann-toolbox: a
    deep learning-based protocol for the prediction and design of cofactor specificity in Rossmann fold proteins,
    doi:10.1093/bib/bbab371, supplementary data.

    *Differs from the source* edge weights and bipartite graphs are added; edge weights multiply the attention, which is
    not normalised again.
    *Differs from DGL* heads are concatenated, where DGL gives (rows, num_heads, width); attention has a method of its own;
    a layer without bias can be made. Parameters are DGL's: `fc_node_src.weight`, `fc_ni.weight`, `fc_fij.weight`,
    `fc_nj.weight`, `attn`, `bias`.

    *Cost* E x F reads with F = num_heads * out_features, and the new features of edges, which are E x num_heads *
    out_edge_features, with one more tensor of that size, in both directions.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer = EGATConv(4, 2, 3, edge_features=5, out_edge_features=6)
    >>> nodes, edges = layer(graph, torch.randn(3, 4), edge_features=torch.randn(4, 5))
    >>> nodes.shape, edges.shape
    (torch.Size([3, 6]), torch.Size([4, 18]))
    """

    def __init__(
        self,
        in_features: Sizes,
        out_features: int,
        num_heads: int,
        *,
        edge_features: int,
        out_edge_features: int,
        concat: bool = True,
        bias: bool = True,
    ) -> None:
        super().__init__(in_features, out_features, num_heads, edge_features=edge_features, concat=concat)
        self.out_edge_features = out_edge_features
        width, (in_source, in_target) = num_heads * out_edge_features, as_pair(in_features)
        self.fc_node_src = nn.Linear(in_source, self._width, bias=False)
        self.fc_ni = nn.Linear(in_source, width, bias=False)
        self.fc_fij = nn.Linear(edge_features, width, bias=False)
        self.fc_nj = nn.Linear(in_target, width, bias=False)
        self.attn = nn.Parameter(torch.empty(1, num_heads, out_edge_features))
        self.bias = nn.Parameter(torch.empty(width)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights from Glorot's normal distribution with the gain of relu and set the bias to 0."""
        draw_glorot(self.named_parameters(), nn.init.xavier_normal_, relu=True)

    def forward(
        self, graph: Edges, x: Features, edge_weight: Tensor | None = None, *, edge_features: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Compute the new features of all targets and of all edges."""
        adjacency, x_source, edges = self._edges(graph, x, edge_weight, edge_features)
        z = by_head(self.fc_node_src(x_source), self.num_heads)
        out = attend(adjacency.by_target, z, edges @ block_diagonal(self.attn), edge_weight)
        return joined(out, self.concat), edges if self.concat else by_head(edges, self.num_heads).mean(-2)

    def attention(
        self, graph: Edges, x: Features, edge_weight: Tensor | None = None, *, edge_features: Tensor
    ) -> Tensor:
        """Compute the attention of every edge, times its weight if there are weights.

        *Shapes* x as in the call -> `(num_edges, *, num_heads)` by edge id

        >>> import torch
        >>> from weft.graph import Graph
        >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([2, 2, 0]), num_nodes=3)
        >>> layer = EGATConv(4, 2, 3, edge_features=5, out_edge_features=6)
        >>> layer.attention(graph, torch.randn(3, 4), edge_features=torch.randn(3, 5))[2]
        tensor([1., 1., 1.], grad_fn=<SelectBackward0>)
        """
        adjacency, _, edges = self._edges(graph, x, edge_weight, edge_features)
        return probabilities(adjacency.by_target, edges @ block_diagonal(self.attn), edge_weight)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return (
            f"{self.in_features}, {self.out_features}, {self.num_heads}, edge_features={self.edge_features}, "
            f"out_edge_features={self.out_edge_features}, concat={self.concat}, bias={self.bias is not None}"
        )

    def _edges(
        self, graph: Edges, x: Features, edge_weight: Tensor | None, edge_features: Tensor
    ) -> tuple[Adjacency, Tensor, Tensor]:
        """Adjacency, sources, and the new features of all edges."""
        adjacency, x_source, x_target = self._resolved(graph, x, edge_weight, edge_features)
        own = self.fc_nj(x_target)
        own = own if self.bias is None else own + self.bias
        edge = {"own": beside(self.fc_fij(edge_features), own, 1)}
        edges = apply_edges(adjacency, _NEW_EDGES, source={"own": self.fc_ni(x_source)}, target={"own": own}, edge=edge)
        assert isinstance(edges, Tensor), "the formula gives one value"
        return adjacency, x_source, edges
