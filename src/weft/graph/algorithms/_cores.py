"""Cores: parts in which everybody has many neighbours."""

from torch import Tensor

from ...ops import core_numbers as core_numbers_of
from .._adjacency import Adjacency
from .._graph import Graph
from .._naming import EdgeType
from ._edges import inner_edges, neighbors_of


def core_numbers(graph: Graph | Adjacency, *, edge_type: str | EdgeType | None = None) -> Tensor:
    """Find the largest k for which each node is in the k-core, where every node has k neighbours within the core.

    The graph is read as an undirected one: nodes that an edge joins either way are neighbours, once, and no node is its own.

    *Shapes* -> `(num_nodes,)`, int64; `core_numbers(graph) >= k` is the mask of the k-core.

    Args:
        edge_type: which edges, if there are several types.

    Raises:
        FeatureError: if there is no such type, or several and none was named.
        ShapeError: if the edges run between two sets of nodes.

    *Source* Batagelj and Zaveršnik (2003), An O(m) Algorithm for Cores Decomposition of Networks, arXiv cs/0310049.

    *Cost* sorts the edges both ways by counting, then reads them once on one thread; about 46 bytes an edge meanwhile.

    >>> core_numbers(Graph([0, 1, 2, 0], [1, 2, 0, 3]))
    tensor([2, 2, 2, 1])
    """
    return core_numbers_of(*neighbors_of(inner_edges("core_numbers", graph, edge_type)))
