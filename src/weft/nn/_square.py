"""Graphs whose sources and targets are the same nodes, for layers of several hops or of both directions."""

from torch import Tensor

from ..errors import ShapeError, message
from ..graph import Adjacency
from ._arguments import Edges, resolve_sources


def resolve_square_graph(where: str, graph: Edges, x: Tensor, width: int) -> tuple[Adjacency, Tensor]:
    """Adjacency and features of the nodes of a square graph.

    Raises:
        ShapeError: if sources and targets are not the same nodes, or the features do not fit.
    """
    if isinstance(x, tuple):
        raise ShapeError(message(where, "one tensor of features", "a pair", "sources and targets are the same nodes"))
    adjacency, x = resolve_sources(where, graph, x, width)
    if adjacency.num_sources != adjacency.num_targets:
        got = f"{adjacency.num_sources} sources and {adjacency.num_targets} targets"
        raise ShapeError(message(where, "a graph whose targets are its sources", got))
    return adjacency, x
