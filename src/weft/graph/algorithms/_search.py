"""Search from nodes: in breadth, level by level, and in depth."""

from typing import NamedTuple, get_args

from torch import Tensor

from ...errors import OptionError, check_choice, message
from ...ops import breadth_first, depth_first
from .._adjacency import Adjacency, Ids
from .._graph import Graph
from .._naming import EdgeType
from ._edges import Direction, inner_edges, leaving, seeds_of


class BreadthFirst(NamedTuple):
    """How nodes were reached: `level` steps from the nearest seed, from `parent`, on `edge`.

    *Shapes* `level, parent, edge: (num_nodes,)`, int64; level is -1 where no path leads, parent and edge there and at seeds.
    """

    level: Tensor
    parent: Tensor
    edge: Tensor


class DepthFirst(NamedTuple):
    """The nodes that were reached in the order of their first visits, and from where each was.

    *Shapes* `order: (num_reached,)`; `parent: (num_nodes,)`, -1 at seeds and where no path leads; both int64.
    """

    order: Tensor
    parent: Tensor


def bfs(
    graph: Graph | Adjacency,
    seeds: Ids,
    *,
    direction: Direction = "out",
    max_level: int | None = None,
    edge_type: str | EdgeType | None = None,
) -> BreadthFirst:
    """Search in breadth: all nodes one step from the seeds, then all two steps away, and so on.

    A node that several edges reach in the same step belongs to the edge of lowest id.

    Args:
        seeds: a node, nodes, or a mask.
        direction: along the edges, against them ("in"), or both ways.
        max_level: nodes farther away are not searched.
        edge_type: which edges, if there are several types.

    Raises:
        FeatureError: if there is no such type, or several and none was named.
        IdError: if a seed is no node of the graph.
        ShapeError, DtypeError, DeviceError, OptionError: if arguments are of another kind.

    *Source* Beamer, Asanović, Patterson (2012), Direction-Optimizing Breadth-First Search.

    *Cost* compresses the edges once for the graph. Then a level reads the edges that lead away from its nodes, on several threads
    twice; a level that has most of the edges left is found from the other end: nodes not reached yet read the edges that lead to
    them until one comes from the level before, and may do so again at the next level.

    >>> found = bfs(Graph([0, 1, 0, 3], [1, 2, 3, 2]), 0)
    >>> found.level.tolist(), found.parent.tolist(), found.edge.tolist()
    ([0, 1, 2, 1], [-1, 0, 1, 0], [-1, 0, 1, 2])
    """
    adjacency = inner_edges("bfs", graph, edge_type)
    check_choice("bfs", "direction", direction, get_args(Direction))
    nodes = seeds_of("bfs", seeds, adjacency)
    if max_level is not None and max_level < 0:
        raise OptionError(message("bfs", "`max_level` of at least 0", str(max_level)))
    most = adjacency.num_sources if max_level is None else max_level
    rows = adjacency.by_source if direction == "in" else adjacency.by_target
    return BreadthFirst(*breadth_first(rows, nodes, direction == "both", most))


def dfs(
    graph: Graph | Adjacency,
    seeds: Ids,
    *,
    direction: Direction = "out",
    edge_type: str | EdgeType | None = None,
) -> DepthFirst:
    """Search in depth: each node's neighbours in the order of their edges, each with all behind it before the next.

    Args:
        seeds: a node, nodes, or a mask; one is left when all behind it were visited, and the next one begins.
        direction: along the edges, against them ("in"), or both ways: the edges that leave, then those that enter.
        edge_type: which edges, if there are several types.

    Raises:
        FeatureError: if there is no such type, or several and none was named.
        IdError: if a seed is no node of the graph.
        ShapeError, DtypeError, DeviceError, OptionError: if arguments are of another kind.

    *Cost* compresses the edges once for the graph ("both": for the call), then reads each at most once, on one thread.

    >>> found = dfs(Graph([0, 1, 0, 3], [1, 2, 3, 2]), 0)
    >>> found.order.tolist(), found.parent.tolist()
    ([0, 1, 2, 3], [-1, 0, 1, 0])
    """
    adjacency = inner_edges("dfs", graph, edge_type)
    check_choice("dfs", "direction", direction, get_args(Direction))
    nodes = seeds_of("dfs", seeds, adjacency)
    rows = leaving(adjacency, direction)
    order, parent = depth_first(rows.indptr, rows.source, nodes)
    return DepthFirst(order[order >= 0], parent)
