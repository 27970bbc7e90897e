"""Rows by id on a GPU: one program for a block of rows and of values."""

from collections.abc import Sequence

import torch
import triton
import triton.language as tl
from torch import Tensor

from .._triton.faults import faults_of
from .._triton.launching import block_of
from .._triton.walking import kernel, load_ids

_ROWS = 16


def launch(made: Sequence[Tensor | None], dims: Sequence[int], x: Tensor, index: Tensor) -> None:
    """Fill `out`."""
    num_rows, count, row_bytes = dims
    if count == 0 or row_bytes == 0:
        return
    width = row_bytes // x.element_size()
    block = block_of(width, 256)
    out = made[0]
    if x.dtype is torch.bool:
        x, out = x.view(torch.uint8), out.view(torch.uint8)
    _copy[(triton.cdiv(count, _ROWS), triton.cdiv(width, block))](
        x, index, out, faults_of("gather_rows", index.device), num_rows, count, width, ROWS=_ROWS, WIDTH=block,
        num_warps=max(1, min(8, block * _ROWS // 256)),
    )  # fmt: skip


@kernel
def _copy(x, index, out, faults, num_rows, count, width, ROWS: tl.constexpr, WIDTH: tl.constexpr):
    r = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)
    f = tl.program_id(1) * WIDTH + tl.arange(0, WIDTH)
    row, there = load_ids(index, r, r < count, num_rows, faults)
    tile = there[:, None] & (f < width)[None, :]
    tl.store(
        out + r[:, None] * width + f[None, :], tl.load(x + row[:, None] * width + f[None, :], mask=tile), mask=tile
    )
