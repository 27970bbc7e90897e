"""Point-GNN: networks on neighbours whose positions are taken relative to a place that the target chooses."""

from typing import Any, final

import torch
from torch import Tensor, nn

from ...errors import ShapeError, message
from .._aggregate import aggregate
from .._arguments import Edges, Features, resolve_ends
from .._first_map import first_map, follow
from .._formula import formula
from .._points import resolve_points


def _relative(source: Any, target: Any, edge: Any, shared: Any) -> Any:
    return shared["edge"](torch.cat((source["position"] - target["place"], source["x"]), -1))


def _behind_first(source: Any, target: Any, edge: Any, shared: Any) -> Any:
    return follow(source["u"], source["position"] - target["place"], shared)


_RELATIVE, _BEHIND_FIRST = formula(_relative, trace=False), formula(_behind_first, trace=False)


@final
class PointGNNConv(nn.Module):
    """A node's features plus a network of the maximum over neighbours of a network of their places and features.

    `out[i] = x[i] + update_network(max over edges e = j -> i of edge_network([position[j] - position[i] + offset[i], x[j]]))`
    with `offset[i] = offset_network(x[i])`

    *Shapes* `x: (num_nodes, features)`, `position: (num_nodes, dims) -> (num_nodes, features)`, where offset_network maps
    features to dims, edge_network dims + features to a width of its own, and update_network that to features. On a bipartite
    graph x and position are pairs for sources and targets; the result has the width of the targets. A node that no edge
    enters gets x[i] + update_network(0).

    Raises:
        ShapeError: in the call, if features or positions do not fit the graph, or offset_network gives another width.
        FormulaError: in the call, if edge_network mixes edges, as batch normalisation in training does.

    *Source* Shi and Rajkumar, 2020, Point-GNN: Graph Neural Network for 3D Object Detection in a Point Cloud,
    arXiv:2003.01251, equations 4 to 6.

    *Differs from the source* which has networks of its own for each of its layers: so does each layer here.
    *Differs from PyG* `mlp_h`, `mlp_f` and `mlp_g` are called networks of offset, edge and update.

    *Cost* E products with edge_network, in chunks of edges, and once more in backward; nothing of size E is kept. If it begins
    with a linear map, that one is applied to x once a node.

    >>> import torch
    >>> from weft.graph import Graph
    >>> layer = PointGNNConv(torch.nn.Linear(4, 3), torch.nn.Linear(3 + 4, 8), torch.nn.Linear(8, 4))
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer(graph, torch.randn(3, 4), position=torch.randn(3, 3)).shape
    torch.Size([3, 4])
    """

    def __init__(self, offset_network: nn.Module, edge_network: nn.Module, update_network: nn.Module) -> None:
        super().__init__()
        self.offset_network, self.edge_network, self.update_network = offset_network, edge_network, update_network

    def forward(self, graph: Edges, x: Features, *, position: Features) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, near, far = resolve_points("PointGNNConv", graph, "position", position)
        widths = (x[0].shape[-1], x[1].shape[-1]) if isinstance(x, tuple) else (x.shape[-1], x.shape[-1])
        _, x_source, x_target = resolve_ends("PointGNNConv", graph, x, widths)
        offset = self.offset_network(x_target)
        if offset.shape != far.shape:
            expected = f"`offset_network` to return {tuple(far.shape)}, as positions are"
            raise ShapeError(message("PointGNNConv", expected, str(tuple(offset.shape))))
        sent, source = _RELATIVE, {"position": near, "x": x_source}
        shared: dict[str, Any] = {"edge": self.edge_network}
        first = first_map(self.edge_network, x_source, near.shape[1], edge_first=True)
        if first is not None:
            sent, source = _BEHIND_FIRST, {"position": near, "u": first.of_source}
            shared = {"weight": first.weight, **first.steps}
        place = {"place": far - offset}
        out = aggregate(adjacency, sent, reduce="max", source=source, target=place, shared=shared)
        out = self.update_network(out)
        return out + x_target.to(out.dtype)  # type: ignore[no-any-return]
