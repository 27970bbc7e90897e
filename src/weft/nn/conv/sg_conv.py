"""Simplified graph convolution: powers of the normalised graph, then one linear map."""

from typing import final

from torch import Tensor, nn

from ...errors import check_choice
from .._arguments import Edges, check_edge_weight
from .._propagation import NORMS, Norm, check_hops, map_narrow, propagation
from .._reset import draw_glorot
from .._square import resolve_square


@final
class SGConv(nn.Module):
    """Features sent k times over normalised edges, and one linear map of the result.

    `out = S^k x W^T + b`, with `S[i, j] = sum over edges e = j -> i of edge_weight[e] / c(j, i)`

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

    *Source* Wu, Souza, Zhang, Fifty, Yu and Weinberger, 2019, Simplifying Graph Convolutional Networks, arXiv:1902.07153,
    equation 8.

    *Differs from the source* adds no self loops: they are the caller's. Has a bias, other norms, weights and directed graphs.
    *Differs from DGL* and *PyG* both are `norm="in"` without weights, PyG also with them, DGL with them is "both"; on graphs
    whose edges go both ways these are the same. There is no cache: `propagate` gives what to keep. PyG drops what a
    node sends that no edge enters. Parameters are DGL's, `fc.*`; PyG's `lin.*` load.

    *Cost* k times E x F reads, F the smaller of both widths: the map stands before or after the hops, whichever is narrower.
    Two tensors of N x F; norms are numbers of nodes.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer = SGConv(4, 2, 3)
    >>> layer(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self, in_features: int, out_features: int, k: int = 1, *, norm: Norm = "both", bias: bool = True
    ) -> None:
        super().__init__()
        check_choice("SGConv", "norm", norm, NORMS)
        check_hops("SGConv", k, 0)
        self.in_features, self.out_features, self.k, self.norm = in_features, out_features, k, norm
        self.fc = nn.Linear(in_features, out_features, bias=bias)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weight from Glorot's uniform distribution and set the bias to 0."""
        draw_glorot(self.fc.named_parameters())

    def forward(self, graph: Edges, x: Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all nodes."""
        resolve_square("SGConv", graph, x, self.in_features)
        return map_narrow(self.fc, x, lambda h: self._hops(graph, h, edge_weight))

    def propagate(self, graph: Edges, x: Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Send features k times over the edges, without the linear map, whose argument may be kept when x stays.

        *Shapes* `x: (num_nodes, *, in_features)` -> the same

        >>> import torch
        >>> from weft.graph import Graph
        >>> layer, x = SGConv(4, 2, 3), torch.randn(3, 4)
        >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
        >>> torch.allclose(layer.fc(layer.propagate(graph, x)), layer(graph, x), atol=1e-6)
        True
        """
        resolve_square("SGConv", graph, x, self.in_features)
        return self._hops(graph, x, edge_weight)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return f"{self.in_features}, {self.out_features}, {self.k}, norm={self.norm!r}, bias={self.fc.bias is not None}"

    def _hops(self, graph: Edges, h: Tensor, edge_weight: Tensor | None) -> Tensor:
        adjacency, h = resolve_square("SGConv", graph, h)
        check_edge_weight("SGConv", edge_weight, adjacency)
        step = propagation(adjacency, h, edge_weight, self.norm)
        for _ in range(self.k):
            h = step(h)
        return h
