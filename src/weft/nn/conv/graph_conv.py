"""Graph convolution with symmetric, one-sided or no normalisation by degrees."""

from typing import Literal, final

import torch
from torch import Tensor, nn

from ...errors import OptionError, check_choice, message
from ...ops import spmm
from .._arguments import Edges, Features, Sizes, as_pair, check_edge_weight, resolve_sources
from .._propagation import factors

Norm = Literal["none", "both", "left", "right"]
NORMS = ("none", "both", "left", "right")


@final
class GraphConv(nn.Module):
    """Sum of the neighbours' features, normalised by degrees, times a weight.

    `out[i] = b + sum over edges e = j -> i of c(j, i) * edge_weight[e] * x[j] @ W`

    where, with d_out and d_in the numbers of edges (at least 1) that leave and enter a node,

        norm      c(j, i)
        "both"    1 / sqrt(d_out(j) * d_in(i))
        "left"    1 / d_out(j)
        "right"   1 / d_in(i), which is the mean
        "none"    1

    *Shapes* `x: (num_nodes, *, in_features) -> (num_nodes, *, out_features)`; `edge_weight: (num_edges,)`. On a
    bipartite graph x has a row for each source and the result one for each target; of a pair `(x_source, x_target)`
    only the first is read. A node that no edge enters gets the bias.

    Args:
        in_features: width of the sources; of a pair of widths only the first is used.
        weight: without it `in_features` and `out_features` are the same.

    Raises:
        OptionError: in the constructor, if options do not exist or exclude each other.
        ShapeError: in the call, if features or edge weights do not fit the graph or the layer.

    *Source* Kipf and Welling, 2017, Semi-Supervised Classification with Graph Convolutional Networks,
    arXiv:1609.02907, equation 2.

    *Differs from the source* adds no self loops: they are edges like others, for the caller to add. Has a bias, other
    norms, directed and bipartite graphs. Edge weights multiply the messages and never change the degrees, as in DGL.
    *Differs from DGL* a node without edges is no error, `x_target` is not needed, and `edge_weight` is the third
    argument; there is neither an external weight nor an activation. Parameters `weight` (in_features, out_features)
    and `bias` are DGL's.

    *Cost* E x F reads and N x in_features x out_features products, where F is the smaller of both widths: the product
    stands before or after the sum, whichever is narrower. Degrees scale nodes, so that no tensor is larger than N x
    the wider of both.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer = GraphConv(4, 2, norm="both")
    >>> layer(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self, in_features: Sizes, out_features: int, *, norm: Norm = "both", weight: bool = True, bias: bool = True
    ) -> None:
        super().__init__()
        check_choice("GraphConv", "norm", norm, NORMS)
        self.in_features, self.out_features, self.norm = as_pair(in_features)[0], out_features, norm
        if not weight and self.in_features != out_features:
            got = f"{self.in_features} and {out_features}"
            raise OptionError(message("GraphConv", "equal `in_features` and `out_features` without a weight", got))
        self.weight = nn.Parameter(torch.empty(self.in_features, out_features)) if weight else None
        self.bias = nn.Parameter(torch.empty(out_features)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weight from Glorot's uniform distribution and set the bias to 0."""
        if self.weight is not None:
            nn.init.xavier_uniform_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, graph: Edges, x: Features, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, h = resolve_sources("GraphConv", graph, x, self.in_features)
        check_edge_weight("GraphConv", edge_weight, adjacency)
        projects_first = self.weight is not None and self.in_features >= self.out_features
        if self.weight is not None and projects_first:
            h = h @ self.weight
        scales = factors(adjacency, None, "none" if self.norm == "right" else self.norm, h.dtype)
        h = spmm(adjacency.by_target, h, edge_weight, "mean" if self.norm == "right" else "sum", *scales)
        if self.weight is not None and not projects_first:
            h = h @ self.weight
        # In place: a fresh N x F costs more than the addition, and no gradient reads what stood there.
        return h if self.bias is None else h.add_(self.bias)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        has = f"weight={self.weight is not None}, bias={self.bias is not None}"
        return f"{self.in_features}, {self.out_features}, norm={self.norm!r}, {has}"
