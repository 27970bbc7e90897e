"""Triangles, and how many of those that could be are there."""

from torch import Tensor

from ...ops import triangle_counts
from .._adjacency import Adjacency
from .._graph import Graph
from .._naming import EdgeType
from ._edges import inner_edges, neighbors_of


def triangles(graph: Graph | Adjacency, *, edge_type: str | EdgeType | None = None) -> Tensor:
    """Count the triangles at each node: the pairs of its neighbours that are neighbours.

    The graph is read as an undirected one: nodes that an edge joins either way are neighbours, once, and no node is its own.

    *Shapes* -> `(num_nodes,)`, int64; each triangle counts at its three nodes.

    Args:
        edge_type: which edges, if there are several types.

    Raises:
        FeatureError: if there is no such type, or several and none was named.
        ShapeError: if the edges run between two sets of nodes.

    *Source* Latapy (2008), Main-memory triangle computations for very large (sparse (power-law)) graphs.

    *Cost* sorts the edges both ways by counting, then O(num_edges^1.5) at worst; about 46 bytes an edge meanwhile.

    >>> triangles(Graph([0, 1, 2, 0], [1, 2, 0, 3]))
    tensor([1, 1, 1, 0])
    """
    return _triangles_and_pairs("triangles", graph, edge_type)[0]


def clustering(graph: Graph | Adjacency, *, edge_type: str | EdgeType | None = None) -> Tensor:
    """Find the local clustering coefficients: which share of the pairs of a node's neighbours are neighbours.

    `out[i] = triangles[i] / (d[i] * (d[i] - 1) / 2)` for d neighbours, 0 where they are fewer than two

    *Shapes* -> `(num_nodes,)`, float64. The mean is the average clustering of the graph.

    Args:
        edge_type: which edges, if there are several types.

    Raises:
        FeatureError, ShapeError: as `triangles` does, which says how directed graphs are read and what it costs.

    *Source* Watts and Strogatz (1998), Collective dynamics of 'small-world' networks.

    >>> clustering(Graph([0, 1, 2, 0], [1, 2, 0, 3])).tolist()
    [0.3333333333333333, 1.0, 1.0, 0.0]
    """
    found, pairs = _triangles_and_pairs("clustering", graph, edge_type)
    return found.double() / pairs.clamp(min=1)


def transitivity(graph: Graph | Adjacency, *, edge_type: str | EdgeType | None = None) -> Tensor:
    """Find the global clustering coefficient: which share of all pairs of neighbours of a node are neighbours.

    `out = sum over i of triangles[i] / sum over i of d[i] * (d[i] - 1) / 2` for d neighbours, 0 where there are no pairs

    *Shapes* -> `()`, float64.

    Args:
        edge_type: which edges, if there are several types.

    Raises:
        FeatureError, ShapeError: as `triangles` does, which says how directed graphs are read and what it costs.

    *Source* Newman, Strogatz, Watts (2001), Random graphs with arbitrary degree distributions and their applications.

    >>> transitivity(Graph([0, 1, 2, 0], [1, 2, 0, 3])).item()
    0.6
    """
    found, pairs = _triangles_and_pairs("transitivity", graph, edge_type)
    return found.sum().double() / pairs.sum().clamp(min=1)


def _triangles_and_pairs(
    where: str, graph: Graph | Adjacency, edge_type: str | EdgeType | None
) -> tuple[Tensor, Tensor]:
    """Triangles at each node, and pairs of its neighbours."""
    indptr, neighbor = neighbors_of(inner_edges(where, graph, edge_type))
    num_neighbors = indptr.diff()
    return triangle_counts(indptr, neighbor), num_neighbors * (num_neighbors - 1) // 2
