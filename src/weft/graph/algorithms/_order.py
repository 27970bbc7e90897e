"""An order in which every edge leads forward."""

import torch
from torch import Tensor

from ...errors import StructureError
from ...ops import topological_levels
from .._adjacency import Adjacency
from .._graph import Graph
from .._naming import EdgeType
from ._edges import inner_edges


def topological_generations(graph: Graph | Adjacency, *, edge_type: str | EdgeType | None = None) -> Tensor:
    """Number the generations of a graph without cycles: a node comes one after the last that has an edge to it.

    `generation[j] = 1 + max over edges i -> j of generation[i]`, 0 where none enters

    *Shapes* -> `(num_nodes,)`, int64. Sorted stably it gives an order of the nodes in which every edge leads forward;
    `weft.ops.segments_of(generation, count)` lists the nodes of each generation.

    Args:
        edge_type: which edges, if there are several types.

    Raises:
        StructureError: if the edges close a cycle; the text names a node on it.
        FeatureError: if there is no such type, or several and none was named.
        ShapeError: if the edges run between two sets of nodes.

    *Source* Kahn (1962), Topological Sorting of Large Networks.

    *Cost* compresses the edges once for the graph, then reads each twice, on one thread.

    >>> topological_generations(Graph([0, 0, 1], [1, 2, 2]))
    tensor([0, 1, 2])
    """
    adjacency = inner_edges("topological_generations", graph, edge_type)
    rows = adjacency.by_source
    generation = topological_levels(rows.indptr, rows.source)
    waiting = generation < 0
    if bool(waiting.any()):
        node = _node_on_cycle(adjacency, waiting)
        raise StructureError(
            f"topological_generations: the edges close a cycle through node {node}; hint: strongly_connected_components "
            "finds the cycles, dfs goes through such a graph"
        )
    return generation


def _node_on_cycle(adjacency: Adjacency, waiting: Tensor) -> int:
    """A node on a cycle: every node that waits has an edge from another, and so many steps back end on one."""
    source, target = adjacency.source.long(), adjacency.target.long()
    stuck = waiting[source] & waiting[target]
    back = torch.zeros_like(waiting, dtype=torch.int64).index_copy(0, target[stuck], source[stuck])
    for _ in range(adjacency.num_sources.bit_length()):
        back = back[back]
    return int(back[waiting].min())
