"""Graph convolution whose edge weights a network computes from edge features."""

from typing import Any, Literal, final

import torch
from torch import Tensor, nn

from ...errors import ShapeError, check_choice, message
from ...graph import Adjacency
from ...ops import sddmm, spmm
from .._apply_edges import apply_edges
from .._arguments import Edges, Features, resolve_sources
from .._formula import formula
from .._reset import draw_glorot

Norm = Literal["none", "in"]
NORMS = ("none", "in")


def _weight(source: Any, target: Any, edge: Any, shared: Any) -> Any:
    return shared["mlp"](edge["f"])


WEIGHT = formula(_weight, trace=False)


@final
class PDNConv(nn.Module):
    """Sum of the neighbours' projected features, weighted by what a network makes of the edge features.

        w[e]   = mlp(edge_features[e])                                     two linear maps, relu between them, then sigmoid
        out[i] = sum over edges e = j -> i of c(e) * w[e] * lin x[j]  + bias

    where c(e) = 1, or for the norm "in" 1 / sqrt(s(j) * s(i)) with s the sum of w over the edges that enter a node (1 if there
    is none).

    *Shapes* `x: (num_nodes, *, in_features) -> (num_nodes, *, out_features)`; `edge_features: (num_edges, edge_features)`. With
    the norm "none" on a bipartite graph a row for each source -> one for each target; of a pair only the first is read.

    Args:
        edge_features, hidden_features: widths of the edge features and between the maps of the network.

    Raises:
        OptionError: in the constructor, if the norm does not exist.
        ShapeError: in the call, if features do not fit the graph or the layer, or for "in" the graph is bipartite.

    *Source* Rozemberczki, Englert, Kapoor, Blais and Perozzi, 2020, Pathfinder Discovery Networks for Neural Message Passing,
    arXiv:2010.12878.

    *Differs from the source* adds no self loops: they are edges like others, with features, for the caller to add.
    *Differs from PyG* it adds self loops and norms unless told otherwise. Parameters `lin.weight`, `mlp.0.*`, `mlp.2.*` and
    `bias` are PyG's.

    *Cost* the network in chunks of edges, of which a number for each edge stays; E x F reads, F the smaller of in_features and
    out_features.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer = PDNConv(4, 2, 3, hidden_features=8)
    >>> layer(graph, torch.randn(3, 4), edge_features=torch.randn(4, 3)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        edge_features: int,
        *,
        hidden_features: int,
        norm: Norm = "none",
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_choice("PDNConv", "norm", norm, NORMS)
        self.in_features, self.out_features, self.norm = in_features, out_features, norm
        self.edge_features, self.hidden_features = edge_features, hidden_features
        self.lin = nn.Linear(in_features, out_features, bias=False)
        self.mlp = nn.Sequential(
            nn.Linear(edge_features, hidden_features), nn.ReLU(), nn.Linear(hidden_features, 1), nn.Sigmoid()
        )
        self.bias = nn.Parameter(torch.empty(out_features)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights from Glorot's uniform distribution and set biases to 0."""
        draw_glorot(self.named_parameters())

    def forward(self, graph: Edges, x: Features, *, edge_features: Tensor) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, h = resolve_sources("PDNConv", graph, x, self.in_features)
        weight = self._edge_weight(adjacency, edge_features)
        if self.in_features > self.out_features:
            out = spmm(adjacency.by_target, self.lin(h), weight, "sum")
        else:
            out = self.lin(spmm(adjacency.by_target, h, weight, "sum"))
        # In place: a fresh N x F costs more than the addition, and no gradient reads what stood there.
        return out if self.bias is None else out.add_(self.bias)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        sizes = f"{self.in_features}, {self.out_features}, {self.edge_features}, hidden_features={self.hidden_features}"
        return f"{sizes}, norm={self.norm!r}, bias={self.bias is not None}"

    def _edge_weight(self, adjacency: Adjacency, edge_features: Tensor) -> Tensor:
        shape = (adjacency.num_edges, self.edge_features)
        if edge_features.shape != shape:
            raise ShapeError(message("PDNConv", f"`edge_features` of shape {shape}", str(tuple(edge_features.shape))))
        found = apply_edges(adjacency, WEIGHT, edge={"f": edge_features}, shared={"mlp": self.mlp})
        assert isinstance(found, Tensor), "one value for each edge"
        weight = found.squeeze(-1)
        if self.norm == "none":
            return weight
        if adjacency.num_sources != adjacency.num_targets:
            got = f"{adjacency.num_sources} sources and {adjacency.num_targets} targets"
            raise ShapeError(message("PDNConv", 'a square graph for the norm "in"', got))
        entering = spmm(adjacency.by_target, weight.new_ones(adjacency.num_sources, 1), weight, "sum").squeeze(-1)
        factor = torch.where(entering == 0, 1, entering).rsqrt()
        return weight * sddmm(adjacency.by_target, factor, factor, "mul")
