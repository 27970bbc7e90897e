"""Entries by column on a GPU: torch sorts the columns, and one program moves a block of entries and of values."""

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
    made: Sequence[Tensor | None], dims: Sequence[int], indptr: Tensor, column: Tensor, value: Tensor, num_columns: int
) -> None:
    """Fill `out`, `row` and `out_indptr`. Columns that are not there come first or last, and count nowhere."""
    out, row, out_indptr = made
    num_rows, _, count, _ = dims
    by_column, entry = torch.sort(column, stable=True)
    columns = torch.arange(num_columns + 1, dtype=column.dtype, device=column.device)
    torch.searchsorted(by_column, columns, out=out_indptr)
    if count == 0 or num_rows == 0:
        return
    width = product(value.shape[1:])
    if value.dtype is torch.bool:
        value, out = value.view(torch.uint8), out.view(torch.uint8)
    block = block_of(width, 256)
    height = max(16, 1024 // block)
    _move[(triton.cdiv(count, height), max(1, triton.cdiv(width, block)))](
        indptr, by_column, entry, value, out, row, faults_of("transpose_entries", value.device), num_rows, num_columns, count,
        width, STEPS=search_steps(num_rows), ENTRIES=height, WIDTH=block, num_warps=max(4, min(8, block * height // 256)),
    )  # fmt: skip


@kernel
def _move(
    indptr, by_column, entry, value, out, row, faults, num_rows, num_columns, count, width, STEPS: tl.constexpr,
    ENTRIES: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    p = tl.program_id(0).to(tl.int64) * ENTRIES + tl.arange(0, ENTRIES)
    f = tl.program_id(1) * WIDTH + tl.arange(0, WIDTH)
    inside = p < count
    load_ids(by_column, p, inside, num_columns, faults)
    e = tl.load(entry + p, mask=inside, other=0)
    of, owned = rows_of(indptr, num_rows, count, e, inside, faults, STEPS)
    if tl.program_id(1) == 0:
        tl.store(row + p, of, mask=owned)
    tile = inside[:, None] & (f < width)[None, :]
    tl.store(
        out + p[:, None] * width + f[None, :], tl.load(value + e[:, None] * width + f[None, :], mask=tile), mask=tile
    )
