"""What searches for neighbours return, and what they ask of points and pointers."""

import struct
from typing import NamedTuple

import torch
from torch import Tensor

from ...errors import DtypeError, OptionError, ShapeError, StructureError, message
from .._checks import check_same_dtype, expect
from .._structure import Structure


class Neighbors(NamedTuple):
    """Neighbours by query: row i lists the points near query i, nearest first.

    As edges they run from the points found (sources) to the queries (targets), and are already compressed by target.

    *Shapes* `indptr: (num_queries + 1,)`, int64; `source: (num_edges,)`, int64, rows of the points;
    `squared_distance: (num_edges,)`, in the dtype of the points and differentiable.

    >>> import torch
    >>> from weft.ops import knn
    >>> found = knn(torch.tensor([[0.0], [1.0], [3.0]]), 1)
    >>> found.source.tolist(), found.target.tolist(), found.squared_distance.tolist()
    ([1, 0, 1], [0, 1, 2], [1.0, 1.0, 4.0])
    """

    indptr: Tensor
    source: Tensor
    squared_distance: Tensor

    @property
    def target(self) -> Tensor:
        """Query of each edge, (num_edges,), int64, rising."""
        return self.rows.targets()

    @property
    def rows(self) -> Structure:
        """The edges as operators read them; without the transpose, which a gradient to source features needs."""
        return Structure(self.indptr, self.source)


def cloud_pointers(x: Tensor, indptr: Tensor | None) -> Tensor:
    """Pointers of the clouds in `x`: those given, or of one cloud."""
    return torch.tensor([0, x.shape[0]], device=x.device) if indptr is None else indptr


def query_pointers(x: Tensor, y: Tensor | None, indptr: Tensor | None, y_indptr: Tensor | None, loop: bool) -> Tensor:
    """Pointers of the queries in each cloud.

    Raises:
        OptionError: if options for the one kind of query come with the other.
    """
    if y is None:
        if y_indptr is not None:
            raise OptionError("expected `y_indptr` only beside `y`, got it alone; hint: `indptr` is for the points")
        return cloud_pointers(x, indptr)
    if loop:
        raise OptionError("expected `loop` only without `y`, got both; hint: queries of their own exclude no point")
    if (indptr is None) != (y_indptr is None):
        raise OptionError("expected `indptr` and `y_indptr` together, got one of them")
    return cloud_pointers(y, y_indptr)


def check_points(name: str, x: Tensor, indptr: Tensor) -> None:
    """Refuse what is no cloud of points with its pointers."""
    if not x.dtype.is_floating_point:
        raise DtypeError(message(name, "`x` of a floating dtype", str(x.dtype)))
    if x.dim() != 2 or (isinstance(x.shape[1], int) and x.shape[1] == 0):
        raise ShapeError(message(name, "`x` (num_points, dims) with at least one dimension", str(tuple(x.shape))))
    check_pointers(name, "indptr", indptr)


def check_pointers(name: str, argument: str, indptr: Tensor) -> None:
    """Refuse what cannot be pointers."""
    if indptr.dtype is not torch.int64:
        raise DtypeError(message(name, f"int64 `{argument}`", str(indptr.dtype)))
    if indptr.dim() != 1 or indptr.shape[0] == 0:
        raise StructureError(message(name, f"`{argument}` of shape (count + 1,)", str(tuple(indptr.shape))))


def check_search(
    name: str, x: Tensor, queries: Tensor | None, indptr: Tensor, query_indptr: Tensor, limit: float
) -> tuple[int, ...]:
    """Refuse points, queries and pointers that do not fit each other.

    Returns:
        What both searches pass as dims: points, queries, clouds, dimensions, bits of `limit`, whether points are queries.
    """
    check_points(name, x, indptr)
    check_pointers(name, "query_indptr", query_indptr)
    expect(
        indptr.shape[0] == query_indptr.shape[0],
        lambda: message(name, "as many clouds of queries as of points", f"{query_indptr.shape[0]}, {indptr.shape[0]}"),
    )
    if queries is not None:
        check_same_dtype(name, x=x, queries=queries)
        expect(
            queries.dim() == 2 and queries.shape[1] == x.shape[1],
            lambda: message(name, f"`queries` (num_queries, {x.shape[1]})", str(tuple(queries.shape))),
        )
    if not limit >= 0:
        raise OptionError(message(name, "a distance of at least 0", repr(limit)))
    bits = struct.unpack("q", struct.pack("d", float(limit)))[0]
    count = (x if queries is None else queries).shape[0]
    return x.shape[0], count, indptr.shape[0] - 1, x.shape[1], bits, int(queries is None)


def pair_distances(x: Tensor, queries: Tensor | None) -> Tensor:
    """Squared distances of all pairs for references, (num_queries, num_points), at least in float32."""
    exact = x.to(torch.promote_types(x.dtype, torch.float32))
    at = exact if queries is None else queries.to(exact.dtype)
    difference = at.unsqueeze(1) - exact
    return (difference * difference).sum(-1)


def is_available(x: Tensor, queries: Tensor | None, indptr: Tensor, query_indptr: Tensor, loop: bool) -> Tensor:
    """Which points each query may have as neighbours, (num_queries, num_points): those of its cloud, itself excluded."""
    point = torch.arange(x.shape[0], device=x.device)
    query = point if queries is None else torch.arange(queries.shape[0], device=x.device)
    cloud = torch.searchsorted(indptr[1:], point, right=True)
    available = torch.searchsorted(query_indptr[1:], query, right=True).unsqueeze(1) == cloud
    return available if loop or queries is not None else available & (query.unsqueeze(1) != point)
