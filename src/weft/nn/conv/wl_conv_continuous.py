"""Refinement of continuous attributes: the mean of a node and of the mean of its neighbours."""

from typing import final

import torch
from torch import Tensor, nn

from ...ops import spmm
from .._arguments import Edges, Features, check_edge_weight, resolve_ends


@final
class WLConvContinuous(nn.Module):
    """Half of a node's features and half of the weighted mean of its neighbours', without parameters.

    `out[i] = (x[i] + sum over edges e = j -> i of edge_weight[e] * x[j] / sum of edge_weight[e]) / 2`

    *Shapes* `x: (num_nodes, *, features) -> (num_nodes, *, features)`, of any width, or a pair `(x_source, x_target)` -> a row
    for each target; `edge_weight: (num_edges,)`. Without an edge, or if the weights sum to 0, the mean is 0.

    Raises:
        ShapeError: in the call, if features or edge weights do not fit the graph.

    *Source* Togninalli, Ghisu, Llinares-López, Rieck and Borgwardt, 2019, Wasserstein Weisfeiler-Lehman Graph Kernels,
    arXiv:1906.01277.

    *Differs from the source* it divides by the sum of the weights, as PyG does; the source divides by the degree, which is the
    same without weights.
    *Differs from PyG* not at all.

    *Cost* E x F reads, and with weights one number for each target.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 2]), num_nodes=3)
    >>> WLConvContinuous()(graph, torch.tensor([[1.0], [3.0], [5.0]])).flatten().tolist()
    [0.5, 2.0, 4.5]
    """

    def forward(self, graph: Edges, x: Features, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all targets."""
        width = (x[0] if isinstance(x, tuple) else x).shape[-1]
        adjacency, x_source, x_target = resolve_ends("WLConvContinuous", graph, x, (width, width))
        check_edge_weight("WLConvContinuous", edge_weight, adjacency)
        if edge_weight is None:
            mean = spmm(adjacency.by_target, x_source, None, "mean")
        else:
            total = spmm(adjacency.by_target, edge_weight.new_ones(adjacency.num_sources, 1), edge_weight, "sum")
            total = torch.where(total == 0, 1, total).to(x_source.dtype)
            mean = spmm(adjacency.by_target, x_source, edge_weight, "sum")
            mean = mean / total.reshape(-1, *(1,) * (mean.dim() - 1))
        return (x_target + mean) / 2
