"""What layers and functions read of whatever graph they are given."""

from torch import Tensor

from ..errors import DtypeError, OptionError, message
from ._adjacency import Adjacency
from ._block import Block
from ._by_type import edge_type_of
from ._graph import Graph
from ._naming import EdgeType, quoted


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


def edges_of(where: str, graph: Graph | Adjacency | Block, edge_type: str | EdgeType | None) -> Adjacency:
    """The structure of the edge type that is named, or of the only one.

    Raises:
        FeatureError: if there is no such type, or several and none was named.
        OptionError: if a type was named where there are none.
        DtypeError: if it is no graph.
    """
    if isinstance(graph, Graph):
        return graph.edge_sets[edge_type_of(where, graph, edge_type)].adjacency
    if edge_type is not None:
        got = f"{type(graph).__name__} and {quoted(edge_type)}"
        raise OptionError(message(where, "`edge_type` with a Graph alone", got, "pass block.adjacencies[edge_type]"))
    return adjacency_of(graph)


def ends_of(adjacency: Adjacency) -> tuple[Tensor, Tensor]:
    """Sources and targets in one dtype: as they were given, or if that is two, in the dtype of the structures."""
    source, target = adjacency.source, adjacency.target
    if source.dtype is target.dtype:
        return source, target
    return adjacency._ends()
