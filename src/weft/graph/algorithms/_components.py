"""Components: parts of a graph that edges hold together."""

from ...ops import connected_components as components_of_edges
from ...ops import strong_components
from .._adjacency import Adjacency
from .._graph import Graph
from .._naming import EdgeType
from .._resolve import ends_of
from ._edges import inner_edges
from ._grouping import Grouping, grouped, grouped_by_smallest


def connected_components(graph: Graph | Adjacency, *, edge_type: str | EdgeType | None = None) -> Grouping:
    """Group the nodes that paths join, whatever the direction of their edges.

    Args:
        edge_type: which edges, if there are several types.

    Raises:
        FeatureError: if there is no such type, or several and none was named.
        ShapeError: if the edges run between two sets of nodes.

    *Cost* reads each edge once, in its order, and compresses nothing.

    >>> connected_components(Graph([3, 4], [1, 4], num_nodes=5))
    Grouping(group=tensor([0, 1, 2, 1, 3]), num_groups=4)
    """
    adjacency = inner_edges("connected_components", graph, edge_type)
    return grouped_by_smallest(components_of_edges(*ends_of(adjacency), adjacency.num_sources))


def strongly_connected_components(graph: Graph | Adjacency, *, edge_type: str | EdgeType | None = None) -> Grouping:
    """Group the nodes that paths along the edges join both ways.

    Args:
        edge_type: which edges, if there are several types.

    Raises:
        FeatureError: if there is no such type, or several and none was named.
        ShapeError: if the edges run between two sets of nodes.

    *Source* Tarjan (1972), Depth-First Search and Linear Graph Algorithms.

    *Cost* compresses the edges once for the graph, then reads each once, on one thread.

    >>> strongly_connected_components(Graph([0, 1, 1], [1, 0, 2]))
    Grouping(group=tensor([0, 0, 1]), num_groups=2)
    """
    rows = inner_edges("strongly_connected_components", graph, edge_type).by_source
    return grouped(strong_components(rows.indptr, rows.source))
