"""How many points lie within a distance of every query, on a GPU: one program for each query goes through its cloud."""

from collections.abc import Sequence

import torch
import triton.language as tl
from torch import Tensor

from .._triton.faults import faults_of
from .._triton.launching import accumulator, dtype_of
from .._triton.walking import kernel
from ..knn._distances_triton import cloud_of, is_finite, squared_distances

_POINTS = 256


def launch(
    made: Sequence[Tensor | None], dims: Sequence[int], x: Tensor, queries: Tensor | None, indptr: Tensor,
    query_indptr: Tensor, limit: float, most: int, loop: bool,
) -> None:  # fmt: skip
    """Fill the pointers, sums of what the kernel counts."""
    out = made[0]
    count, at = out.shape[0] - 1, x if queries is None else queries
    counts = torch.zeros_like(out[1:])
    exact_limit = torch.tensor([limit], dtype=torch.float64, device=x.device)  # a number would arrive in float32
    if count:
        _count[(count,)](
            x, at, indptr, query_indptr, exact_limit, counts, faults_of("count_within", x.device), x.shape[0], count,
            indptr.shape[0] - 1, x.shape[1], most, EXCEPT_ITSELF=queries is None and not loop, POINTS=_POINTS,
            ACC=dtype_of(accumulator(x.dtype)),
        )  # fmt: skip
    out[0] = 0
    out[1:] = counts.cumsum(0)


@kernel
def _count(
    x, at, indptr, query_indptr, limit, counts, faults, num_points, num_queries, num_clouds, dims, most,
    EXCEPT_ITSELF: tl.constexpr, POINTS: tl.constexpr, ACC: tl.constexpr,
):  # fmt: skip
    q = tl.program_id(0).to(tl.int64)
    lo, hi = cloud_of(indptr, query_indptr, q, num_clouds, num_points, num_queries, faults)
    within = tl.zeros((), tl.int64)
    furthest = tl.load(limit)
    for block in range(lo, hi, POINTS):
        p = block + tl.arange(0, POINTS).to(tl.int64)
        there = p < hi
        if EXCEPT_ITSELF:
            there = there & (p != q)
        away = squared_distances(x, at, p, q, there, dims, POINTS, ACC)
        within += tl.sum((there & is_finite(away) & (away.to(tl.float64) <= furthest)).to(tl.int64), 0)
    tl.store(counts + q, tl.minimum(within, most))
