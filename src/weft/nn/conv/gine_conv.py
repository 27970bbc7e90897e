"""Graph isomorphism with features of edges: relu of node plus edge, summed, beside the node itself."""

from typing import final

import torch
from torch import Tensor, nn

from ...errors import OptionError, message
from .._aggregate import aggregate
from .._arguments import Edges, Features, resolve_ends
from .._edge_inputs import check_edge_features
from .._formula import formula
from .._reset import reset_inside


@final
class GINEConv(nn.Module):
    """A network of each node's own features plus the sum over its edges of relu(neighbour + edge).

    `out[i] = network((1 + eps) * x[i] + sum over edges e = j -> i of relu(x[j] + W edge_features[e] + b))`

    *Shapes* `x: (num_nodes, *, in_features)`, or a pair `(x_source, x_target)` of one width; `edge_features: (num_edges, *,
    in_features)` without W, `(num_edges, *, edge_features)` with it -> `(num_targets, *, out_features)`, where out_features
    is what the network gives, or in_features without one. Without an edge the sum is 0.

    Args:
        network: a module from in_features to out_features; None leaves the sum as it is.
        edge_features: their width, if W and b turn them to in_features; needs `in_features`.
        in_features: width of the nodes; only needed for W.
        eps: where eps begins; it is a parameter with `learn_eps`, and a buffer otherwise.

    Raises:
        OptionError: in the constructor, if `edge_features` comes without `in_features`.
        ShapeError: in the call, if features do not fit the graph, the layer or each other.

    *Source* Hu, Liu, Gomes, Zitnik, Liang, Pande and Leskovec, 2020, Strategies for Pre-training Graph Neural Networks,
    arXiv:1905.12265, appendix A.

    *Differs from the source* eps is that of GIN; no self loops are added; the network is the caller's.
    *Differs from PyG* the network's parameters are `apply_func.*`, as in DGL; `lin.*` has the same name.

    *Cost* E x in_features reads in one pass, without a tensor of that size. With W edges are projected in chunks, forward
    and again in backward.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> layer = GINEConv(torch.nn.Linear(4, 2), edge_features=5, in_features=4)
    >>> layer(graph, torch.randn(3, 4), edge_features=torch.randn(3, 5)).shape
    torch.Size([3, 2])
    """

    eps: Tensor

    def __init__(
        self,
        network: nn.Module | None = None,
        *,
        edge_features: int | None = None,
        in_features: int | None = None,
        eps: float = 0.0,
        learn_eps: bool = False,
    ) -> None:
        super().__init__()
        if edge_features is not None and in_features is None:
            got = f"edge_features={edge_features} alone"
            raise OptionError(message("GINEConv", "`in_features` beside `edge_features`", got))
        self.edge_features, self.in_features, self.initial_eps = edge_features, in_features, eps
        self.apply_func = network
        if learn_eps:
            self.eps = nn.Parameter(torch.tensor([float(eps)]))
        else:
            self.register_buffer("eps", torch.tensor([float(eps)]))
        self.lin = None
        if edge_features is not None and in_features is not None:
            self.lin = nn.Linear(edge_features, in_features)

    def reset_parameters(self) -> None:
        """Set eps to where it began, and draw anew what can be drawn anew."""
        nn.init.constant_(self.eps, self.initial_eps)
        reset_inside(self.lin, self.apply_func)

    def forward(self, graph: Edges, x: Features, *, edge_features: Tensor) -> Tensor:
        """Compute the new features of all targets."""
        width = self.in_features or (x[0] if isinstance(x, tuple) else x).shape[-1]
        adjacency, x_source, x_target = resolve_ends("GINEConv", graph, x, (width, width))
        check_edge_features("GINEConv", edge_features, adjacency, self.edge_features or width)
        source, edge = {"x": x_source}, {"e": edge_features}
        if self.lin is None:
            h = aggregate(adjacency, _PLAIN, source=source, edge=edge)
        else:
            h = aggregate(adjacency, _PROJECTED, source=source, edge=edge, shared={"lin": self.lin})
        h = (h + (1 + self.eps) * x_target).to(h.dtype)
        out: Tensor = h if self.apply_func is None else self.apply_func(h)
        return out

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        learns = isinstance(self.eps, nn.Parameter)
        return f"edge_features={self.edge_features}, in_features={self.in_features}, learn_eps={learns}"


_PLAIN = formula(lambda source, target, edge: torch.relu(source["x"] + edge["e"]))
_PROJECTED = formula(lambda source, target, edge, shared: torch.relu(source["x"] + shared["lin"](edge["e"])))
