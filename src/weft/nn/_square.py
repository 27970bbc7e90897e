"""Graphs whose sources and targets are the same nodes, for layers of several hops or of both directions."""

from torch import Tensor

from ..errors import ShapeError, message
from ..graph import Adjacency
from ._arguments import Edges, Features, resolve_sources, width_of


def resolve_square(where: str, graph: Edges, x: Features, width: int | None = None) -> tuple[Adjacency, Tensor]:
    """Adjacency and features, for layers of several hops, whose targets send in the next one.

    Raises:
        ShapeError: if the features do not fit, or sources and targets are not the same nodes.
    """
    if isinstance(x, tuple):
        raise ShapeError(message(where, "one tensor of features", "a pair", "sources and targets are the same nodes"))
    width = width_of(x) if width is None else width
    adjacency, x = resolve_sources(where, graph, x, width)
    if adjacency.num_sources != adjacency.num_targets:
        got = f"{adjacency.num_sources} sources and {adjacency.num_targets} targets"
        hint = "it sends over the same edges again and again; on blocks stack layers of one hop"
        raise ShapeError(message(where, "a graph whose targets are its sources", got, hint))
    return adjacency, x
