"""Mean of the neighbours' features with more weight on the diagonal, beside a map of a node's own."""

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...graph import Adjacency
from ...ops import spmm
from .._arguments import Edges, Features, Sizes, as_pair, check_edge_weight, resolve_ends
from .._square import resolve_square


@final
class ClusterGCNConv(nn.Module):
    """A linear map of the mean over the neighbours, self loops counting more, plus one of each node's own features.

        n(i)   = (sum over edges e = j -> i of edge_weight[e] * x[j]  + diag_lambda * sum of those with j = i) / d_in(i)
        out[i] = lin_out n(i) + lin_root x[i]

    *Shapes* `x: (num_nodes, *, in_features) -> (num_nodes, *, out_features)`; `edge_weight: (num_edges,)`. If `diag_lambda`
    is 0 also a pair `(x_source, x_target)` -> a row for each target. n(i) is 0 if no edge enters i.

    Args:
        in_features: one width, or (in_source, in_target) for a bipartite graph.
        diag_lambda: lambda of the source, what self loops count more; only for square graphs.
        bias: of lin_out.

    Raises:
        ShapeError: in the call, if features or edge weights do not fit the graph or the layer.

    *Source* Chiang, Liu, Si, Li, Bengio and Hsieh, 2019, Cluster-GCN: An Efficient Algorithm for Training Deep and Large
    Graph Convolutional Networks, arXiv:1905.07953.

    *Differs from the source* adds no self loops: they are edges like others, for the caller to add, one to each node for
    A + I. No activation; lin_root and edge weights are added, which do not change the degrees.
    *Differs from PyG* it adds self loops unless told otherwise. Parameters `lin_out.*` and `lin_root.weight` are PyG's.

    *Cost* E x F reads, F the smaller of in_source and out_features. With `diag_lambda` one number for each edge.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer = ClusterGCNConv(4, 2, diag_lambda=0.1)
    >>> layer(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(self, in_features: Sizes, out_features: int, *, diag_lambda: float = 0.0, bias: bool = True) -> None:
        super().__init__()
        self.in_features, self.out_features, self.diag_lambda = in_features, out_features, diag_lambda
        in_source, in_target = as_pair(in_features)
        self.lin_out = nn.Linear(in_source, out_features, bias=bias)
        self.lin_root = nn.Linear(in_target, out_features, bias=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights from Glorot's uniform distribution and set the bias to 0."""
        nn.init.xavier_uniform_(self.lin_out.weight)
        nn.init.xavier_uniform_(self.lin_root.weight)
        if self.lin_out.bias is not None:
            nn.init.zeros_(self.lin_out.bias)

    def forward(self, graph: Edges, x: Features, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all targets."""
        widths = as_pair(self.in_features)
        if self.diag_lambda:
            adjacency, x_target = resolve_square("ClusterGCNConv", graph, x, widths[0])
            x_source = x_target
        else:
            adjacency, x_source, x_target = resolve_ends("ClusterGCNConv", graph, x, widths)
        check_edge_weight("ClusterGCNConv", edge_weight, adjacency)
        projects_first = widths[0] > self.out_features
        h = functional.linear(x_source, self.lin_out.weight) if projects_first else x_source
        out = spmm(adjacency.by_target, h, edge_weight, "mean")
        if self.diag_lambda:
            share = self.diag_lambda * _loops(adjacency, edge_weight, h.dtype)
            out = out + h * share.reshape(-1, *(1,) * (h.dim() - 1))
        if not projects_first:
            out = functional.linear(out, self.lin_out.weight)
        # In place: a fresh N x F costs more than the addition, and no gradient reads what stood there.
        out = out.add_(self.lin_root(x_target))
        return out if self.lin_out.bias is None else out.add_(self.lin_out.bias)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        options = f"diag_lambda={self.diag_lambda}, bias={self.lin_out.bias is not None}"
        return f"{self.in_features}, {self.out_features}, {options}"


def _loops(adjacency: Adjacency, edge_weight: Tensor | None, dtype: torch.dtype) -> Tensor:
    """Weights of the self loops of each node, divided by its degree."""
    is_loop = adjacency.source == adjacency.target
    weight = is_loop.to(dtype) if edge_weight is None else torch.where(is_loop, edge_weight, 0).to(dtype)
    degrees = adjacency.in_degrees().clamp(min=1).to(dtype)
    return weight.new_zeros(degrees.shape).index_add(0, adjacency.target.long(), weight) / degrees
