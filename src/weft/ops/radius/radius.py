"""The neighbours of points within a distance, in clouds of a batch: counted first, then listed by the search of knn."""

import math
from collections.abc import Iterator
from typing import Any

from torch import Tensor

from ...errors import OptionError, message
from .._checks import check_rising
from .._operator import operator
from .._segments import pointers_of
from ..knn._neighbors import (
    Neighbors,
    check_search,
    cloud_pointers,
    is_available,
    pair_distances,
    query_pointers,
)
from ..knn.knn import nearest_points, sample_search

NO_LIMIT = 2**63 - 1  # neighbours


def radius(
    x: Tensor,
    r: float,
    y: Tensor | None = None,
    *,
    indptr: Tensor | None = None,
    y_indptr: Tensor | None = None,
    loop: bool = False,
    max_neighbors: int | None = None,
) -> Neighbors:
    """Find all points within a distance of every query.

    `squared_distance = sum over d of (x[source, d] - y[target, d])^2 <= r^2`

    *Shapes* `x: (num_points, dims)`; `y: (num_queries, dims)`, without it the points are the queries; `indptr, y_indptr:
    (num_clouds + 1,)`, int64: cloud c is rows `indptr[c]` to `indptr[c + 1]`, and its queries look at no other ->
    `Neighbors`, nearest first, of equal distances the lowest row first.

    Args:
        r: the distance, itself included.
        loop: without `y`, whether a point is its own neighbour.
        max_neighbors: keep only so many, the nearest.

    Raises:
        ShapeError, DtypeError, DeviceError, OptionError: if arguments do not fit each other.
        StructureError: if pointers do not run from 0 to the number of rows in rising steps.

    The answer is exact; distances are those of `knn`. One that is not finite is within no `r`, not even an infinite one.

    *Cost* two searches, one that counts and one that lists, each as in `knn`; a row of n neighbours is sorted in O(n log n).

    >>> import torch
    >>> radius(torch.tensor([[0.0], [1.0], [3.0], [7.0]]), 2.0).source.tolist()
    [1, 0, 2, 1]
    """
    if not r >= 0:
        raise OptionError(message("radius", "`r` of at least 0", repr(r)))
    if max_neighbors is not None and max_neighbors < 0:
        raise OptionError(message("radius", "`max_neighbors` of at least 0, or None", str(max_neighbors)))
    query_indptr = query_pointers(x, y, indptr, y_indptr, loop)
    indptr = cloud_pointers(x, indptr)
    check_search("radius", x, y, indptr, query_indptr, r * r)
    check_rising("radius", "indptr", indptr, x.shape[0])
    check_rising("radius", "indptr" if y is None else "y_indptr", query_indptr, (x if y is None else y).shape[0])
    most = NO_LIMIT if max_neighbors is None else max_neighbors
    rows = count_within(x, y, indptr, query_indptr, r * r, most, loop)
    squared_distance, source = nearest_points(x, y, indptr, query_indptr, rows, int(rows[-1]), r * r, loop)
    return Neighbors(rows, source, squared_distance)


@operator
def count_within(
    x: Tensor, queries: Tensor | None, indptr: Tensor, query_indptr: Tensor, limit: float, most: int, loop: bool
) -> Tensor:
    """Count the points within a squared distance of every query, up to `most`, as pointers.

    *Shapes* `x: (num_points, dims)`; `queries: (num_queries, dims)`, or None if the points are the queries; `indptr,
    query_indptr: (num_clouds + 1,)` -> `(num_queries + 1,)`, int64: the counts of the queries before each.

    Raises:
        ShapeError, DtypeError, DeviceError, OptionError: if arguments do not fit each other.
        StructureError: if pointers contradict themselves.
    """
    distance = pair_distances(x, queries)
    within = is_available(x, queries, indptr, query_indptr, loop) & (distance.double() <= limit) & distance.isfinite()
    counts = within.sum(1).clamp(max=most)
    return pointers_of(counts)


@count_within.outputs
def _(
    x: Tensor, queries: Tensor | None, indptr: Tensor, query_indptr: Tensor, limit: float, most: int, loop: bool
) -> tuple[Tensor, tuple[int, ...]]:
    name = "count_within"
    points, count, clouds, dims, bits, itself = check_search(name, x, queries, indptr, query_indptr, limit)
    if isinstance(most, int) and most < 0:
        raise OptionError(message(name, "`most` of at least 0", str(most)))
    return indptr.new_empty(count + 1), (points, count, clouds, dims, bits, most, itself, int(loop))


count_within.native(
    "count_within",
    passes="x queries indptr query_indptr out",
    dims="num_points num_queries num_clouds dims limit most itself loop",
    value="x",
    ids="indptr",
)
count_within.tolerance(0, 0, 0, 0)
count_within.autocast = "none"
count_within.triton()


@count_within.samples
def _() -> Iterator[tuple[Any, ...]]:
    for dims, sizes, counts, loop, limit, most in (
        (3, (9, 0, 1, 14), None, False, 4 / 1024, NO_LIMIT),
        (2, (6, 5), None, True, 0.0, NO_LIMIT),
        (3, (40, 3), (5, 2), False, 6 / 1024, 5),
        (5, (25, 4), None, False, 12 / 1024, NO_LIMIT),
        (12, (21, 2), None, False, 30 / 1024, 3),
        (3, (0, 3), (0, 2), False, math.inf, NO_LIMIT),
        (2, (300,), None, False, 1 / 1024, NO_LIMIT),
    ):
        x, queries, indptr, query_indptr, *_ = sample_search(dims, sizes, counts, 0, loop, levels=4)
        yield x, queries, indptr, query_indptr, limit, most, loop
