"""The nearest points on a GPU: one program for each query goes through its cloud and keeps a list of the best.

A block of points is left as soon as its nearest is no nearer than the last of the list, which after the first blocks is most
of them. Every point meets every query: there is no tree on a GPU.
"""

from collections.abc import Sequence

import triton
import triton.language as tl
from torch import Tensor

from .._triton.faults import faults_of
from .._triton.launching import accumulator, block_of, dtype_of
from .._triton.walking import NOWHERE, kernel, row_bounds
from ._distances_triton import cloud_of, is_finite, squared_distances

_POINTS = 256


def launch(
    made: Sequence[Tensor | None], dims: Sequence[int], x: Tensor, queries: Tensor | None, indptr: Tensor,
    query_indptr: Tensor, row_indptr: Tensor, total: int, limit: float, loop: bool,
) -> None:  # fmt: skip
    """Fill `squared_distance` and `source`."""
    count = row_indptr.shape[0] - 1
    if count == 0 or total == 0:
        return
    most = int(row_indptr.diff().max())  # the one number that is read back: how long the lists are
    at, clouds = x if queries is None else queries, indptr.shape[0] - 1
    _nearest[(count,)](
        x, at, indptr, query_indptr, row_indptr, *made, faults_of("nearest_points", x.device), x.shape[0], count, clouds,
        x.shape[1], total, EXCEPT_ITSELF=queries is None and not loop, PLACES=block_of(most, 1 << 30), POINTS=_POINTS,
        ACC=dtype_of(accumulator(x.dtype)),
    )  # fmt: skip


@triton.jit
def _last_of(distance, point, kept):
    """The distance and the row of the last of a list, by distance and then by row; nothing comes before those of an empty one."""
    far = tl.max(tl.where(kept, distance, float("-inf")), 0)
    row = tl.max(tl.where(kept & (distance == far), point, -1), 0)
    return far, row


@kernel
def _nearest(
    x, at, indptr, query_indptr, row_indptr, squared_distance, source, faults, num_points, num_queries, num_clouds, dims,
    total, EXCEPT_ITSELF: tl.constexpr, PLACES: tl.constexpr, POINTS: tl.constexpr, ACC: tl.constexpr,
):  # fmt: skip
    q = tl.program_id(0).to(tl.int64)
    lo, hi = cloud_of(indptr, query_indptr, q, num_clouds, num_points, num_queries, faults)
    begin, end = row_bounds(row_indptr, q, total, faults)
    available = hi - lo
    if EXCEPT_ITSELF:
        available -= ((lo <= q) & (q < hi)).to(tl.int64)
    tl.store(faults + 1, 1, mask=end - begin > available)
    wanted = tl.minimum(end - begin, available)
    places = tl.arange(0, PLACES)
    kept = places < wanted
    distance = tl.full((PLACES,), float("inf"), ACC)
    point = tl.full((PLACES,), NOWHERE, tl.int64)  # after every point
    far, row = _last_of(distance, point, kept)
    for block in range(lo, hi, POINTS):
        p = block + tl.arange(0, POINTS).to(tl.int64)
        there = p < hi
        if EXCEPT_ITSELF:
            there = there & (p != q)
        away = squared_distances(x, at, p, q, there, dims, POINTS, ACC)
        away = tl.where(is_finite(away), away, float("inf"))
        there = there & ((away < far) | ((away == far) & (p < row)))
        while tl.max(there.to(tl.int32), 0) > 0:
            near = tl.min(tl.where(there, away, float("inf")), 0)
            first = tl.min(tl.where(there & (away == near), p, NOWHERE), 0)
            out = tl.min(tl.where(kept & (distance == far) & (point == row), places, PLACES), 0)
            distance = tl.where(places == out, near, distance)
            point = tl.where(places == out, first, point)
            far, row = _last_of(distance, point, kept)
            there = there & (p != first) & ((away < far) | ((away == far) & (p < row)))
    for place in range(wanted):
        near = tl.min(tl.where(kept, distance, float("inf")), 0)
        first = tl.min(tl.where(kept & (distance == near), point, NOWHERE), 0)
        kept = kept & (point != first)
        tl.store(source + begin + place, first)
        one = first + tl.zeros((1,), tl.int64)
        tl.store(
            squared_distance + begin + place + tl.zeros_like(one),
            squared_distances(x, at, one, q, one >= 0, dims, 1, ACC),
        )
