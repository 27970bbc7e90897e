"""Points that layers take: positions or normals of both ends, optional features, and clouds of a batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from ..errors import ShapeError, message
from ..graph import Adjacency, adjacency_of
from ..ops import knn
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


class Clouds(NamedTuple):
    """Points in clouds, those that ask for neighbours among them if they are others, and the pointers of both."""

    points: Tensor
    queries: Tensor | None
    indptr: Tensor | None
    query_indptr: Tensor | None

    @property
    def asking(self) -> Tensor:
        """Who asks for neighbours."""
        return self.points if self.queries is None else self.queries

    def apply(self, function: Callable[[Tensor], Tensor]) -> Clouds:
        """Other coordinates of the same points."""
        queries = None if self.queries is None else function(self.queries)
        return self._replace(points=function(self.points), queries=queries)

    def detach(self) -> Clouds:
        """The same points without gradients."""
        return self.apply(Tensor.detach)


class Nearest(NamedTuple):
    """Edges from the points found to those that ask, nearest first, and how far they reach."""

    adjacency: Adjacency
    squared_distance: Tensor


def clouds_of(where: str, x: Features, indptr: Features | None) -> Clouds:
    """What a layer that searches for neighbours is given.

    Raises:
        ShapeError: if points or pointers are a pair and the other is not, or points are no matrices of one width.
    """
    if indptr is not None and isinstance(x, tuple) != isinstance(indptr, tuple):
        kinds = ("a pair", "one tensor") if isinstance(x, tuple) else ("one tensor", "a pair")
        raise ShapeError(message(where, f"`indptr` to be {kinds[0]}, as points are", kinds[1]))
    points, queries = x if isinstance(x, tuple) else (x, None)
    first, second = indptr if isinstance(indptr, tuple) else (indptr, None)
    if points.dim() != 2 or (queries is not None and queries.shape[1:] != points.shape[1:]):
        got = f"{tuple(points.shape)}" + ("" if queries is None else f" and {tuple(queries.shape)}")
        raise ShapeError(message(where, "points (num_points, width), of one width", got))
    return Clouds(points, queries, first, second)


def neighbours_of(clouds: Clouds, k: int) -> Nearest:
    """The k nearest points of each that asks, itself among them."""
    points, queries, indptr, query_indptr = clouds
    found = knn(points, k, queries, indptr=indptr, y_indptr=query_indptr, loop=queries is None)
    counts = {"num_sources": points.shape[0], "num_targets": clouds.asking.shape[0]}
    return Nearest(Adjacency(found.source, found.target, **counts), found.squared_distance)
