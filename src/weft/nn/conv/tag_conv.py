"""Topology adaptive graph convolution: a linear map for each number of hops."""

from typing import final

from torch import Tensor, nn
from torch.nn import functional

from ...errors import check_choice
from .._arguments import Edges, check_edge_weight
from .._propagation import NORMS, Norm, Propagation, check_hops, propagation
from .._square import resolve_square


@final
class TAGConv(nn.Module):
    """Sum over 0 to k hops over normalised edges, with a linear map for each.

    `out = sum over t = 0 .. k of S^t x W_t^T + b`, with `S[i, j] = sum over edges e = j -> i of edge_weight[e] / c(j, i)`

    where d_out and d_in are sums of edge weights (without them, numbers of edges) that leave and enter a node, and one that
    is not positive counts as 1:

        norm      c(j, i)
        "both"    sqrt(d_out(j) * d_in(i))
        "in"      sqrt(d_in(j) * d_in(i))
        "left"    d_out(j)
        "right"   d_in(i)
        "none"    1

    *Shapes* `x: (num_nodes, *, in_features) -> (num_nodes, *, out_features)`; `edge_weight: (num_edges,)`. Sources and
    targets are the same nodes.

    Args:
        k: number of hops.

    Raises:
        OptionError: in the constructor, if the norm does not exist or `k` is negative.
        ShapeError: in the call, if features or edge weights do not fit, or the graph is bipartite.

    *Source* Du, Zhang, Wu, Moura and Kar, 2017, Topology Adaptive Graph Convolutional Networks, arXiv:1710.10370,
    equations 2 and 5.

    *Differs from the source* no activation, other norms, one bias for all filters of an output.
    *Differs from DGL* and *PyG* both are `norm="in"` without weights, PyG also with them, DGL with them is "both"; on graphs
    whose edges go both ways these are the same. PyG drops what a node sends that no edge enters. Parameters are DGL's:
    `lin.weight` holds the maps W_0 to W_k side by side; PyG's `lins.*` load.

    *Cost* k times E x F reads, F the smaller of both widths. If the result is no wider than x, the sum is nested,
    `x W_0^T + S (x W_1^T + S (...))`: three tensors of N x out_features, and only x is kept for backward; otherwise what
    each hop gives is kept, k tensors of N x in_features.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer = TAGConv(4, 2, 3)
    >>> layer(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self, in_features: int, out_features: int, k: int = 2, *, norm: Norm = "both", bias: bool = True
    ) -> None:
        super().__init__()
        check_choice("TAGConv", "norm", norm, NORMS)
        check_hops("TAGConv", k, 0)
        self.in_features, self.out_features, self.k, self.norm = in_features, out_features, k, norm
        self.lin = nn.Linear(in_features * (k + 1), out_features, bias=bias)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weight from Glorot's normal distribution with the gain of relu and set the bias to 0."""
        nn.init.xavier_normal_(self.lin.weight, gain=nn.init.calculate_gain("relu"))
        if self.lin.bias is not None:
            nn.init.zeros_(self.lin.bias)

    def forward(self, graph: Edges, x: Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all nodes."""
        adjacency, x = resolve_square("TAGConv", graph, x, self.in_features)
        check_edge_weight("TAGConv", edge_weight, adjacency)
        weights = self.lin.weight.split(self.in_features, 1)
        if self.out_features <= self.in_features:
            h = functional.linear(x, weights[-1])
            return self._nested(propagation(adjacency, h, edge_weight, self.norm), x, weights, h)
        step = propagation(adjacency, x, edge_weight, self.norm)
        out, h = functional.linear(x, weights[0], self.lin.bias), x
        for weight in weights[1:]:
            h = step(h)
            out.add_(functional.linear(h, weight))
        return out

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return (
            f"{self.in_features}, {self.out_features}, {self.k}, norm={self.norm!r}, bias={self.lin.bias is not None}"
        )

    def _nested(self, step: Propagation, x: Tensor, weights: tuple[Tensor, ...], h: Tensor) -> Tensor:
        for weight in weights[-2::-1]:
            # In place: a fresh N x F costs more than the addition, and no gradient reads what stood there.
            h = step(h).add_(functional.linear(x, weight))
        return h if self.lin.bias is None else h.add_(self.lin.bias)
