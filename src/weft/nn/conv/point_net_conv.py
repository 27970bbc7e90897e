"""PointNet++: a network on each neighbour's features and relative position, and the maximum over neighbours."""

from typing import Any, final

import torch
from torch import Tensor, nn

from .._aggregate import aggregate
from .._arguments import Edges, Features
from .._first_map import first_map, follow
from .._formula import formula
from .._points import resolve_optional_sources, resolve_points


def _features_and_place(source: Any, target: Any, edge: Any, shared: Any) -> Any:
    return shared["local"](torch.cat((source["x"], source["position"] - target["position"]), -1))


def _place(source: Any, target: Any, edge: Any, shared: Any) -> Any:
    return shared["local"](source["position"] - target["position"])


def _behind_first(source: Any, target: Any, edge: Any, shared: Any) -> Any:
    return follow(source["u"], source["position"] - target["position"], shared)


_WITH_FEATURES, _WITHOUT = formula(_features_and_place, trace=False), formula(_place, trace=False)
_BEHIND_FIRST = formula(_behind_first, trace=False)


@final
class PointNetConv(nn.Module):
    """A network of each neighbour's features and relative position, its maximum over neighbours, and another network.

    `out[i] = global_network(max over edges e = j -> i of local_network([x[j], position[j] - position[i]]))`

    *Shapes* `x: (num_nodes, in_features)`, `position: (num_nodes, dims) -> (num_nodes, out_features)`, where local_network
    maps in_features + dims; without features x is None. On a bipartite graph positions are a pair for sources and targets,
    and of a pair x only the first is read. A node that no edge enters gets global_network(0).

    Args:
        global_network: without it the maximum is the result.

    Raises:
        ShapeError: in the call, if features or positions do not fit the graph.
        FormulaError: in the call, if local_network mixes edges, as batch normalisation in training does.

    *Source* Qi, Yi, Su and Guibas, 2017, PointNet++: Deep Hierarchical Feature Learning on Point Sets in a Metric Space,
    arXiv:1706.02413, equation 1 and section 3.2.

    *Differs from the source* which points are targets and who are their neighbours says the graph: sampling and grouping are
    `weft.ops.farthest_points` and `weft.ops.radius`.
    *Differs from PyG* no self loops are added; `local_nn` and `global_nn` are called networks.

    *Cost* E products with local_network, in chunks of edges, and once more in backward; nothing of size E is kept. If it begins
    with a linear map, that one is applied to x once a node.

    >>> import torch
    >>> from weft.graph import Graph
    >>> layer = PointNetConv(torch.nn.Linear(4 + 3, 8), torch.nn.ReLU())
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer(graph, torch.randn(3, 4), position=torch.randn(3, 3)).shape
    torch.Size([3, 8])
    """

    def __init__(self, local_network: nn.Module, global_network: nn.Module | None = None) -> None:
        super().__init__()
        self.local_network, self.global_network = local_network, global_network

    def forward(self, graph: Edges, x: Features | None = None, *, position: Features) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, near, far = resolve_points("PointNetConv", graph, "position", position)
        x_source = resolve_optional_sources("PointNetConv", graph, x)
        sent, source = _WITHOUT, {"position": near}
        shared: dict[str, Any] = {"local": self.local_network}
        first = None if x_source is None else first_map(self.local_network, x_source, near.shape[1])
        if first is not None:
            sent, source["u"] = _BEHIND_FIRST, first.of_source
            shared = {"weight": first.weight, **first.steps}
        elif x_source is not None:
            sent, source["x"] = _WITH_FEATURES, x_source
        out = aggregate(adjacency, sent, reduce="max", source=source, target={"position": far}, shared=shared)
        return out if self.global_network is None else self.global_network(out)
