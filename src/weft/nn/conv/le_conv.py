"""Differences to the neighbours, by which local extrema show."""

from typing import final

from torch import Tensor, nn
from torch.nn import functional

from ...ops import spmm
from .._arguments import Edges, Features, Sizes, as_pair, check_edge_weight, resolve_ends


@final
class LEConv(nn.Module):
    """A linear map of each node's own features plus weighted differences between maps of its neighbours and of itself.

    `out[i] = lin3 x[i] + sum over edges e = j -> i of edge_weight[e] * (lin1 x[j] - lin2 x[i])`

    *Shapes* `x: (num_nodes, *, in_features) -> (num_nodes, *, out_features)`, or a pair
    `(x_source: (num_sources, *, in_source), x_target: (num_targets, *, in_target)) -> (num_targets, *, out_features)`;
    `edge_weight: (num_edges,)`. Without an edge the sum is 0.

    Args:
        in_features: one width, or (in_source, in_target) for a bipartite graph.
        bias: of lin1 and lin3; lin2 has none.

    Raises:
        ShapeError: in the call, if features or edge weights do not fit the graph or the layer.

    *Source* Ranjan, Sanyal and Talukdar, 2019, ASAP: Adaptive Structure Aware Pooling for Learning Hierarchical Graph
    Representations, arXiv:1911.07979.

    *Differs from the source* no sigmoid: it is the caller's. The difference has the sign of PyG, neighbour minus node, and
    biases are added.
    *Differs from PyG* not at all: parameters `lin1.*`, `lin2.weight` and `lin3.*` are PyG's.

    *Cost* E x F reads, F the smaller of in_source and out_features. What a target subtracts is multiplied by the sum of its
    weights, so that one pass over the sources is enough.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> layer = LEConv(4, 2)
    >>> layer(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(self, in_features: Sizes, out_features: int, *, bias: bool = True) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        in_source, in_target = as_pair(in_features)
        self.lin1 = nn.Linear(in_source, out_features, bias=bias)
        self.lin2 = nn.Linear(in_target, out_features, bias=False)
        self.lin3 = nn.Linear(in_target, out_features, bias=bias)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights and biases as `torch.nn.Linear` does."""
        for linear in (self.lin1, self.lin2, self.lin3):
            linear.reset_parameters()

    def forward(self, graph: Edges, x: Features, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all targets."""
        widths = as_pair(self.in_features)
        adjacency, x_source, x_target = resolve_ends("LEConv", graph, x, widths)
        check_edge_weight("LEConv", edge_weight, adjacency)
        rows = adjacency.by_target
        if widths[0] > self.out_features:
            out = spmm(rows, functional.linear(x_source, self.lin1.weight), edge_weight, "sum")
        else:
            out = functional.linear(spmm(rows, x_source, edge_weight, "sum"), self.lin1.weight)
        # The bias of lin1 is added once for each weight, as lin2 is subtracted.
        subtracted = self.lin2(x_target)
        if self.lin1.bias is not None:
            subtracted = subtracted - self.lin1.bias.to(subtracted.dtype)
        if edge_weight is None:
            total = adjacency.in_degrees().to(out.dtype)
        else:
            total = spmm(rows, edge_weight.new_ones(adjacency.num_sources, 1), edge_weight, "sum").squeeze(-1)
        total = total.reshape(-1, *(1,) * (out.dim() - 1)).to(out.dtype)
        result: Tensor = out + self.lin3(x_target) - total * subtracted
        return result

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return f"{self.in_features}, {self.out_features}, bias={self.lin1.bias is not None}"
