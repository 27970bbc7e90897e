"""Sum and elementwise product of two sparse matrices: sizes first, then columns and values."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import message
from .._checks import IDS, check_same_dtype, checked_ids, checked_rows, expect
from .._compressed import (
    Compressed,
    allocate_result,
    check_compressed,
    check_count,
    check_same_rows,
    check_values,
    same_places,
)
from .._operator import operator
from .._sparse_samples import sample_pairs
from .sparse_lookup import sparse_lookup


def sparse_sum(left: Compressed, right: Compressed) -> Compressed:
    """Add two sparse matrices.

    `out[i, j] = left[i, j] + right[i, j]`, at every place of either, zero or not

    *Shapes* `left, right: (num_rows, num_columns)` -> `(num_rows, num_columns)`, columns ascending, no place twice.

    Args:
        left, right: entries in any order, several at one place add up; where `value` is None every entry is 1.

    Raises:
        ShapeError, DtypeError, DeviceError: if the matrices do not fit each other.
        IdError, StructureError: if a column is not there, or pointers contradict themselves.

    *Cost* reads both matrices twice and writes the result; rows whose columns ascend are merged, others take a set of
    num_columns / 4 bytes a thread.

    >>> import torch
    >>> left = Compressed(torch.tensor([0, 1, 2]), torch.tensor([0, 1]), torch.tensor([1.0, 2.0]), 2)
    >>> right = Compressed(torch.tensor([0, 2, 2]), torch.tensor([1, 0]), torch.tensor([5.0, 6.0]), 2)
    >>> indptr, column, value, _ = sparse_sum(left, right)
    >>> indptr.tolist(), column.tolist(), value.tolist()
    ([0, 2, 3], [0, 1, 1], [7.0, 5.0, 2.0])
    """
    _check_same_columns("sparse_sum", left, right)
    pattern = left.indptr, left.column, right.indptr, right.column
    indptr = sparse_union_indptr(*pattern, left.num_columns)
    values = left.filled(right.value), right.filled(left.value)
    value, column = sparse_union_entries(*pattern, *values, indptr, left.num_columns, int(indptr[-1]))
    return Compressed(indptr, column, value, left.num_columns)


def sparse_multiply(left: Compressed, right: Compressed) -> Compressed:
    """Multiply two sparse matrices place by place.

    `out[i, j] = left[i, j] * right[i, j]`, at the entries of `left`, in their order; 0 where `right` has none

    *Shapes* `left, right: (num_rows, num_columns)` -> `(num_rows, num_columns)`.

    Raises:
        ShapeError, DtypeError, DeviceError: if the matrices do not fit each other.
        IdError, StructureError: if a column is not there, or pointers contradict themselves.

    *Cost* that of one `sparse_lookup`.

    >>> import torch
    >>> left = Compressed(torch.tensor([0, 1, 2]), torch.tensor([0, 1]), torch.tensor([1.0, 2.0]), 2)
    >>> right = Compressed(torch.tensor([0, 2, 2]), torch.tensor([1, 0]), torch.tensor([5.0, 6.0]), 2)
    >>> sparse_multiply(left, right).value
    tensor([6., 0.])
    """
    _check_same_columns("sparse_multiply", left, right)
    values = left.filled(right.value), right.filled(left.value)
    check_same_dtype("sparse_multiply", left=values[0], right=values[1])
    check_values("sparse_multiply", "left.value", values[0], left.column)
    found = sparse_lookup(right.indptr, right.column, values[1], left.indptr, left.column, left.num_columns)
    return left._replace(value=values[0] * found)


def _check_same_columns(name: str, left: Compressed, right: Compressed) -> None:
    expect(
        left.num_columns == right.num_columns,
        lambda: message(name, "matrices of as many columns", f"{left.num_columns} and {right.num_columns}"),
    )


@operator
def sparse_union_indptr(
    left_indptr: Tensor, left_column: Tensor, right_indptr: Tensor, right_column: Tensor, num_columns: int
) -> Tensor:
    """Count the places that each row of two sparse matrices has together.

    *Shapes* `left_indptr, right_indptr: (num_rows + 1,)`, int64; `left_column: (left_entries,)`, `right_column:
    (right_entries,)`, both int32 or both int64 -> `(num_rows + 1,)`, int64: row i of the sum holds `out[i + 1] -
    out[i]` places.

    Raises:
        ShapeError, DtypeError, OptionError: if arguments do not fit each other.
        IdError, StructureError: if a column is not there, or pointers contradict themselves.

    *Cost* reads both patterns once.

    >>> import torch
    >>> sparse_union_indptr(torch.tensor([0, 1]), torch.tensor([2]), torch.tensor([0, 2]), torch.tensor([2, 0]), 3)
    tensor([0, 2])
    """
    row, column = _places("sparse_union_indptr", left_indptr, left_column, right_indptr, right_column, num_columns)
    _, first = same_places(row, column)
    counts = torch.zeros_like(left_indptr).scatter_add(0, row[first] + 1, torch.ones_like(first))
    return counts.cumsum(0)


def _places(
    name: str, left_indptr: Tensor, left_column: Tensor, right_indptr: Tensor, right_column: Tensor, num_columns: int
) -> tuple[Tensor, Tensor]:
    """Row and column of all entries, those of the left matrix first."""
    left = checked_ids(name, "left_column", left_column, num_columns, "columns")
    right = checked_ids(name, "right_column", right_column, num_columns, "columns")
    rows = (
        checked_rows(name, "left_indptr", left_indptr, left_column.shape[0]),
        checked_rows(name, "right_indptr", right_indptr, right_column.shape[0]),
    )
    return torch.cat(rows), torch.cat((left, right))


def _check_pattern(
    name: str, left_indptr: Tensor, left_column: Tensor, right_indptr: Tensor, right_column: Tensor, num_columns: int
) -> tuple[int, ...]:
    check_compressed(name, "left_", left_indptr, left_column)
    check_compressed(name, "right_", right_indptr, right_column, left_column.dtype)
    check_same_rows(name, left_indptr.shape[0] - 1, "right_", right_indptr)
    check_count(name, "num_columns", num_columns)
    return left_indptr.shape[0] - 1, num_columns, left_column.shape[0], right_column.shape[0]


@sparse_union_indptr.outputs
def _(
    left_indptr: Tensor, left_column: Tensor, right_indptr: Tensor, right_column: Tensor, num_columns: int
) -> tuple[Tensor, tuple[int, ...]]:
    dims = _check_pattern("sparse_union_indptr", left_indptr, left_column, right_indptr, right_column, num_columns)
    return left_indptr.new_empty(left_indptr.shape[0]), dims


sparse_union_indptr.native(
    "sparse_union_indptr",
    passes="left_indptr left_column right_indptr right_column indptr",
    dims="num_rows num_columns left_entries right_entries",
    value="left_column",
    ids="left_column",
    dtypes=IDS,
)
sparse_union_indptr.autocast = "none"
sparse_union_indptr.vendor()


@sparse_union_indptr.samples
def _() -> Iterator[tuple[Any, ...]]:
    for left, right in sample_pairs():
        yield left.indptr, left.column, right.indptr, right.column, left.num_columns


@operator
def sparse_union_entries(
    left_indptr: Tensor, left_column: Tensor, right_indptr: Tensor, right_column: Tensor, left_value: Tensor,
    right_value: Tensor, indptr: Tensor, num_columns: int, total: int,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Values and columns of a sparse sum, for the pointers that `sparse_union_indptr` gave.

    *Shapes* as for `sparse_union_indptr`; `left_value: (left_entries,)`, `right_value: (right_entries,)`, `indptr:
    (num_rows + 1,)`, `total = indptr[-1]` -> `value: (total,)`, `column: (total,)`, ascending in each row.

    Raises:
        ShapeError, DtypeError, DeviceError, OptionError: if arguments do not fit each other.
        IdError, StructureError: if a column is not there, pointers contradict themselves, or `indptr` belongs to
            another pattern.
        MemoryError: if there is no memory for `total` entries.

    *Cost* reads both matrices once; its gradient is a lookup for each.

    >>> import torch
    >>> left, right = (torch.tensor([0, 1]), torch.tensor([2])), (torch.tensor([0, 2]), torch.tensor([2, 0]))
    >>> sparse_union_entries(*left, *right, torch.tensor([1.0]), torch.tensor([5.0, 6.0]), torch.tensor([0, 2]), 3, 2)
    (tensor([6., 6.]), tensor([0, 2]))
    """
    row, column = _places("sparse_union_entries", left_indptr, left_column, right_indptr, right_column, num_columns)
    number, first = same_places(row, column)
    sums = torch.zeros(first.shape[0], dtype=left_value.dtype, device=left_value.device)
    sums = sums.index_add(0, number[: left_column.shape[0]], left_value)
    sums = sums.index_add(0, number[left_column.shape[0] :], right_value)
    return sums, column[first].to(left_column.dtype)


@sparse_union_entries.outputs
def _(
    left_indptr: Tensor, left_column: Tensor, right_indptr: Tensor, right_column: Tensor, left_value: Tensor,
    right_value: Tensor, indptr: Tensor, num_columns: int, total: int,
) -> tuple[Any, tuple[int, ...]]:  # fmt: skip
    name = "sparse_union_entries"
    dims = _check_pattern(name, left_indptr, left_column, right_indptr, right_column, num_columns)
    left, right = (left_indptr, left_column, left_value), (right_indptr, right_column, right_value)
    return allocate_result(name, left, right, indptr, total), (*dims, total)


sparse_union_entries.native(
    "sparse_union_entries",
    passes="left_indptr left_column right_indptr right_column left_value right_value indptr value column",
    dims="num_rows num_columns left_entries right_entries total",
    value="left_value",
    ids="left_column",
)
sparse_union_entries.autocast = "none"


@sparse_union_entries.backward(of="left_value right_value", saves={"column": ""}, outputs="value column")
def _(
    grads: tuple[Tensor, Tensor | None], needs: dict[str, bool], left_indptr: Tensor, left_column: Tensor,
    right_indptr: Tensor, right_column: Tensor, indptr: Tensor, column: Tensor, num_columns: int,
) -> tuple[Tensor | None, Tensor | None]:  # fmt: skip
    grad = grads[0]
    return (
        sparse_lookup(indptr, column, grad, left_indptr, left_column, num_columns) if needs["left_value"] else None,
        sparse_lookup(indptr, column, grad, right_indptr, right_column, num_columns) if needs["right_value"] else None,
    )


sparse_union_entries.tolerance(1e-5, 1e-12, 2e-2, 2e-3)
sparse_union_entries.triton(file="sparse_union_entries_triton")


@sparse_union_entries.samples
def _() -> Iterator[tuple[Any, ...]]:
    for left, right in sample_pairs():
        pattern = left.indptr, left.column, right.indptr, right.column
        indptr = sparse_union_indptr.reference(*pattern, left.num_columns)
        yield *pattern, left.value, right.value, indptr, left.num_columns, int(indptr[-1])
