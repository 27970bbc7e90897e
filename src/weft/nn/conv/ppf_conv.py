"""PPFNet: a network on each neighbour's features and the angles and distance of the two points' normals."""

from typing import Any, final

import torch
from torch import Tensor, nn

from .._aggregate import aggregate
from .._arguments import Edges, Features
from .._first_map import first_map, follow
from .._formula import formula
from .._points import resolve_optional_sources, resolve_points


def _pair(source: Any, target: Any) -> Tensor:
    """The four numbers of a pair of points with normals."""
    apart = source["position"] - target["position"]
    here, there = target["normal"], source["normal"]
    return torch.stack((_norm(apart), _angle(here, apart), _angle(there, apart), _angle(here, there)), -1)


def _norm(x: Tensor) -> Tensor:
    """Length, whose gradient is 0 where it is 0."""
    square = x.square().sum(-1)
    is_zero = square == 0
    return torch.where(is_zero, 0, torch.where(is_zero, 1, square).sqrt())


def _angle(a: Tensor, b: Tensor) -> Tensor:
    """Angle of two vectors, 0 where one of them is 0."""
    sine, cosine = _norm(torch.linalg.cross(a, b)), (a * b).sum(-1)
    return torch.atan2(sine, torch.where((sine == 0) & (cosine == 0), 1, cosine))


def _features_and_pair(source: Any, target: Any, edge: Any, shared: Any) -> Any:
    return shared["local"](torch.cat((source["x"], _pair(source, target)), -1))


def _only_pair(source: Any, target: Any, edge: Any, shared: Any) -> Any:
    return shared["local"](_pair(source, target))


def _behind_first(source: Any, target: Any, edge: Any, shared: Any) -> Any:
    return follow(source["u"], _pair(source, target), shared)


_WITH_FEATURES, _WITHOUT = formula(_features_and_pair, trace=False), formula(_only_pair, trace=False)
_BEHIND_FIRST = formula(_behind_first, trace=False)
PAIR = 4  # numbers of a pair of points


@final
class PPFConv(nn.Module):
    """A network of each neighbour's features and point pair features, its maximum over neighbours, and another network.

    `out[i] = global_network(max over edges e = j -> i of local_network([x[j], pair(j, i)]))`, where, with d = position[j] -
    position[i] and n the normals, `pair(j, i) = (|d|, angle(n[i], d), angle(n[j], d), angle(n[i], n[j]))`

    *Shapes* `x: (num_nodes, in_features)`, `position, normal: (num_nodes, 3) -> (num_nodes, out_features)`, where local_network
    maps in_features + 4; without features x is None. On a bipartite graph positions and normals are pairs for sources and
    targets, and of a pair x only the first is read. A node that no edge enters gets global_network(0).

    Args:
        global_network: without it the maximum is the result.

    Raises:
        ShapeError: in the call, if features, positions or normals do not fit the graph.
        FormulaError: in the call, if local_network mixes edges, as batch normalisation in training does.

    *Source* Deng, Birdal and Ilic, 2018, PPFNet: Global Context Aware Local Features for Robust 3D Point Matching,
    arXiv:1802.02669, equations 1, 2 and section 3.

    *Differs from the source* features of points and a second network are added. An angle with a vector of length 0 is 0, and
    so is the gradient of an angle of 0 or π and of a distance of 0, where there is none.
    *Differs from PyG* no self loops are added; `local_nn` and `global_nn` are called networks; gradients are finite.

    *Cost* E products with local_network, in chunks of edges, and once more in backward; nothing of size E is kept. If it begins
    with a linear map, that one is applied to x once a node.

    >>> import torch
    >>> from weft.graph import Graph
    >>> layer = PPFConv(torch.nn.Linear(2 + 4, 8))
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer(graph, torch.randn(3, 2), position=torch.randn(3, 3), normal=torch.randn(3, 3)).shape
    torch.Size([3, 8])
    """

    def __init__(self, local_network: nn.Module, global_network: nn.Module | None = None) -> None:
        super().__init__()
        self.local_network, self.global_network = local_network, global_network

    def forward(self, graph: Edges, x: Features | None = None, *, position: Features, normal: Features) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, near, far = resolve_points("PPFConv", graph, "position", position, 3)
        _, near_normal, far_normal = resolve_points("PPFConv", graph, "normal", normal, 3)
        x_source = resolve_optional_sources("PPFConv", graph, x)
        sent, source = _WITHOUT, {"position": near, "normal": near_normal}
        shared: dict[str, Any] = {"local": self.local_network}
        first = None if x_source is None else first_map(self.local_network, x_source, PAIR)
        if first is not None:
            sent, source["u"] = _BEHIND_FIRST, first.of_source
            shared = {"weight": first.weight, **first.steps}
        elif x_source is not None:
            sent, source["x"] = _WITH_FEATURES, x_source
        target = {"position": far, "normal": far_normal}
        out = aggregate(adjacency, sent, reduce="max", source=source, target=target, shared=shared)
        return out if self.global_network is None else self.global_network(out)
