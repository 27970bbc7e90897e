"""Molecular fingerprints: a weight for each degree."""

from typing import final

import torch
from torch import Tensor, nn

from ...errors import OptionError, ShapeError, message
from ...ops import gather_matmul, spmm
from .._arguments import Edges, Features, Sizes, as_pair, check_edge_weight, resolve_ends


@final
class MFConv(nn.Module):
    """Sum of the neighbours' features and a node's own, times weights that its degree chooses.

    With d = min(number of edges that enter i, max_degree):

    `out[i] = lins_l[d] (sum over edges e = j -> i of edge_weight[e] * x[j]) + lins_r[d] x[i]`

    *Shapes* `x: (num_nodes, in_features) -> (num_nodes, out_features)`, or a pair `(x_source: (num_sources, in_source),
    x_target: (num_targets, in_target)) -> (num_targets, out_features)`; `edge_weight: (num_edges,)`.

    Args:
        in_features: one width, or (in_source, in_target) for a bipartite graph.
        max_degree: nodes of higher degrees have the weights of this one.
        bias: one for each degree, that of lins_r.

    Raises:
        OptionError: in the constructor, if `max_degree` is below 1.
        ShapeError: in the call, if features or edge weights do not fit the graph or the layer.

    *Source* Duvenaud, Maclaurin, Aguilera-Iparraguirre, Gómez-Bombarelli, Hirzel, Aspuru-Guzik and Adams, 2015,
    Convolutional Networks on Graphs for Learning Molecular Fingerprints, arXiv:1509.09292, algorithm 2.

    *Differs from the source* no activation; the node itself has weights of its own, as in PyG; edge weights are added.
    *Differs from PyG* the degree 0, of which the sum is always 0, has no weight in `lins_l`; biases are those of `lins_r`.

    *Cost* E x in_source reads, and one product for each degree, of the rows that have it, where they lie.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer = MFConv(4, 2, max_degree=3)
    >>> layer(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(self, in_features: Sizes, out_features: int, *, max_degree: int = 10, bias: bool = True) -> None:
        super().__init__()
        if max_degree < 1:
            raise OptionError(message("MFConv", "`max_degree` of at least 1", str(max_degree)))
        self.in_features, self.out_features, self.max_degree = in_features, out_features, max_degree
        in_source, in_target = as_pair(in_features)
        degrees = range(max_degree + 1)
        self.lins_l = nn.ModuleDict({str(d): nn.Linear(in_source, out_features, bias=False) for d in degrees if d})
        self.lins_r = nn.ModuleDict({str(d): nn.Linear(in_target, out_features, bias=bias) for d in degrees})

    def reset_parameters(self) -> None:
        """Draw weights and biases as `torch.nn.Linear` does."""
        for linear in (*self.lins_l.values(), *self.lins_r.values()):
            linear.reset_parameters()  # type: ignore[operator]

    def forward(self, graph: Edges, x: Features, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, x_source, x_target = resolve_ends("MFConv", graph, x, as_pair(self.in_features))
        check_edge_weight("MFConv", edge_weight, adjacency)
        if x_source.dim() != 2:
            raise ShapeError(message("MFConv", "`x` of two dimensions", str(tuple(x_source.shape))))
        both = torch.cat((spmm(adjacency.by_target, x_source, edge_weight, "sum"), x_target), -1)
        return gather_matmul(both, self._weight(), adjacency.in_degrees().clamp(max=self.max_degree), bias=self._bias())

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return f"{self.in_features}, {self.out_features}, max_degree={self.max_degree}, bias={self._bias() is not None}"

    def _weight(self) -> Tensor:
        """Of the sum and the node itself, one over the other, for each degree."""
        left: list[Tensor] = [linear.weight for linear in self.lins_l.values()]  # type: ignore[misc]
        right: list[Tensor] = [linear.weight for linear in self.lins_r.values()]  # type: ignore[misc]
        return torch.cat((torch.stack((torch.zeros_like(left[0]), *left)), torch.stack(right)), -1).mT

    def _bias(self) -> Tensor | None:
        biases: list[Tensor | None] = [linear.bias for linear in self.lins_r.values()]  # type: ignore[misc]
        return None if biases[0] is None else torch.stack([bias for bias in biases if bias is not None])
