"""Distances of one query to points of its cloud, as all searches on a GPU compute them."""

import triton
import triton.language as tl

from .._triton.walking import row_bounds, row_of


@triton.jit
def squared_distances(x, at, point, q, there, dims, BLOCK: tl.constexpr, ACC: tl.constexpr):
    """Sums of squared differences in the order of the dimensions, (BLOCK,)."""
    total = tl.zeros((BLOCK,), ACC)
    for d in range(dims):
        away = tl.load(at + q * dims + d).to(ACC) - tl.load(x + point * dims + d, mask=there, other=0.0).to(ACC)
        total += away * away
    return total


@triton.jit
def is_finite(value):
    """Neither NaN nor infinite."""
    return (value == value) & (tl.abs(value) != float("inf"))


@triton.jit
def cloud_of(indptr, query_indptr, q, num_clouds, num_points, num_queries, faults):
    """Where the points begin and end that a query looks at."""
    cloud = row_of(query_indptr, num_clouds, q)
    row_bounds(query_indptr, cloud, num_queries, faults)
    return row_bounds(indptr, cloud, num_points, faults)
