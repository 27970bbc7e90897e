"""Gated graph convolution with edges that have features of their own and get new ones."""

from collections.abc import Callable
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import ShapeError, check_probability, message
from ...ops import pass_messages
from .._arguments import Edges, Features, Sizes, as_pair, resolve_ends
from .._edge_inputs import check_edge_features
from .._reset import reset_inside

EPSILON = 1e-6


@final
class GatedGCNConv(nn.Module):
    """Neighbours weighted by gates of the edges, which are features of the edges and are new as well.

    For each edge e = j -> i, with sigma the sigmoid:

        gate[e]     = D x[j] + E x[i] + C edge_features[e]
        h[i]        = A x[i] + (sum over edges e = j -> i of sigma(gate[e]) * B x[j]) / (sum of sigma(gate[e]) + 1e-6)
        out[i]      = x[i] + activation(norm(h[i]))
        out_edge[e] = edge_features[e] + activation(norm(gate[e]))

    where A to E have biases and norm is batch normalisation.

    *Shapes* `x: (num_nodes, in_features)`, or a pair `(x_source, x_target)`; `edge_features: (num_edges, edge_features)` ->
    `(num_targets, out_features)` and `(num_edges, out_features)`. Without an edge the quotient is 0.

    Args:
        batch_norm: with norm, one for nodes and one for edges; otherwise none.
        residual: adds x[i] and the features of the edge; left out unless all three widths are the same.
        activation: a function, or None.
        dropout: probability of dropping new features of nodes and edges in training.

    Raises:
        OptionError: in the constructor, if a probability is none.
        ShapeError: in the call, if features do not fit the graph or the layer.

    *Source* Dwivedi, Joshi, Luu, Laurent, Bengio and Bresson, 2023, Benchmarking Graph Neural Networks, arXiv:2003.00982,
    section on GatedGCN-E; Bresson and Laurent, 2017, arXiv:1711.07553.

    *Differs from the source* biases; bipartite graphs.
    *Differs from DGL* which end has D and which has E is DGL's: D that of the source, other than DGL says. `residual` is
    left out as there. Parameters are DGL's: `A.*` to `E.*`, `bn_node.*`, `bn_edge.*`.

    *Cost* one pass over the edges that reads three rows of nodes and C edge_features, and writes the gates; beside these
    two, and what normalises the edges, nothing of size E x out_features.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer = GatedGCNConv(4, 2, edge_features=5)
    >>> x, edges = layer(graph, torch.randn(3, 4), edge_features=torch.randn(4, 5))
    >>> x.shape, edges.shape
    (torch.Size([3, 2]), torch.Size([4, 2]))
    """

    def __init__(
        self,
        in_features: Sizes,
        out_features: int,
        edge_features: int,
        *,
        batch_norm: bool = True,
        residual: bool = True,
        activation: Callable[[Tensor], Tensor] | None = torch.relu,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        check_probability("GatedGCNConv", "dropout", dropout)
        self.in_features, self.out_features, self.edge_features = in_features, out_features, edge_features
        self.batch_norm, self.activation, self.dropout = batch_norm, activation, dropout
        in_source, in_target = as_pair(in_features)
        self.residual = residual and in_target == edge_features == out_features
        self.A, self.B = nn.Linear(in_target, out_features), nn.Linear(in_source, out_features)
        self.C = nn.Linear(edge_features, out_features)
        self.D, self.E = nn.Linear(in_source, out_features), nn.Linear(in_target, out_features)
        if batch_norm:
            self.bn_node, self.bn_edge = nn.BatchNorm1d(out_features), nn.BatchNorm1d(out_features)

    def reset_parameters(self) -> None:
        """Draw linear maps as torch does, and let the norms begin anew."""
        reset_inside(*self.children())

    def forward(self, graph: Edges, x: Features, *, edge_features: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the new features of all targets and of all edges."""
        adjacency, x_source, x_target = resolve_ends("GatedGCNConv", graph, x, as_pair(self.in_features))
        check_edge_features("GatedGCNConv", edge_features, adjacency, self.edge_features)
        if x_source.dim() != 2 or edge_features.dim() != 2:
            got = f"{tuple(x_source.shape)} and {tuple(edge_features.shape)}"
            raise ShapeError(message("GatedGCNConv", "features of two dimensions", got))
        width = self.out_features
        rows = self.B(x_source), self.D(x_source), self.E(x_target), self.C(edge_features)
        program = f"source:{width} source:{width} target:{width} edge:{width} | {_STEPS}"
        sums, gates, _ = pass_messages(adjacency.by_target, program, *rows)
        weighted, total = sums.split(width, 1)
        h = self.A(x_target) + weighted / (total + EPSILON)
        if self.batch_norm:
            h, gates = self.bn_node(h), self.bn_edge(gates)
        return self._finished(h, x_target), self._finished(gates, edge_features)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        options = f"batch_norm={self.batch_norm}, residual={self.residual}, dropout={self.dropout}"
        return f"{self.in_features}, {self.out_features}, {self.edge_features}, {options}"

    def _finished(self, h: Tensor, before: Tensor) -> Tensor:
        h = h if self.activation is None else self.activation(h)
        h = h + before.to(h.dtype) if self.residual else h
        return functional.dropout(h, self.dropout, self.training) if self.dropout else h


_STEPS = "add 1 2; add 4 3; sigmoid 5; mul 6 0 | sum 7; sum 6; edge 5"
