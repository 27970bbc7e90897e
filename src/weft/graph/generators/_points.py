"""Graphs of points that lie near each other."""

from torch import Tensor

from ...ops import Neighbors, knn, radius
from .._adjacency import Adjacency
from .._feature_set import EdgeSet, NodeSet
from .._graph import Graph
from .._naming import EDGE, NODE


def knn_graph(x: Tensor, k: int, *, indptr: Tensor | None = None, loop: bool = False) -> Graph:
    """Join each point to the k nearest: edges run from them to the point, nearest first.

    The node feature `position` is `x`, the edge feature `squared_distance` is what its name says, and differentiable.

    *Shapes* `x: (num_points, dims)`; `indptr: (num_clouds + 1,)`, int64: cloud c is rows `indptr[c]` to
    `indptr[c + 1]`, and the graph is a batch with one graph for each.

    Args:
        loop: whether a point is its own neighbour.

    Raises:
        ShapeError, DtypeError, DeviceError, OptionError, StructureError: as `weft.ops.knn`, which searches.

    *Cost* that of `weft.ops.knn`.

    >>> import torch
    >>> knn_graph(torch.tensor([[0.0], [1.0], [3.0]]), 1).adjacency.source.tolist()
    [1, 0, 1]
    """
    return _graph_of_neighbors(x, knn(x, k, indptr=indptr, loop=loop), indptr)


def radius_graph(
    x: Tensor, r: float, *, indptr: Tensor | None = None, loop: bool = False, max_neighbors: int | None = None
) -> Graph:
    """Join each point to all within a distance: edges run from them to the point, nearest first.

    The node feature `position` is `x`, the edge feature `squared_distance` is what its name says, and differentiable.

    *Shapes* `x: (num_points, dims)`; `indptr: (num_clouds + 1,)`, int64: cloud c is rows `indptr[c]` to
    `indptr[c + 1]`, and the graph is a batch with one graph for each.

    Args:
        loop: whether a point is its own neighbour.
        max_neighbors: keep only so many for each point, the nearest.

    Raises:
        ShapeError, DtypeError, DeviceError, OptionError, StructureError: as `weft.ops.radius`, which searches.

    *Cost* that of `weft.ops.radius`.

    >>> import torch
    >>> radius_graph(torch.tensor([[0.0], [1.0], [3.0]]), 2.0).adjacency.source.tolist()
    [1, 0, 2, 1]
    """
    return _graph_of_neighbors(x, radius(x, r, indptr=indptr, loop=loop, max_neighbors=max_neighbors), indptr)


def _graph_of_neighbors(x: Tensor, found: Neighbors, indptr: Tensor | None) -> Graph:
    count, offsets = x.shape[0], None if indptr is None else found.indptr[indptr]
    nodes = NodeSet._trusted(NODE, count, x.device, {"position": x}, indptr)
    adjacency = Adjacency._trusted(found.source, found.target, count, count)
    features = {"squared_distance": found.squared_distance}
    edges = EdgeSet._trusted(EDGE, adjacency, x.device, features, offsets)
    return Graph._trusted({NODE: nodes}, {EDGE: edges}, x.device)
