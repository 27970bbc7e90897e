"""Personalized propagation: hops that each return a share of the first features."""

from typing import final

from torch import Tensor, nn

from ...errors import check_choice, check_probability
from .._arguments import Edges, check_edge_weight
from .._edge_dropout import send_over_some
from .._propagation import NORMS, Norm, check_hops, propagation
from .._square import resolve_square


@final
class APPNPConv(nn.Module):
    """Features sent k times over normalised edges, each time mixed with what they were at first.

    `h_0 = x`, `h_(t+1) = (1 - alpha) * S h_t + alpha * x`, `out = h_k`, with
    `S[i, j] = sum over edges e = j -> i of edge_weight[e] / c(j, i)`

    where d_out and d_in are sums of edge weights (without them, numbers of edges) that leave and enter a node, and one that
    is not positive counts as 1:

        norm      c(j, i)
        "both"    sqrt(d_out(j) * d_in(i))
        "in"      sqrt(d_in(j) * d_in(i))
        "left"    d_out(j)
        "right"   d_in(i)
        "none"    1

    *Shapes* `x: (num_nodes, *F)` -> the same; `edge_weight: (num_edges,)`. Sources and targets are the same nodes.

    Args:
        k: number of hops.
        alpha: share of the first features, the probability to return to the start.
        edge_dropout: probability of dropping an edge in training, drawn for every hop; the norm counts all edges.

    Raises:
        OptionError: in the constructor, if the norm does not exist, `k` is negative or a probability is none.
        ShapeError: in the call, if features or edge weights do not fit, or the graph is bipartite.

    *Source* Gasteiger, Bojchevski and Günnemann, 2019, Predict then Propagate: Graph Neural Networks meet Personalized
    PageRank, arXiv:1810.05997, equation 4.

    *Differs from the source* adds no self loops: they are the caller's, as is the network that makes x and the softmax. Has
    other norms, weights and directed graphs.
    *Differs from PyG* its APPNP is `norm="in"`; on graphs whose edges go both ways that is the same. It drops what a node
    sends that no edge enters, and it may keep norms between calls, which cost little here.

    *Cost* k times E x F reads. Two tensors of N x F; norms are numbers of nodes, and edges that are dropped are drawn again
    for backward, so that nothing of size E is kept but the gradient of edge weights.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> APPNPConv(10, 0.1)(graph, torch.randn(3, 4)).shape
    torch.Size([3, 4])
    """

    def __init__(self, k: int, alpha: float, *, edge_dropout: float = 0.0, norm: Norm = "both") -> None:
        super().__init__()
        check_choice("APPNPConv", "norm", norm, NORMS)
        check_probability("APPNPConv", "alpha", alpha)
        check_probability("APPNPConv", "edge_dropout", edge_dropout)
        check_hops("APPNPConv", k, 0)
        self.k, self.alpha, self.edge_dropout, self.norm = k, alpha, edge_dropout, norm

    def forward(self, graph: Edges, x: Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all nodes."""
        adjacency, x = resolve_square("APPNPConv", graph, x)
        check_edge_weight("APPNPConv", edge_weight, adjacency)
        step = propagation(adjacency, x, edge_weight, self.norm, 1 - self.alpha)
        drops = self.training and self.edge_dropout > 0
        h = x
        for _ in range(self.k):
            h = send_over_some(step, h, self.edge_dropout) if drops else step(h)
            # In place: a fresh N x F costs more than the addition, and no gradient reads what stood there.
            h.add_(x, alpha=self.alpha)
        return h

    def extra_repr(self) -> str:
        """The options, as in the constructor."""
        return f"{self.k}, {self.alpha}, edge_dropout={self.edge_dropout}, norm={self.norm!r}"
