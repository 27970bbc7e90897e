"""Convolution by path integrals: paths of every length up to a limit, weighted by a learned energy of their length."""

from typing import final

import torch
from torch import Tensor, nn

from ...errors import OptionError, ShapeError, message
from ...graph import Adjacency
from ...ops import spmm
from .._arguments import Edges, check_edge_weight, resolve_sources


@final
class PANConv(nn.Module):
    """Sum over all paths that end at a node, weighted by their length and normalised at both ends.

    `out = W Z^-1/2 (sum over n from 0 to num_hops of exp(-energy[n]) * A^n) Z^-1/2 x + b`

    where A[i, j] is the sum of edge_weight[e], or 1, over the edges e = j -> i, and Z is diagonal and holds the sums of the
    rows of what stands in brackets: the partition function of each node.

    *Shapes* `x: (num_nodes, *, in_features) -> (num_nodes, *, out_features)`; `edge_weight: (num_edges,)`, not negative.
    Sources and targets are the same nodes. A node that no edge enters keeps its own features.

    Args:
        num_hops: length of the longest paths.

    Raises:
        OptionError: in the constructor, if the length is below 1.
        ShapeError: in the call, if features or edge weights do not fit, or sources and targets differ in number.

    *Source* Ma, Xuan, Wang, Li and Liò, 2020, Path Integral Based Convolution and Pooling for Graph Neural Networks,
    arXiv:2006.16811.

    *Differs from the source* energies are learned for each length and begin at 0; the temperature is a factor of theirs.
    There is a bias; edge weights and directed graphs are added.
    *Differs from PyG* its factors multiply up along a path and may be negative, and it divides by the number of nodes
    within reach instead of by Z, which no energies can make up for: weights of PyG cannot be loaded. PyG also gives the matrix.

    *Cost* num_hops times E x F reads, F being the smaller of both widths, and as many of one number; nothing of size E is
    allocated, and no power of A is computed.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> PANConv(4, 2, 3)(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(self, in_features: int, out_features: int, num_hops: int, *, bias: bool = True) -> None:
        super().__init__()
        if num_hops < 1:
            raise OptionError(message("PANConv", "`num_hops` of at least 1", str(num_hops)))
        self.in_features, self.out_features, self.num_hops = in_features, out_features, num_hops
        self.energy = nn.Parameter(torch.empty(num_hops + 1))
        self.fc = nn.Linear(in_features, out_features, bias=False)
        self.bias = nn.Parameter(torch.empty(out_features)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weight from Glorot's uniform distribution, set energies and bias to 0."""
        nn.init.xavier_uniform_(self.fc.weight)
        nn.init.zeros_(self.energy)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, graph: Edges, x: Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all nodes."""
        adjacency, h = resolve_sources("PANConv", graph, x, self.in_features)
        check_edge_weight("PANConv", edge_weight, adjacency)
        if adjacency.num_sources != adjacency.num_targets:
            got = f"{adjacency.num_sources} sources and {adjacency.num_targets} targets"
            raise ShapeError(message("PANConv", "a graph from nodes to the same nodes", got))
        projects_first = self.in_features >= self.out_features
        h = self.fc(h) if projects_first else h
        factors = (-self.energy).exp()
        weight = None if edge_weight is None else edge_weight.to(h.dtype)
        scale = _paths(adjacency, h.new_ones(adjacency.num_targets, 1), weight, factors).rsqrt()
        scale = scale.reshape(-1, *(1,) * (h.dim() - 1))
        h = _paths(adjacency, h * scale, weight, factors) * scale
        h = h if projects_first else self.fc(h)
        return h if self.bias is None else h.add_(self.bias)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return f"{self.in_features}, {self.out_features}, {self.num_hops}, bias={self.bias is not None}"


def _paths(adjacency: Adjacency, h: Tensor, weight: Tensor | None, factors: Tensor) -> Tensor:
    """Sum of factors[n] A^n h, by Horner's rule from the longest paths on."""
    longest, *rest = reversed(factors.to(h.dtype).unbind())
    out = longest * h
    for factor in rest:
        out = factor * h + spmm(adjacency.by_target, out, weight)
    return out
