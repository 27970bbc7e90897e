"""The nearest neighbours of points, exactly, in clouds of a batch."""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import OptionError, message
from .._checks import check_rising, expect
from .._operator import operator
from .._registry import others
from .._segments import pointers_of
from .._structure import Structure
from ._neighbors import (
    Neighbors,
    check_pointers,
    check_search,
    cloud_pointers,
    is_available,
    pair_distances,
    query_pointers,
)


def knn(
    x: Tensor,
    k: int,
    y: Tensor | None = None,
    *,
    indptr: Tensor | None = None,
    y_indptr: Tensor | None = None,
    loop: bool = False,
) -> Neighbors:
    """Find the k nearest points of every query.

    `squared_distance = sum over d of (x[source, d] - y[target, d])^2`

    *Shapes* `x: (num_points, dims)`; `y: (num_queries, dims)`, without it the points are the queries; `indptr, y_indptr:
    (num_clouds + 1,)`, int64: cloud c is rows `indptr[c]` to `indptr[c + 1]`, and its queries look at no other ->
    `Neighbors` with `min(k, size of the cloud)` edges for each query.

    Args:
        loop: without `y`, whether a point is its own neighbour; copies of a point elsewhere are neighbours anyhow.

    Raises:
        ShapeError, DtypeError, DeviceError, OptionError: if arguments do not fit each other.
        StructureError: if pointers do not run from 0 to the number of rows in rising steps.

    The answer is exact: distances are sums of squared differences, in float64 or float32 and in the order of the dimensions,
    and of equal ones the lowest row comes first. A distance that is not finite (a coordinate is NaN or infinite, or the square
    overflows) comes after all others, by row.

    *Cost* up to 8 dimensions a k-d tree: O(N log N) to build, about O(k + log N) a query; above, every point meets every query.
    Never more than O(N) memory beyond the result. Backward makes no tensor of edges x dims.

    >>> import torch
    >>> knn(torch.tensor([[0.0], [1.0], [3.0], [7.0]]), 2, torch.tensor([[2.5]])).source
    tensor([2, 1])
    """
    if k < 0:
        raise OptionError(message("knn", "`k` of at least 0", str(k)))
    query_indptr, is_one = query_pointers(x, y, indptr, y_indptr, loop), indptr is None
    indptr = cloud_pointers(x, indptr)
    check_search("knn", x, y, indptr, query_indptr, math.inf)
    queries = (x if y is None else y).shape[0]
    check_rising("knn", "indptr", indptr, x.shape[0])
    check_rising("knn", "indptr" if y is None else "y_indptr", query_indptr, queries)
    most = (indptr.diff() - int(y is None and not loop)).clamp(0, k)
    rows = torch.zeros(queries + 1, dtype=torch.int64, device=x.device)
    torch.cumsum(most.repeat_interleave(query_indptr.diff(), output_size=queries), 0, out=rows[1:])
    # Of one cloud the shapes tell how many there are, so that a compiler need not look at values.
    total = queries * min(k, max(0, x.shape[0] - int(y is None and not loop))) if is_one else int(rows[-1])
    squared_distance, source = nearest_points(x, y, indptr, query_indptr, rows, total, math.inf, loop)
    return Neighbors(rows, source, squared_distance)


@operator
def nearest_points(
    x: Tensor,
    queries: Tensor | None,
    indptr: Tensor,
    query_indptr: Tensor,
    row_indptr: Tensor,
    total: int,
    limit: float,
    loop: bool,
) -> tuple[Tensor, Tensor]:
    """Find as many nearest points of every query as its row has places.

    *Shapes* `x: (num_points, dims)`; `queries: (num_queries, dims)`, or None if the points are the queries; `indptr,
    query_indptr: (num_clouds + 1,)`; `row_indptr: (num_queries + 1,)`, int64, up to `total` -> the squared distances,
    `(total,)`, and the points at them, `(total,)`, int64.

    Args:
        limit: a squared distance beyond which no row reaches; it narrows the search.

    Raises:
        ShapeError, DtypeError, DeviceError, OptionError: if arguments do not fit each other.
        StructureError: if pointers contradict themselves, or a row has more places than there are points.
    """
    distance = pair_distances(x, queries)
    available = is_available(x, queries, indptr, query_indptr, loop)
    ranked = distance.where(distance.isfinite(), math.inf)
    order = ranked.argsort(dim=1, stable=True)
    order = order.gather(1, (~available).expand_as(order).gather(1, order).to(torch.uint8).argsort(dim=1, stable=True))
    target = Structure(row_indptr, row_indptr.new_empty(total)).targets()
    source = order[target, torch.arange(total, device=x.device) - row_indptr[target]]
    return distance[target, source].to(x.dtype), source


@nearest_points.outputs
def _(
    x: Tensor, queries: Tensor | None, indptr: Tensor, query_indptr: Tensor, row_indptr: Tensor, total: int, limit: float,
    loop: bool,
) -> tuple[Any, tuple[int, ...]]:  # fmt: skip
    name = "nearest_points"
    points, count, clouds, dims, bits, itself = check_search(name, x, queries, indptr, query_indptr, limit)
    check_pointers(name, "row_indptr", row_indptr)
    if isinstance(total, int) and total < 0:
        raise OptionError(message(name, "`total` of at least 0", str(total)))
    expect(
        row_indptr.shape[0] == count + 1,
        lambda: message(name, f"`row_indptr` of shape ({count + 1},)", str(tuple(row_indptr.shape))),
    )
    made = (x.new_empty(total), row_indptr.new_empty(total))
    return made, (points, count, clouds, dims, total, bits, itself, int(loop))


nearest_points.native(
    "nearest_points",
    passes="x queries indptr query_indptr row_indptr squared_distance source",
    dims="num_points num_queries num_clouds dims total limit itself loop",
    value="x",
    ids="indptr",
)


@nearest_points.backward(
    of="x queries", saves={"x": "", "queries": "", "source": ""}, outputs="squared_distance source"
)
def _(
    grad: tuple[Tensor, Tensor | None], needs: dict[str, bool], x: Tensor, queries: Tensor | None, row_indptr: Tensor,
    source: Tensor,
) -> tuple[Tensor | None, Tensor | None]:  # fmt: skip
    if not source.shape[0]:
        return torch.zeros_like(x), None if queries is None else torch.zeros_like(queries)
    exact, width = torch.promote_types(x.dtype, torch.float32), int(x.shape[1])
    points, weight = x.to(exact), 2 * grad[0].to(exact).unsqueeze(1)
    at = points if queries is None else queries.to(exact)
    # Sums of weighted differences, edge by edge: neither a tensor of edges x dims nor the cancellation of two large sums.
    pull = f"source:{width} target:{width} edge:1 | sub 1 0; expand 2 1 {width} 1; mul 3 4 | sum 5"
    back = Structure(*others.csr_to_csc(row_indptr, source, x.shape[0]))
    forth = Structure(row_indptr, source, None, back)
    to_x = others.pass_messages(forth.reversed(), pull, at, points, weight)[0] if needs["x"] else None
    to_queries = others.pass_messages(forth, pull, points, at, weight)[0]
    if queries is not None:
        return None if to_x is None else to_x.to(x.dtype), to_queries.to(x.dtype) if needs["queries"] else None
    assert to_x is not None, "without queries only x can need a gradient"
    return (to_x + to_queries).to(x.dtype), None


nearest_points.tolerance(1e-5, 1e-12, 2e-2, 2e-3)
nearest_points.autocast = "none"
nearest_points.triton()


@nearest_points.samples
def _() -> Iterator[tuple[Any, ...]]:
    for dims, sizes, counts, k, loop, levels in (
        (3, (9, 0, 1, 14), None, 4, False, 127),
        (2, (60, 150), None, 3, True, 4),
        (3, (40, 3), (5, 2), 7, False, 127),
        (1, (430,), (4,), 5, False, 4),
        (5, (80, 4), None, 3, False, 4),
        (12, (21, 2), None, 3, False, 127),
        (17, (19, 8), (5, 0), 8, False, 4),
        (3, (0, 3), (0, 2), 0, False, 127),
        (3, (0,), None, 2, False, 127),
        (2, (300,), None, 3, False, 4),
    ):
        yield sample_search(dims, sizes, counts, k, loop, levels)


def sample_search(
    dims: int, sizes: tuple[int, ...], counts: tuple[int, ...] | None, k: int, loop: bool, levels: int
) -> tuple[Any, ...]:
    """Points of a lattice, whose distances every dtype holds exactly; of a coarse one many are equal or equally far."""
    generator = torch.Generator().manual_seed(dims)

    def points(count: int) -> Tensor:
        return torch.randint(-levels, levels + 1, (count, dims), generator=generator).double() / 64

    indptr = torch.tensor([0, *sizes]).cumsum(0)
    x, queries, query_indptr = points(sum(sizes)), None, indptr
    if counts is not None:
        queries, query_indptr = points(sum(counts)), torch.tensor([0, *counts]).cumsum(0)
    most = (indptr.diff() - int(counts is None and not loop)).clamp(0, k)
    per_query = most.repeat_interleave(query_indptr.diff())
    rows = pointers_of(per_query)
    return x, queries, indptr, query_indptr, rows, int(rows[-1]), math.inf, loop
