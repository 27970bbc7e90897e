"""Any layer along and against the direction of edges, with parameters for each."""

import copy
from typing import final

from torch import Tensor, nn

from ...errors import OptionError, check_probability, message
from .._arguments import Edges
from .._square import resolve_square


@final
class DirGNNConv(nn.Module):
    """A layer on the edges and another of its kind on the reversed edges, mixed, plus a map of each node's own features.

    `out = alpha * conv_out(reversed graph, x) + (1 - alpha) * conv_in(graph, x) + lin x`

    *Shapes* `x: (num_nodes, *, in_features) -> (num_nodes, *, out_features)`; `edge_weight: (num_edges,)` and `edge_features`
    as the layer takes them, the same in both directions. The graph is square.

    Args:
        network: the layer `conv_in`, from in_features to out_features; `conv_out` is a copy with its own parameters.
        alpha: share of the reversed direction.
        root_weight: adds `lin x`.

    Raises:
        OptionError: in the constructor, if alpha is not between 0 and 1, or the layer cannot draw its parameters anew.
        ShapeError: in the call, if features do not fit the graph or the layer, or the graph is bipartite.

    *Source* Rossi, Charpentier, Di Giovanni, Frasca, Günnemann and Bronstein, 2023, Edge Directionality Improves Learning on
    Heterophilic Graphs, arXiv:2305.10498.

    *Differs from the source* no activation, and alpha is not learned.
    *Differs from PyG* widths are named; layers may have self loops of the caller, and nothing is switched off in them: its
    SAGEConv in here, without root weight, is `GraphConv(..., norm="right")`. Parameters are PyG's: `conv_in.*`, `conv_out.*`,
    `lin.*`, those of the layers under their own names.

    *Cost* that of the layer, twice. The reversed edges are the same tensors.

    >>> import torch
    >>> from weft.graph import Graph
    >>> from weft.nn import GraphConv
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer = DirGNNConv(4, 2, GraphConv(4, 2))
    >>> layer(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self, in_features: int, out_features: int, network: nn.Module, *, alpha: float = 0.5, root_weight: bool = True
    ) -> None:
        super().__init__()
        check_probability("DirGNNConv", "alpha", alpha)
        if not callable(getattr(network, "reset_parameters", None)):
            raise OptionError(message("DirGNNConv", "a layer with `reset_parameters`", type(network).__name__))
        self.in_features, self.out_features, self.alpha = in_features, out_features, alpha
        self.conv_in, self.conv_out = network, copy.deepcopy(network)
        self.lin = nn.Linear(in_features, out_features) if root_weight else None
        self.conv_out.reset_parameters()  # type: ignore[operator]

    def reset_parameters(self) -> None:
        """Draw the parameters of both layers and of the map anew."""
        self.conv_in.reset_parameters()  # type: ignore[operator]
        self.conv_out.reset_parameters()  # type: ignore[operator]
        if self.lin is not None:
            self.lin.reset_parameters()

    def forward(
        self, graph: Edges, x: Tensor, edge_weight: Tensor | None = None, *, edge_features: Tensor | None = None
    ) -> Tensor:
        """Compute the new features of all nodes."""
        adjacency, x = resolve_square("DirGNNConv", graph, x, self.in_features)
        given = {"edge_weight": edge_weight, "edge_features": edge_features}
        given = {name: value for name, value in given.items() if value is not None}
        along: Tensor = self.conv_in(adjacency, x, **given)
        against: Tensor = self.conv_out(adjacency.reversed(), x, **given)
        out = along.lerp(against, self.alpha)
        return out if self.lin is None else out + self.lin(x)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return f"{self.in_features}, {self.out_features}, alpha={self.alpha}, root_weight={self.lin is not None}"
