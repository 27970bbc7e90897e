"""Forests that hold a graph together at the least weight."""

import torch
from torch import Tensor

from ...ops import spanning_forest
from .._adjacency import Adjacency
from .._graph import Graph
from .._naming import EdgeType
from .._resolve import ends_of
from ._edges import check_weight, inner_edges


def minimum_spanning_forest(
    graph: Graph | Adjacency, weight: Tensor | None = None, *, edge_type: str | EdgeType | None = None
) -> Tensor:
    """Choose edges of least total weight that join whatever paths join; the direction of edges does not count.

    *Shapes* `weight: (num_edges,)` -> ids of the chosen edges, ascending, `(num_nodes - num_components,)`, int64.

    Args:
        weight: any numbers, 0 and negative ones among them, all alike if not given; of equal ones the lowest edge wins, so
            that the forest is one and the same.
        edge_type: which edges, if there are several types.

    Raises:
        FeatureError: if there is no such type, or several and none was named.
        ShapeError: if there is not one weight for every edge.
        OptionError: if a weight is NaN.

    *Source* Kruskal (1956), On the Shortest Spanning Subtree of a Graph and the Traveling Salesman Problem.

    *Cost* sorts the weights, then reads the edges in that order until all nodes are one tree.

    >>> minimum_spanning_forest(Graph([0, 1, 2], [1, 2, 0]), torch.tensor([3.0, 1.0, 2.0]))
    tensor([1, 2])
    """
    adjacency = inner_edges("minimum_spanning_forest", graph, edge_type)
    if weight is None:
        order = torch.arange(adjacency.num_edges, device=adjacency.device)
    else:
        check_weight("minimum_spanning_forest", weight, adjacency, may_be_negative=True)
        order = torch.sort(weight, stable=True).indices
    taken = spanning_forest(*ends_of(adjacency), order, adjacency.num_sources)
    return taken[taken >= 0].sort().values
