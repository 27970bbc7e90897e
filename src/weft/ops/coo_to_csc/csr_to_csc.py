"""Edges grouped by one end, regrouped by the other."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from .._checks import IDS, checked_ids, checked_rows
from .._compressed import check_compressed, check_count
from .._operator import operator
from .._sparse_samples import random_matrix, sample_pairs
from .coo_to_csc import coo_to_csc


@operator
def csr_to_csc(indptr: Tensor, column: Tensor, num_columns: int) -> tuple[Tensor, Tensor, Tensor]:
    """Regroup entries that are compressed by row by their columns; entries of one column keep their order.

    *Shapes* `indptr: (num_rows + 1,)`, int64; `column: (num_entries,)`, int32 or int64 -> pointers by column,
    `(num_columns + 1,)`, int64; the rows, `(num_entries,)`; the entry at each position, `(num_entries,)`, both of the
    dtype of `column`.

    Raises:
        ShapeError, DtypeError, OptionError: if arguments do not fit each other.
        IdError, StructureError: if a column is not there, or pointers contradict themselves.

    *Cost* that of `coo_to_csc`, but rows are counted along and not read.

    >>> import torch
    >>> indptr, row, entry = csr_to_csc(torch.tensor([0, 2, 3]), torch.tensor([1, 0, 1]), 2)
    >>> indptr.tolist(), row.tolist(), entry.tolist()
    ([0, 1, 3], [0, 0, 1], [1, 0, 2])
    """
    ids = checked_ids("csr_to_csc", "column", column, num_columns, "nodes")
    rows = checked_rows("csr_to_csc", "indptr", indptr, column.shape[0])
    out_indptr, row, entry = coo_to_csc.reference(ids, rows, num_columns)
    return out_indptr, row.to(column.dtype), entry.to(column.dtype)


@csr_to_csc.outputs
def _(indptr: Tensor, column: Tensor, num_columns: int) -> tuple[Any, tuple[int, ...]]:
    check_compressed("csr_to_csc", "", indptr, column)
    check_count("csr_to_csc", "num_columns", num_columns)
    entries = column.shape[0]
    made = indptr.new_empty(num_columns + 1), column.new_empty(entries), column.new_empty(entries)
    return made, (indptr.shape[0] - 1, entries, num_columns)


csr_to_csc.native(
    "csr_to_csc",
    passes="indptr column out_indptr row entry",
    dims="num_rows num_entries num_columns",
    value="column",
    ids="column",
    dtypes=IDS,
)
csr_to_csc.autocast = "none"
csr_to_csc.vendor()


@csr_to_csc.samples
def _() -> Iterator[tuple[Any, ...]]:
    for matrix, other in sample_pairs():
        yield matrix.indptr, matrix.column, matrix.num_columns
        yield other.indptr, other.column, other.num_columns
    long = random_matrix(60, 40, 40000, dtype=torch.int32)  # enough for several threads
    yield long.indptr, long.column, 40
