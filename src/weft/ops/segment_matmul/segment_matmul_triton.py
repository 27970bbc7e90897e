"""Typed linear maps on a GPU: one program for a tile of rows of one type and a block of columns.

Rows of `x` are read once for each block of columns, the matrix of a type once for each tile of its rows, mostly from the second
cache level, for programs of one tile follow each other; rows of the result are written once. `_triton/tiles.py` says how a
program finds its tile.
"""

from collections.abc import Sequence

import triton
import triton.language as tl
from torch import Tensor

from .._triton.faults import faults_of
from .._triton.launching import accumulator, dtype_of
from .._triton.tiles import block_for, check_pointers, expect_segments, precision_of, tile_of, times_matrix, warps_for
from .._triton.walking import kernel, load_ids


def launch(
    made: Sequence[Tensor | None], dims: Sequence[int], indptr: Tensor, x: Tensor, weight: Tensor, bias: Tensor | None,
    order: Tensor | None,
) -> None:  # fmt: skip
    """Fill `out`."""
    types, rows, depth, width = dims
    expect_segments("segment_matmul", types, rows)
    if types == 0 or rows == 0 or width == 0:
        return
    is_half = x.element_size() == 2
    tile = block_for(x.dtype, rows // types, 64)
    block = block_for(x.dtype, width, 128 if is_half else 64)
    blocks = triton.cdiv(width, block)
    _multiply[((rows // tile + types) * blocks,)](
        indptr, order, x, weight, bias, made[0], faults_of("segment_matmul", x.device), types, rows, depth, width, blocks,
        ROWS=tile, DEPTH=block_for(x.dtype, depth, 64 if is_half else 32), WIDTH=block, ACC=dtype_of(accumulator(x.dtype)),
        PRECISION=precision_of(x), num_warps=warps_for(tile * block),
    )  # fmt: skip


@kernel
def _multiply(
    indptr, order, x, weight, bias, out, faults, num_types, num_rows, depth, width, blocks, ROWS: tl.constexpr,
    DEPTH: tl.constexpr, WIDTH: tl.constexpr, ACC: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    number = (tl.program_id(0) // blocks).to(tl.int64)
    n = (tl.program_id(0) % blocks) * WIDTH + tl.arange(0, WIDTH)
    check_pointers(indptr, num_types, num_rows, number, faults)
    segment, begin, end, at = tile_of(indptr, num_types, num_rows, number, ROWS, faults)
    p = begin + at * ROWS + tl.arange(0, ROWS)
    if (at >= 0) & (begin + at * ROWS < end):
        there = p < end
        row = p
        if order is not None:
            row, there = load_ids(order, p, there, num_rows, faults)
        total = tl.zeros((ROWS, WIDTH), ACC)
        total = times_matrix(x, row, there, weight + segment * depth * width, n, depth, width, total, DEPTH, PRECISION)
        if bias is not None:
            total += tl.load(bias + segment * width + n, mask=n < width, other=0.0).to(ACC)[None, :]
        tl.store(out + row[:, None] * width + n[None, :], total, mask=there[:, None] & (n < width)[None, :])
