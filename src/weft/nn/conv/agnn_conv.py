"""Attention by the cosine of features, with a single parameter."""

from typing import final

import torch
from torch import Tensor, nn

from ...ops import dot_attention, edge_softmax, sddmm
from .._arguments import Edges, Features, check_edge_weight, first_rows, resolve_ends


@final
class AGNNConv(nn.Module):
    """Sum of the neighbours' features, weighted by a softmax over scaled cosines.

        score[e]     = beta * cos(x[j], x[i])                     for the edge e = j -> i
        attention[e] = softmax of score over the edges that enter i
        out[i]       = sum over edges e = j -> i of edge_weight[e] * attention[e] * x[j]

    *Shapes* `x: (num_nodes, *, features) -> (num_nodes, *, features)`, of any width, or a pair `(x_source, x_target)` ->
    a row for each target; `edge_weight: (num_edges,)`. Without an edge the sum is 0.

    Args:
        beta: what the parameter begins with.
        learn_beta: otherwise it is a buffer and stays.

    Raises:
        ShapeError: in the call, if features or edge weights do not fit the graph.

    *Source* Thekumparampil, Wang, Oh and Li, 2018, Attention-based Graph Neural Network for Semi-supervised Learning,
    arXiv:1803.03735.

    *Differs from the source* adds no self loops: they are edges like others, for the caller to add. Edge weights and
    bipartite graphs are added; edge weights multiply the attention.
    *Differs from DGL* attention has a method; a node without edges is no error. The parameter `beta` is DGL's.
    *Differs from PyG* it adds self loops unless told otherwise.

    *Cost* E x F reads, with nothing of size E allocated but a gradient of edge weights.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer, x = AGNNConv(), torch.randn(3, 4)
    >>> layer(graph, x).shape, layer.attention(graph, x).shape
    (torch.Size([3, 4]), torch.Size([4]))
    """

    beta: Tensor

    def __init__(self, beta: float = 1.0, *, learn_beta: bool = True) -> None:
        super().__init__()
        self.initial_beta, self.learn_beta = float(beta), learn_beta
        value = torch.tensor([self.initial_beta])
        if learn_beta:
            self.beta = nn.Parameter(value)
        else:
            self.register_buffer("beta", value)

    def reset_parameters(self) -> None:
        """Set beta to what it began with."""
        with torch.no_grad():
            self.beta.fill_(self.initial_beta)

    def forward(self, graph: Edges, x: Features, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all targets."""
        width = (x[0] if isinstance(x, tuple) else x).shape[-1]
        adjacency, x_source, x_target = resolve_ends("AGNNConv", graph, x, (width, width))
        check_edge_weight("AGNNConv", edge_weight, adjacency)
        key, query = self._directions(x_source, x_target, isinstance(x, tuple))
        weight = None if edge_weight is None else edge_weight.to(x_source.dtype)
        out = dot_attention(adjacency.by_target, query, key, x_source, 1.0, None, weight)
        # Autocast multiplies in a lower precision, but a layer without weights gives what it gets.
        return out.to(x_source.dtype)

    def attention(self, graph: Edges, x: Features) -> Tensor:
        """Compute the attention of every edge.

        *Shapes* x as in the call -> `(num_edges, *)` by edge id

        >>> import torch
        >>> from weft.graph import Graph
        >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([2, 2, 0]), num_nodes=3)
        >>> AGNNConv().attention(graph, torch.ones(3, 4)).tolist()
        [0.5, 0.5, 1.0]
        """
        width = (x[0] if isinstance(x, tuple) else x).shape[-1]
        adjacency, x_source, x_target = resolve_ends("AGNNConv", graph, x, (width, width))
        key, query = self._directions(x_source, x_target, isinstance(x, tuple))
        return edge_softmax(adjacency.by_target, sddmm(adjacency.by_target, query, key, "dot", "target", "source"))

    def extra_repr(self) -> str:
        """Options, as in the constructor."""
        return f"beta={self.initial_beta}, learn_beta={self.learn_beta}"

    def _directions(self, x_source: Tensor, x_target: Tensor, is_pair: bool) -> tuple[Tensor, Tensor]:
        """Features of length 1 of the sources, and of length beta of the targets."""
        of_source = _to_length_one(x_source)
        of_target = _to_length_one(x_target) if is_pair else first_rows(of_source, x_target.shape[0])
        return x_source * of_source, x_target * (of_target * self.beta.to(of_target.dtype))


def _to_length_one(x: Tensor) -> Tensor:
    """What each row is multiplied by, (num_rows, 1): one number for a row, in whose gradient no row is divided."""
    length: Tensor = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    return length.clamp_min(1e-12).reciprocal()
