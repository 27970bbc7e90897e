"""Values of a sparse matrix at the places of another."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from .._checks import checked_ids
from .._compressed import check_compressed, check_count, check_same_rows, check_values, rows_of, same_places
from .._operator import operator
from .._sparse_samples import sample_pairs


@operator
def sparse_lookup(
    indptr: Tensor, column: Tensor, value: Tensor, at_indptr: Tensor, at_column: Tensor, num_columns: int
) -> Tensor:
    """Look up what a sparse matrix holds at the places of another.

    `out[p] = sum of value[q] over the entries q at the place of entry p`, 0 where there are none

    *Shapes* `indptr, at_indptr: (num_rows + 1,)`, int64; `column: (num_entries,)`, `at_column: (num_places,)`, both
    int32 or both int64; `value: (num_entries,)` -> `(num_places,)`. The gradient of a lookup is the lookup the other
    way.

    Raises:
        ShapeError, DtypeError, DeviceError, OptionError: if arguments do not fit each other.
        IdError, StructureError: if a column is not there, or pointers contradict themselves.

    *Cost* reads every array twice; num_columns / 4 bytes a thread.

    >>> import torch
    >>> indptr, column, value = torch.tensor([0, 2, 3]), torch.tensor([0, 1, 0]), torch.tensor([1.0, 2.0, 3.0])
    >>> sparse_lookup(indptr, column, value, torch.tensor([0, 1, 3]), torch.tensor([1, 1, 0]), 2)
    tensor([2., 0., 3.])
    """
    held = checked_ids("sparse_lookup", "column", column, num_columns, "columns")
    asked = checked_ids("sparse_lookup", "at_column", at_column, num_columns, "columns")
    rows = torch.cat((rows_of(indptr, column), rows_of(at_indptr, at_column)))
    number, first = same_places(rows, torch.cat((held, asked)))
    sums = torch.zeros(first.shape[0], dtype=value.dtype, device=value.device)
    return sums.index_add(0, number[: held.shape[0]], value)[number[held.shape[0] :]]


@sparse_lookup.outputs
def _(
    indptr: Tensor, column: Tensor, value: Tensor, at_indptr: Tensor, at_column: Tensor, num_columns: int
) -> tuple[Tensor, tuple[int, ...]]:
    name = "sparse_lookup"
    check_compressed(name, "", indptr, column)
    check_compressed(name, "at_", at_indptr, at_column, column.dtype)
    check_same_rows(name, indptr.shape[0] - 1, "at_", at_indptr)
    check_values(name, "value", value, column)
    check_count(name, "num_columns", num_columns)
    dims = indptr.shape[0] - 1, num_columns, column.shape[0], at_column.shape[0]
    return value.new_empty(at_column.shape[0]), dims


sparse_lookup.native(
    "sparse_lookup",
    passes="indptr column value at_indptr at_column out",
    dims="num_rows num_columns num_entries num_places",
    value="value",
    ids="column",
)
sparse_lookup.autocast = "none"


@sparse_lookup.backward(of="value", saves={})
def _(
    grad: Tensor,
    needs: dict[str, bool],
    indptr: Tensor,
    column: Tensor,
    at_indptr: Tensor,
    at_column: Tensor,
    num_columns: int,
) -> tuple[Tensor]:
    return (sparse_lookup(at_indptr, at_column, grad, indptr, column, num_columns),)


sparse_lookup.tolerance(1e-5, 1e-12, 2e-2, 2e-3)
sparse_lookup.triton()


@sparse_lookup.samples
def _() -> Iterator[tuple[Any, ...]]:
    for held, asked in sample_pairs():
        assert held.value is not None, "samples have values"
        yield held.indptr, held.column, held.value, asked.indptr, asked.column, held.num_columns
