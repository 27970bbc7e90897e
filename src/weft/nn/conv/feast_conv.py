"""Convolution that is steered by features: a node chooses among several matrices for each of its neighbours."""

from typing import final

import torch
from torch import Tensor, nn

from ...ops import sddmm
from .._arguments import Edges, Features, as_pair, check_edge_weight, first_rows, resolve_ends
from .._attention import weighted
from .._mixture import mix


@final
class FeaStConv(nn.Module):
    """Mean over the neighbours of several linear maps of them, mixed by a softmax of the difference of features.

    `out[i] = b + mean over edges e = j -> i of edge_weight[e] * sum over h of q[e, h] * W[h] x[j]`

    where q[e] is the softmax over h of `u[h] . (x[j] - x[i]) + c[h]`.

    *Shapes* `x: (num_nodes, *, in_features) -> (num_nodes, *, out_features)`, or a pair `(x_source: (num_sources, *,
    in_features), x_target: (num_targets, *, in_features))` with a row for each target; `edge_weight: (num_edges,)`. The
    mean is over the number of edges; without one it is 0.

    Args:
        num_heads: the number of matrices.

    Raises:
        ShapeError: in the call, if features or edge weights do not fit the graph or the layer.

    *Source* Verma, Boyer and Verbeek, 2018, FeaStNet: Feature-Steered Graph Convolutions for 3D Shape Analysis,
    arXiv:1706.05206; u of the neighbour is minus v of the node, the translation-invariant form.

    *Differs from the source* self loops are the caller's; edge weights and bipartite graphs are added.
    *Differs from PyG* no self loops are added.

    *Cost* E x F reads, where F is in_features if that is not above out_features, otherwise num_heads * out_features; a few
    tensors of E x num_heads.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer = FeaStConv(4, 2, 3)
    >>> layer(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(self, in_features: int, out_features: int, num_heads: int = 1, *, bias: bool = True) -> None:
        super().__init__()
        self.in_features, self.out_features, self.num_heads = in_features, out_features, num_heads
        self.fc = nn.Linear(in_features, num_heads * out_features, bias=False)
        self.u = nn.Linear(in_features, num_heads, bias=False)
        self.c = nn.Parameter(torch.empty(num_heads))
        self.bias = nn.Parameter(torch.empty(out_features)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights from Glorot's uniform distribution, set c and the bias to 0."""
        nn.init.xavier_uniform_(self.fc.weight)
        nn.init.xavier_uniform_(self.u.weight)
        nn.init.zeros_(self.c)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, graph: Edges, x: Features, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, x_source, x_target = resolve_ends("FeaStConv", graph, x, as_pair(self.in_features))
        check_edge_weight("FeaStConv", edge_weight, adjacency)
        source = self.u(x_source)
        target = self.u(x_target) if isinstance(x, tuple) else first_rows(source, adjacency.num_targets)
        q = (sddmm(adjacency.by_target, source, target, "sub", "source", "target") + self.c).softmax(-1)
        q = q if edge_weight is None else weighted(q, edge_weight)
        out = mix(adjacency, x_source, q, self.fc.weight, "mean")
        # In place: a fresh N x F costs more than the addition, and no gradient reads what stood there.
        return out if self.bias is None else out.add_(self.bias)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return f"{self.in_features}, {self.out_features}, {self.num_heads}, bias={self.bias is not None}"
