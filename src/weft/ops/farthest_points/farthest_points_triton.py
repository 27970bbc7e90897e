"""Farthest point sampling on a GPU: one program for each cloud, which goes through all its points for each that it chooses.

Clouds run side by side, and one cloud does not: where there is one large cloud, its tree on the CPU is faster.
"""

from collections.abc import Sequence

import triton
import triton.language as tl
from torch import Tensor

from .._triton.faults import faults_of
from .._triton.launching import accumulator, dtype_of
from .._triton.walking import NOWHERE, kernel, row_bounds
from ..knn._distances_triton import is_finite, squared_distances

_POINTS = 1024


def launch(
    made: Sequence[Tensor | None], dims: Sequence[int], x: Tensor, indptr: Tensor, chosen_indptr: Tensor,
    start: Tensor | None, total: int,
) -> None:  # fmt: skip
    """Fill the chosen rows; the distances of all points to those chosen so far lie in a tensor of their own."""
    clouds = indptr.shape[0] - 1
    if clouds == 0 or total == 0:
        return
    distance = x.new_empty(x.shape[0], dtype=accumulator(x.dtype))
    _choose[(clouds,)](
        x, indptr, chosen_indptr, start, distance, made[0], faults_of("choose_farthest", x.device), x.shape[0], total,
        x.shape[1], POINTS=_POINTS, ACC=dtype_of(accumulator(x.dtype)),
    )  # fmt: skip


@kernel
def _choose(
    x, indptr, chosen_indptr, start, distance, out, faults, num_points, total, dims, POINTS: tl.constexpr,
    ACC: tl.constexpr,
):  # fmt: skip
    cloud = tl.program_id(0).to(tl.int64)
    lo, hi = row_bounds(indptr, cloud, num_points, faults)
    begin, end = row_bounds(chosen_indptr, cloud, total, faults)
    tl.store(faults + 1, 1, mask=end - begin > hi - lo)
    chosen = lo
    if start is not None:
        first = tl.load(start + cloud)
        fits = (first >= 0) & (first < hi - lo)
        tl.store(faults, 1, mask=(end > begin) & (fits == 0))
        chosen = lo + tl.where(fits, first, 0)
    for place in range(begin, tl.minimum(end, begin + hi - lo)):
        tl.store(out + place, chosen)
        far = tl.full((), float("-inf"), ACC)
        farthest = tl.full((), NOWHERE, tl.int64)
        for block in range(lo, hi, POINTS):
            p = block + tl.arange(0, POINTS).to(tl.int64)
            there = p < hi
            to_row = squared_distances(x, x, p, chosen, there, dims, POINTS, ACC)
            if place == begin:
                known = tl.where(_is_whole(x, p, there, dims, POINTS), tl.full((POINTS,), float("inf"), ACC), -1.0)
            else:
                known = tl.load(distance + p, mask=there, other=float("-inf"))
            known = tl.where((known >= 0) & (to_row < known), to_row, known)
            known = tl.where(there & (p != chosen), known, float("-inf"))
            tl.store(distance + p, known, mask=there)
            best = tl.max(known, 0)
            at = tl.min(tl.where(there & (known == best), p, NOWHERE), 0)
            farthest = tl.where(best > far, at, farthest)
            far = tl.maximum(best, far)
        chosen = tl.where(farthest == NOWHERE, lo, farthest)


@triton.jit
def _is_whole(x, p, there, dims, POINTS: tl.constexpr):
    """Whether every coordinate of a point is finite."""
    whole = there
    for d in range(dims):
        whole = whole & is_finite(tl.load(x + p * dims + d, mask=there, other=0.0))
    return whole
