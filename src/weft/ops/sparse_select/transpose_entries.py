"""Entries of a sparse matrix by column."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import message
from .._checks import check_rank, checked_ids, expect, product
from .._compressed import check_compressed, check_count, rows_of
from .._operator import operator
from .._sparse_samples import sample_pairs
from .gather_segments import DTYPES


@operator
def transpose_entries(indptr: Tensor, column: Tensor, value: Tensor, num_columns: int) -> tuple[Tensor, Tensor, Tensor]:
    """Sort the entries of a matrix by column; those of one column keep their order.

    *Shapes* `indptr: (num_rows + 1,)`, int64; `column: (num_entries,)`, int32 or int64; `value: (num_entries, *F)`, any
    dtype -> the values; the row of each, `(num_entries,)`, in the dtype of `column`; pointers `(num_columns + 1,)`, int64.

    Raises:
        IdError, StructureError: if a column is not there, or pointers contradict themselves.
        ShapeError, DtypeError, DeviceError, OptionError: if arguments do not fit each other.

    *Cost* a counting sort: O(num_entries x F + num_columns) time and, beyond the result, 8 bytes a column and thread.
    Backward sorts positions again.

    >>> import torch
    >>> transpose_entries(torch.tensor([0, 2, 3]), torch.tensor([0, 2, 0]), torch.tensor([1.0, 2.0, 3.0]), 3)
    (tensor([1., 3., 2.]), tensor([0, 1, 0]), tensor([0, 2, 2, 3]))
    """
    ids = checked_ids("transpose_entries", "column", column, num_columns, "columns")
    order = torch.argsort(ids, stable=True)
    counts = torch.zeros(num_columns + 1, dtype=torch.int64, device=ids.device)
    counts = counts.scatter_add(0, ids + 1, torch.ones_like(ids))
    return value[order], rows_of(indptr, column)[order].to(column.dtype), counts.cumsum(0)


@transpose_entries.outputs
def _(indptr: Tensor, column: Tensor, value: Tensor, num_columns: int) -> tuple[Any, tuple[int, ...]]:
    name = "transpose_entries"
    check_compressed(name, "", indptr, column)
    check_rank(name, "value", value, "(num_entries, *features)")
    expect(
        value.shape[0] == column.shape[0],
        lambda: message(name, f"`value` for each of {column.shape[0]} entries", str(tuple(value.shape))),
    )
    check_count(name, "num_columns", num_columns)
    made = value.new_empty(value.shape), torch.empty_like(column), indptr.new_empty(num_columns + 1)
    return made, (indptr.shape[0] - 1, num_columns, column.shape[0], product(value.shape[1:]) * value.element_size())


transpose_entries.native(
    "transpose_entries",
    passes="indptr column value out row out_indptr",
    dims="num_rows num_columns num_entries row_bytes",
    value="value",
    ids="column",
    dtypes=DTYPES,
)
transpose_entries.autocast = "none"


@transpose_entries.backward(of="value", saves={}, outputs="out row out_indptr")
def _(
    grads: tuple[Tensor, Tensor | None, Tensor | None],
    needs: dict[str, bool],
    indptr: Tensor,
    column: Tensor,
    num_columns: int,
) -> tuple[Tensor]:
    positions = torch.arange(column.shape[0], device=column.device)
    entry = transpose_entries(indptr, column, positions, num_columns)[0]
    return (torch.zeros_like(grads[0]).index_copy(0, entry, grads[0]),)


transpose_entries.tolerance(1e-5, 1e-12, 2e-2, 2e-3)
transpose_entries.triton()


@transpose_entries.samples
def _() -> Iterator[tuple[Any, ...]]:
    for at, (matrix, _other) in enumerate(sample_pairs()):
        generator = torch.Generator().manual_seed(3)
        x = torch.randn(matrix.num_entries, *((), (3,), (2, 5))[at % 3], dtype=torch.float64, generator=generator)
        yield matrix.indptr, matrix.column, x, matrix.num_columns
