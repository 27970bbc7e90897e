"""Places of a matrix as one number each, on a GPU: torch sorts them, and nothing waits for how many there are."""

import triton
import triton.language as tl
from torch import Tensor

from ...errors import OptionError, message
from .._triton.faults import faults_of
from .._triton.launching import accumulator, dtype_of
from .._triton.walking import kernel, load_ids, rows_of, search_steps

_ENTRIES = 512
_PLACES = 256


def place_keys(name: str, indptr: Tensor, column: Tensor, num_columns: int, nowhere: int = -1) -> Tensor:
    """`row * num_columns + column` of each entry, (num_entries,), int64; `nowhere` for one that is not there, which is noted."""
    num_rows, count = indptr.shape[0] - 1, column.shape[0]
    if num_rows * num_columns >= 1 << 63:
        raise OptionError(message(name, "fewer than 2**63 places on a GPU", f"{num_rows} x {num_columns}"))
    keys = indptr.new_full((count,), nowhere)
    if count and num_rows:
        _number[(triton.cdiv(count, _ENTRIES),)](
            indptr, column, keys, faults_of(name, column.device), num_rows, num_columns, count, STEPS=search_steps(num_rows),
            ENTRIES=_ENTRIES,
        )  # fmt: skip
    return keys


def add_up(first: Tensor, last: Tensor, entry: Tensor, value: Tensor, out: Tensor) -> None:
    """Add the values of entries `entry[first[p]]` to `entry[last[p] - 1]` in their order, for each place p."""
    if out.shape[0]:
        _add_up[(triton.cdiv(out.shape[0], _PLACES),)](
            first, last, entry, value, out, out.shape[0], PLACES=_PLACES, ACC=dtype_of(accumulator(value.dtype))
        )


@kernel
def _add_up(first, last, entry, value, out, count, PLACES: tl.constexpr, ACC: tl.constexpr):
    p = tl.program_id(0).to(tl.int64) * PLACES + tl.arange(0, PLACES)
    inside = p < count
    lo, hi = tl.load(first + p, mask=inside, other=0), tl.load(last + p, mask=inside, other=0)
    total = tl.zeros((PLACES,), ACC)
    for step in range(tl.max(hi - lo, 0)):
        there = lo + step < hi
        e = tl.load(entry + lo + step, mask=there, other=0)
        total += tl.load(value + e, mask=there, other=0.0).to(ACC)
    tl.store(out + p, total, mask=inside)


@kernel
def _number(indptr, column, keys, faults, num_rows, num_columns, count, STEPS: tl.constexpr, ENTRIES: tl.constexpr):
    p = tl.program_id(0).to(tl.int64) * ENTRIES + tl.arange(0, ENTRIES)
    at, there = load_ids(column, p, p < count, num_columns, faults)
    row, there = rows_of(indptr, num_rows, count, p, there, faults, STEPS)
    tl.store(keys + p, row * num_columns + at, mask=there)
