"""Positions of the entries of chosen rows, one row after another."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import DtypeError, ShapeError, StructureError, message
from .._checks import IDS, checked_ids
from .._compressed import check_count, new_entries
from .._operator import operator
from .._sparse_samples import sample_pairs


@operator
def row_positions(indptr: Tensor, chosen: Tensor, total: int) -> Tensor:
    """List the positions of the entries of chosen rows, one row after another.

    *Shapes* `indptr: (num_rows + 1,)`, int64; `chosen: (count,)`, int32 or int64, in any order, several times if wanted;
    `total`, how many entries these rows have together -> `(total,)`, int64.

    Raises:
        IdError: if a row is not there.
        StructureError: if pointers contradict themselves, or the rows have another number of entries.
        ShapeError, DtypeError, OptionError: if arguments are of another kind.
        MemoryError: if there is no memory for `total` positions.

    >>> import torch
    >>> row_positions(torch.tensor([0, 2, 2, 5]), torch.tensor([2, 0]), 5)
    tensor([2, 3, 4, 0, 1])
    """
    rows = checked_ids("row_positions", "chosen", chosen, indptr.shape[0] - 1, "rows")
    begin = indptr[rows]
    length = indptr[rows + 1] - begin
    turn = torch.repeat_interleave(torch.arange(rows.shape[0], device=rows.device), length)
    offset = torch.arange(turn.shape[0], device=rows.device) - (length.cumsum(0) - length)[turn]
    return begin[turn] + offset


@row_positions.outputs
def _(indptr: Tensor, chosen: Tensor, total: int) -> tuple[Tensor, tuple[int, ...]]:
    name = "row_positions"
    if indptr.dtype is not torch.int64 or chosen.dtype not in IDS:
        got = f"{indptr.dtype} and {chosen.dtype}"
        raise DtypeError(message(name, "int64 `indptr`, and `chosen` of int32 or int64", got))
    if indptr.dim() != 1 or indptr.shape[0] == 0:
        raise StructureError(message(name, "one-dimensional `indptr` (num_rows + 1)", str(tuple(indptr.shape))))
    if chosen.dim() != 1:
        raise ShapeError(message(name, "one-dimensional `chosen`", str(tuple(chosen.shape))))
    check_count(name, "total", total)
    return new_entries(name, indptr, total), (indptr.shape[0] - 1, chosen.shape[0], total)


row_positions.native(
    "row_positions", passes="indptr chosen out", dims="num_rows count total", value="chosen", ids="chosen", dtypes=IDS
)
row_positions.autocast = "none"
row_positions.lacks("triton", issue=8)


@row_positions.samples
def _() -> Iterator[tuple[Any, ...]]:
    for matrix, _other in sample_pairs():
        generator = torch.Generator().manual_seed(2)
        count = 9 if matrix.num_rows else 0
        rows = torch.randint(max(matrix.num_rows, 1), (count,), generator=generator)
        yield matrix.indptr, rows.to(matrix.column.dtype), int(matrix.indptr.diff()[rows].sum())
