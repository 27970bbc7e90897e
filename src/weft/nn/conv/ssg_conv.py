"""Simple spectral graph convolution: the mean over hops, mixed with the first features, then one linear map."""

from typing import final

from torch import Tensor, nn

from ...errors import check_choice, check_probability
from .._arguments import Edges, check_edge_weight
from .._propagation import NORMS, Norm, check_hops, map_narrow, propagation
from .._reset import draw_glorot
from .._square import resolve_square


@final
class SSGConv(nn.Module):
    """Mean of 1 to k hops over normalised edges, mixed with the features themselves, and one linear map of it.

    `out = ((1 - alpha) / k * sum over t = 1 .. k of S^t x + alpha * x) W^T + b`, with
    `S[i, j] = sum over edges e = j -> i of edge_weight[e] / c(j, i)`

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
        k: number of hops, at least 1.
        alpha: share of the features themselves.

    Raises:
        OptionError: in the constructor, if the norm does not exist, `k` is less than 1 or `alpha` is no share.
        ShapeError: in the call, if features or edge weights do not fit, or the graph is bipartite.

    *Source* Zhu and Koniusz, 2021, Simple Spectral Graph Convolution, openreview:CYO5T-YjWZV, equation 8; it is a Markov
    diffusion kernel of Fouss et al., 2012, doi:10.1016/j.neunet.2012.03.001.

    *Differs from the source* adds no self loops: they are the caller's. Has a bias, other norms, weights and directed graphs.
    *Differs from PyG* PyG is `norm="in"`; on graphs whose edges go both ways that is the same. It drops what a node sends that
    no edge enters. There is no cache: `propagate` gives what to keep. Parameters are `fc.*`, as SGConv's; PyG's `lin.*` load.

    *Cost* k times E x F reads, F the smaller of both widths: the map stands before or after the hops, whichever is narrower.
    Three tensors of N x F; norms are numbers of nodes.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer = SSGConv(4, 2, 8, alpha=0.05)
    >>> layer(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        k: int = 1,
        *,
        alpha: float = 0.1,
        norm: Norm = "both",
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_choice("SSGConv", "norm", norm, NORMS)
        check_probability("SSGConv", "alpha", alpha)
        check_hops("SSGConv", k, 1)
        self.in_features, self.out_features = in_features, out_features
        self.k, self.alpha, self.norm = k, alpha, norm
        self.fc = nn.Linear(in_features, out_features, bias=bias)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weight from Glorot's uniform distribution and set the bias to 0."""
        draw_glorot(self.fc.named_parameters())

    def forward(self, graph: Edges, x: Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all nodes."""
        resolve_square("SSGConv", graph, x, self.in_features)
        return map_narrow(self.fc, x, lambda h: self._hops(graph, h, edge_weight))

    def propagate(self, graph: Edges, x: Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Mix the features with the mean over hops, without the linear map, whose argument may be kept when x stays.

        *Shapes* `x: (num_nodes, *, in_features)` -> the same

        >>> import torch
        >>> from weft.graph import Graph
        >>> layer, x = SSGConv(4, 2, 3), torch.randn(3, 4)
        >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
        >>> torch.allclose(layer.fc(layer.propagate(graph, x)), layer(graph, x), atol=1e-6)
        True
        """
        resolve_square("SSGConv", graph, x, self.in_features)
        return self._hops(graph, x, edge_weight)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        options = f"alpha={self.alpha}, norm={self.norm!r}, bias={self.fc.bias is not None}"
        return f"{self.in_features}, {self.out_features}, {self.k}, {options}"

    def _hops(self, graph: Edges, x: Tensor, edge_weight: Tensor | None) -> Tensor:
        """The sum of powers is nested: S (x + S (x + ...))."""
        adjacency, x = resolve_square("SSGConv", graph, x)
        check_edge_weight("SSGConv", edge_weight, adjacency)
        step, h = propagation(adjacency, x, edge_weight, self.norm), x
        for _ in range(self.k - 1):
            h = step(h).add_(x)
        last = propagation(adjacency, x, edge_weight, self.norm, (1 - self.alpha) / self.k)
        return last(h).add_(x, alpha=self.alpha)
