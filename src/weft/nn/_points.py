"""Points that layers take: positions or normals of both ends, optional features, and clouds of a batch."""

from torch import Tensor

from ..errors import ShapeError, message
from ..graph import Adjacency, adjacency_of
from ._arguments import Edges, Features, resolve_ends, resolve_sources


def resolve_points(
    where: str, graph: Edges, name: str, points: Features, dims: int | None = None
) -> tuple[Adjacency, Tensor, Tensor]:
    """Adjacency, and the points of sources and of targets, all of one dimension.

    Raises:
        ShapeError: if they are no matrix with a row for each node, or not of `dims` dimensions, if these are told.
    """
    first = points[0] if isinstance(points, tuple) else points
    if first.dim() != 2:
        raise ShapeError(message(where, f"`{name}` (num_nodes, {dims or 'dims'})", str(tuple(first.shape))))
    width = first.shape[1] if dims is None else dims
    return resolve_ends(where, graph, points, (width, width), name)


def resolve_optional_sources(where: str, graph: Edges, x: Features | None) -> Tensor | None:
    """Features of the sources, if there are any.

    Raises:
        ShapeError: if they are no matrix with a row for each source.
    """
    x_source = x[0] if isinstance(x, tuple) else x
    if x_source is None:
        return None
    if x_source.dim() != 2:
        count = adjacency_of(graph).num_sources
        raise ShapeError(message(where, f"`x` of shape ({count}, in_features)", str(tuple(x_source.shape))))
    return resolve_sources(where, graph, x_source, x_source.shape[1])[1]


def clouds_of(
    where: str, x: Features, indptr: Features | None
) -> tuple[Tensor, Tensor | None, Tensor | None, Tensor | None]:
    """Points, queries if they are others, and the pointers of both.

    Raises:
        ShapeError: if points or pointers are a pair, and the other is not.
    """
    if isinstance(x, tuple):
        if indptr is not None and not isinstance(indptr, tuple):
            raise ShapeError(message(where, "`indptr` to be a pair, as `x` is", "one tensor"))
        return x[0], x[1], None if indptr is None else indptr[0], None if indptr is None else indptr[1]
    if isinstance(indptr, tuple):
        raise ShapeError(message(where, "`indptr` to be one tensor, as `x` is", "a pair"))
    return x, None, indptr, None
