"""Rows of chosen segments on a GPU: one program for a block of rows of the result and of values."""

from collections.abc import Sequence

import torch
import triton
import triton.language as tl
from torch import Tensor

from .._checks import product
from .._triton.faults import faults_of
from .._triton.launching import block_of
from .._triton.walking import kernel, load_ids, rows_of, search_steps


def launch(
    made: Sequence[Tensor | None], dims: Sequence[int], indptr: Tensor, x: Tensor, chosen: Tensor, out_indptr: Tensor,
    total: int,
) -> None:  # fmt: skip
    """Fill `out`."""
    num_segments, num_rows, count, *_ = dims
    width, out = product(x.shape[1:]), made[0]
    if total == 0 or width == 0 or count == 0:
        return
    if x.dtype is torch.bool:
        x, out = x.view(torch.uint8), out.view(torch.uint8)
    block = block_of(width, 256)
    height = max(16, 1024 // block)
    _copy[(triton.cdiv(total, height), triton.cdiv(width, block))](
        indptr, x, chosen, out_indptr, out, faults_of("gather_segments", x.device), num_segments, num_rows, count, total, width,
        STEPS=search_steps(count), ROWS=height, WIDTH=block, num_warps=max(4, min(8, block * height // 256)),
    )  # fmt: skip


@kernel
def _copy(
    indptr, x, chosen, out_indptr, out, faults, num_segments, num_rows, count, total, width, STEPS: tl.constexpr,
    ROWS: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    p = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)
    f = tl.program_id(1) * WIDTH + tl.arange(0, WIDTH)
    turn, there = rows_of(out_indptr, count, total, p, p < total, faults, STEPS)
    segment, there = load_ids(chosen, turn, there, num_segments, faults)
    begin, end = tl.load(indptr + segment), tl.load(indptr + segment + 1)
    first = tl.load(out_indptr + turn)
    fits = (begin >= 0) & (end <= num_rows) & (end - begin == tl.load(out_indptr + turn + 1) - first)
    tl.store(faults + 1 + tl.zeros_like(p), 1, mask=there & (fits == 0))
    tile = (there & fits)[:, None] & (f < width)[None, :]
    row = begin + p - first
    tl.store(
        out + p[:, None] * width + f[None, :], tl.load(x + row[:, None] * width + f[None, :], mask=tile), mask=tile
    )
