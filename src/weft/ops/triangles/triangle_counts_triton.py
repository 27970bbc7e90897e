"""Triangles on a GPU: a program takes a block of edges, and looks for the neighbours of one end among those of the other.

Memory: neighbours sorted, 8 bytes each. Integers add up to the same in any order.
"""

from collections.abc import Sequence

import triton
import triton.language as tl
from torch import Tensor

from .._checks import checked_ids
from .._compressed import rows_of
from .._triton.searching import holds
from .._triton.walking import kernel, search_steps

_EDGES = 128


def launch(made: Sequence[Tensor | None], dims: Sequence[int], indptr: Tensor, neighbor: Tensor) -> None:
    """Fill `out`."""
    num_nodes, num_edges = dims
    out = made[0]
    assert out is not None, "the output is asked for"
    neighbors = checked_ids("triangle_counts", "neighbor", neighbor, num_nodes, "nodes")
    row = rows_of(indptr, neighbors)
    out.zero_()
    if num_edges:
        ascending = (row * num_nodes + neighbors).sort().values % num_nodes
        _count[(triton.cdiv(num_edges, _EDGES),)](
            indptr, row, neighbors, ascending, out, num_edges, HALVINGS=search_steps(num_edges), EDGES=_EDGES
        )
        out.floor_divide_(2)


@kernel
def _count(indptr, row, neighbor, ascending, out, num_edges, HALVINGS: tl.constexpr, EDGES: tl.constexpr):
    at = tl.program_id(0).to(tl.int64) * EDGES + tl.arange(0, EDGES)
    first, second = (
        tl.load(row + at, mask=at < num_edges, other=0),
        tl.load(neighbor + at, mask=at < num_edges, other=0),
    )
    there = (at < num_edges) & (first < second)  # each edge once
    lo, hi = tl.load(indptr + first, mask=there, other=0), tl.load(indptr + first + 1, mask=there, other=0)
    other_lo, other_hi = (
        tl.load(indptr + second, mask=there, other=0),
        tl.load(indptr + second + 1, mask=there, other=0),
    )
    is_shorter = hi - lo <= other_hi - other_lo
    begin, end = tl.where(is_shorter, lo, other_lo), tl.where(is_shorter, hi, other_hi)
    search_lo, search_hi = tl.where(is_shorter, other_lo, lo), tl.where(is_shorter, other_hi, hi)
    count = tl.zeros((EDGES,), tl.int64)
    for step in range(tl.max(end - begin, 0)):
        goes_on = there & (begin + step < end)
        node = tl.load(ascending + begin + step, mask=goes_on, other=-1)
        last = tl.where(goes_on, search_hi, search_lo)
        count += holds(ascending, search_lo, last, node, HALVINGS).to(tl.int64)
    tl.atomic_add(out + first, count, mask=there, sem="relaxed")
    tl.atomic_add(out + second, count, mask=there, sem="relaxed")
