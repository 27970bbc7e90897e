"""Shortest paths."""

from typing import TYPE_CHECKING, NamedTuple, get_args

import torch
from torch import Tensor

from ...errors import check_choice
from ...settings import require
from .._adjacency import Adjacency, Ids
from .._graph import Graph
from .._naming import EdgeType
from ._edges import Direction, check_weight, inner_edges, leaving, seeds_of
from ._search import bfs

if TYPE_CHECKING:
    import scipy.sparse


class ShortestPaths(NamedTuple):
    """How far each node is from the nearest seed, and the node before it on a shortest path.

    *Shapes* `distance: (num_nodes,)`, float64, infinite where no path leads; `parent: (num_nodes,)`, int64, -1 there and at
    seeds.
    """

    distance: Tensor
    parent: Tensor


def shortest_paths(
    graph: Graph | Adjacency,
    seeds: Ids,
    *,
    weight: Tensor | None = None,
    direction: Direction = "out",
    edge_type: str | EdgeType | None = None,
) -> ShortestPaths:
    """Find the shortest path to every node from the nearest of the seeds.

    `distance[i] = min over paths from a seed to i of the sum over its edges e of weight[e]`

    *Shapes* `weight: (num_edges,)`.

    Args:
        seeds: a node, nodes, or a mask.
        weight: lengths of the edges, not negative, 1 if not given.
        direction: along the edges, against them ("in"), or both ways.
        edge_type: which edges, if there are several types.

    Raises:
        FeatureError: if there is no such type, or several and none was named.
        IdError: if a seed is no node of the graph.
        OptionError: if a weight is negative or NaN.
        ShapeError, DtypeError, DeviceError: if arguments are of another kind.
        MissingExtraError: if there are weights and SciPy is not installed.

    *Source* Dijkstra (1959), A Note on Two Problems in Connexion with Graphs; with weights the code is SciPy's.

    *Cost* without weights that of `bfs`; with weights O(num_edges + num_nodes log num_nodes) on one thread, 12 bytes an
    edge for SciPy's matrix and about 100 a node.

    >>> graph = Graph([0, 1, 0], [1, 2, 2])
    >>> found = shortest_paths(graph, 0, weight=torch.tensor([1.0, 1.0, 5.0]))
    >>> found.distance.tolist(), found.parent.tolist()
    ([0.0, 1.0, 2.0], [-1, 0, 1])
    """
    adjacency = inner_edges("shortest_paths", graph, edge_type)
    check_choice("shortest_paths", "direction", direction, get_args(Direction))
    nodes = seeds_of("shortest_paths", seeds, adjacency)
    if weight is None:
        found = bfs(adjacency, nodes, direction=direction)
        return ShortestPaths(found.level.double().masked_fill(found.level < 0, torch.inf), found.parent)
    check_weight("shortest_paths", weight, adjacency)
    csgraph = require("scipy.sparse.csgraph", "convert")
    if nodes.shape[0] == 0:
        nowhere = torch.full((adjacency.num_sources,), -1, device=adjacency.device)
        return ShortestPaths(nowhere.double().fill_(torch.inf), nowhere)
    distance, parent, _ = csgraph.dijkstra(
        _matrix(adjacency, direction, weight), indices=nodes.cpu().numpy(), min_only=True, return_predecessors=True
    )
    above = torch.from_numpy(parent).long().clamp(min=-1).to(adjacency.device)
    return ShortestPaths(torch.from_numpy(distance).to(adjacency.device), above)


def _matrix(adjacency: Adjacency, direction: Direction, weight: Tensor) -> "scipy.sparse.csr_array":
    """A matrix with an entry at (from, to) for every edge; parallel edges and weights of 0 stay as they are."""
    sparse = require("scipy.sparse", "convert")
    rows, lengths = leaving(adjacency, direction), torch.cat((weight, weight)) if direction == "both" else weight
    if rows.edge is not None:
        lengths = lengths.index_select(0, rows.edge)
    parts = (part.cpu().numpy() for part in (lengths.detach().double(), rows.source, rows.indptr.to(rows.source.dtype)))
    return sparse.csr_array(tuple(parts), shape=(adjacency.num_sources, adjacency.num_sources))
