"""What layers read of whatever graph they are given."""

from ..errors import DtypeError, message
from ._adjacency import Adjacency
from ._block import Block
from ._graph import Graph


def adjacency_of(graph: Graph | Adjacency | Block) -> Adjacency:
    """Find the structure of the one edge type of a graph.

    Raises:
        FeatureError: if the graph or block has several edge types, or none.
        DtypeError: if it is something else.

    >>> adjacency_of(Graph([0, 1], [1, 2]))
    Adjacency(2 edges from 3 sources to 3 targets, int64 on cpu)
    """
    if isinstance(graph, Adjacency):
        return graph
    if isinstance(graph, (Graph, Block)):
        return graph.adjacency
    hint = "weft.Graph(source, target) makes a graph, weft.graph.from_edge_index too, of a (2, num_edges) tensor"
    raise DtypeError(message("graph", "a Graph, an Adjacency or a Block", type(graph).__name__, hint))
