"""Bilinear forms of both ends of typed edges on a GPU: one program for a tile of edges of one type.

Edges come sorted by type (`typed_edges_triton.py`). Rows of `x` are read once for each block of the columns of the matrix, rows
of `y` once, the matrix of a type once for each tile of its edges, mostly from the second cache level; products with it stay in
registers, and one value for each edge is written, at its id.
"""

from collections.abc import Sequence

import triton.language as tl
from torch import Tensor

from .._structure import Structure
from .._triton.faults import faults_of
from .._triton.launching import accumulator, dtype_of
from .._triton.tiles import block_for, precision_of, tile_of, times_matrix, warps_for
from .._triton.walking import kernel
from .typed_edges_triton import edges_by_type


def launch(
    made: Sequence[Tensor | None], dims: Sequence[int], rows: Structure, x: Tensor, weight: Tensor, y: Tensor,
    edge_type: Tensor,
) -> None:  # fmt: skip
    """Fill `out`."""
    _, sources, edges, types, depth, width = dims
    listed = edges_by_type("relational_sddmm", rows, edge_type, num_types=types, num_sources=sources)
    if edges == 0 or types == 0:
        return
    tile, block = block_for(x.dtype, edges // types, 64), block_for(x.dtype, width, 64)
    terms = block_for(x.dtype, depth, 32 if x.element_size() == 2 else 16)
    _combine[(edges // tile + types,)](
        *listed, x, weight, y, made[0], faults_of("relational_sddmm", x.device), types, edges, depth, width, TILE=tile,
        DEPTH=terms, WIDTH=block, ACC=dtype_of(accumulator(x.dtype)), PRECISION=precision_of(x),
        num_warps=warps_for(tile * block),
    )  # fmt: skip


@kernel
def _combine(
    indptr, source, target, edge, x, weight, y, out, faults, num_types, num_edges, depth, width, TILE: tl.constexpr,
    DEPTH: tl.constexpr, WIDTH: tl.constexpr, ACC: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    number = tl.program_id(0).to(tl.int64)
    kind, begin, end, at = tile_of(indptr, num_types, num_edges, number, TILE, faults)
    p = begin + at * TILE + tl.arange(0, TILE)
    if (at >= 0) & (begin + at * TILE < end):
        there = p < end
        src = tl.load(source + p, mask=there, other=0).to(tl.int64)
        row = tl.load(target + p, mask=there, other=0).to(tl.int64)
        total = tl.zeros((TILE,), ACC)
        for first in range(0, width, WIDTH):
            n = first + tl.arange(0, WIDTH)
            product = tl.zeros((TILE, WIDTH), ACC)
            product = times_matrix(
                x, src, there, weight + kind * depth * width, n, depth, width, product, DEPTH, PRECISION
            )
            mine = there[:, None] & (n < width)[None, :]
            total += tl.sum(product * tl.load(y + row[:, None] * width + n[None, :], mask=mine, other=0.0).to(ACC), 1)
        tl.store(out + tl.load(edge + p, mask=there, other=0).to(tl.int64), total, mask=there)
