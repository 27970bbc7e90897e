"""Entries of a sparse sum on a GPU: places are sorted, and what stands at one of them is a segment that is added up."""

from collections.abc import Sequence

import torch
import triton
import triton.language as tl
from torch import Tensor

from .._triton.faults import faults_of
from .._triton.walking import kernel
from .places_triton import add_up, place_keys

_PLACES = 512


def launch(
    made: Sequence[Tensor | None], dims: Sequence[int], left_indptr: Tensor, left_column: Tensor, right_indptr: Tensor,
    right_column: Tensor, left_value: Tensor, right_value: Tensor, indptr: Tensor, num_columns: int, total: int,
) -> None:  # fmt: skip
    """Fill `value` and `column`."""
    name, (value, column) = "sparse_union_entries", made
    left = place_keys(name, left_indptr, left_column, num_columns)
    keys, order = torch.sort(torch.cat((left, place_keys(name, right_indptr, right_column, num_columns))), stable=True)
    count = keys.shape[0]
    if count == 0 and total == 0:
        return
    number = torch.nn.functional.pad((keys[1:] != keys[:-1]).cumsum(0), (1, 0), value=0 if count else -1)
    first = torch.searchsorted(number, torch.arange(total + 1, device=keys.device))
    _columns[(max(1, triton.cdiv(total, _PLACES)),)](
        keys, number[-1:], first, indptr, column, faults_of(name, keys.device), max(num_columns, 1), count, total,
        PLACES=_PLACES,
    )  # fmt: skip
    add_up(first, first[1:], order, torch.cat((left_value, right_value)), value)


@kernel
def _columns(
    keys, number_of_last, first, indptr, column, faults, num_columns, count, total, PLACES: tl.constexpr
):  # fmt: skip
    """Columns of places; pointers that belong to others are noted, unless an entry that is nowhere explains them."""
    t = tl.program_id(0).to(tl.int64) * PLACES + tl.arange(0, PLACES)
    at = tl.load(first + t, mask=t < total, other=count)
    key = tl.load(keys + at, mask=at < count, other=-1)
    there = key >= 0
    row = tl.where(there, key // num_columns, 0)
    fits = (tl.load(indptr + row, mask=there, other=0) <= t) & (t < tl.load(indptr + row + 1, mask=there, other=0))
    everywhere = tl.zeros_like(t)
    wrong = ((t < total) & (fits == 0)) | (tl.load(number_of_last + everywhere) + 1 != total)
    tl.store(faults + 1 + everywhere, 1, mask=wrong & (tl.load(faults + everywhere) == 0))
    tl.store(column + t, key - row * num_columns, mask=there)
