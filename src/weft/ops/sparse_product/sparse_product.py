"""Product of two sparse matrices: sizes first, then columns and values."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from .._checks import IDS, checked_ids
from .._compressed import (
    Compressed,
    Sums,
    added,
    allocate_result,
    check_compressed,
    check_count,
    check_same_rows,
    paths_of,
    rows_of,
    same_places,
)
from .._operator import operator
from .._registry import others
from .._sparse_samples import sample_factors


def sparse_product(left: Compressed, right: Compressed) -> Compressed:
    """Multiply two sparse matrices.

    `out[i, j] = sum over k of left[i, k] * right[k, j]`, at every place that a pair of entries reaches, zero or not

    *Shapes* `left: (num_rows, num_inner)`, `right: (num_inner, num_columns)` -> `(num_rows, num_columns)`, columns
    ascending.

    Args:
        left, right: entries in any order, several at one place add up; where `value` is None every entry is 1, so that
            a product of two such matrices counts paths. Gradients go to the values at the entries that are there.

    Raises:
        ShapeError, DtypeError, DeviceError: if the matrices do not fit each other.
        IdError, StructureError: if a column is not there, or pointers contradict themselves.
        MemoryError: if the result cannot be allocated.

    *Source* Gustavson (1978), Two Fast Algorithms for Sparse Matrices: Multiplication and Permuted Transposition.

    *Differs from the source* the accumulator is a set of bits that knows the rank of each, rather than a dense row:
    sorted columns need no sort.

    *Cost* O(pairs of entries that meet) in time; the result and num_columns / 4 bytes a thread in memory. Terms are
    added in the order of the entries of `left`, in float32 for float16 and bfloat16.

    >>> import torch
    >>> square = Compressed(torch.tensor([0, 2, 3]), torch.tensor([0, 1, 0]), torch.tensor([1.0, 2.0, 3.0]), 2)
    >>> indptr, column, value, _ = sparse_product(square, square)
    >>> indptr.tolist(), column.tolist(), value.tolist()
    ([0, 2, 4], [0, 1, 0, 1], [7.0, 2.0, 3.0, 6.0])
    """
    check_same_rows("sparse_product", left.num_columns, "right.", right.indptr)
    pattern = left.indptr, left.column, right.indptr, right.column
    indptr = sparse_product_indptr(*pattern, right.num_columns)
    values = left.filled(right.value), right.filled(left.value)
    value, column = sparse_product_entries(*pattern, *values, indptr, right.num_columns, int(indptr[-1]))
    return Compressed(indptr, column, value, right.num_columns)


@operator
def sparse_product_indptr(
    left_indptr: Tensor, left_column: Tensor, right_indptr: Tensor, right_column: Tensor, num_columns: int
) -> Tensor:
    """Count the places that each row of a sparse product has.

    `out[i + 1] - out[i] = number of columns j with a path i -> k -> j`

    *Shapes* `left_indptr: (num_rows + 1,)`, `right_indptr: (num_inner + 1,)`, int64; `left_column: (left_entries,)`,
    `right_column: (right_entries,)`, both int32 or both int64 -> `(num_rows + 1,)`, int64.

    Raises:
        ShapeError, DtypeError, OptionError: if arguments do not fit each other.
        IdError, StructureError: if a column is not there, or pointers contradict themselves.

    *Cost* reads each pair of entries that meet once.

    >>> import torch
    >>> indptr, column = torch.tensor([0, 2, 3]), torch.tensor([0, 1, 0])
    >>> sparse_product_indptr(indptr, column, indptr, column, 2)
    tensor([0, 2, 4])
    """
    row, column, _, _ = _paths(
        "sparse_product_indptr", left_indptr, left_column, right_indptr, right_column, num_columns
    )
    _, first = same_places(row, column)
    counts = torch.zeros_like(left_indptr).scatter_add(0, row[first] + 1, torch.ones_like(first))
    return counts.cumsum(0)


def _paths(
    name: str, left_indptr: Tensor, left_column: Tensor, right_indptr: Tensor, right_column: Tensor, num_columns: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Row, column, left and right entry of each pair of entries that meet."""
    inner = checked_ids(name, "left_column", left_column, right_indptr.shape[0] - 1, "columns")
    reached = checked_ids(name, "right_column", right_column, num_columns, "columns")
    left, right = paths_of(left_indptr, inner, right_indptr)
    return rows_of(left_indptr, left_column)[left], reached[right], left, right


def _check_pattern(
    name: str, left_indptr: Tensor, left_column: Tensor, right_indptr: Tensor, right_column: Tensor, num_columns: int
) -> tuple[int, ...]:
    check_compressed(name, "left_", left_indptr, left_column)
    check_compressed(name, "right_", right_indptr, right_column, left_column.dtype)
    check_count(name, "num_columns", num_columns)
    sizes = left_indptr.shape[0] - 1, right_indptr.shape[0] - 1, num_columns
    return (*sizes, left_column.shape[0], right_column.shape[0])


@sparse_product_indptr.outputs
def _(
    left_indptr: Tensor, left_column: Tensor, right_indptr: Tensor, right_column: Tensor, num_columns: int
) -> tuple[Tensor, tuple[int, ...]]:
    dims = _check_pattern("sparse_product_indptr", left_indptr, left_column, right_indptr, right_column, num_columns)
    return torch.empty_like(left_indptr, memory_format=torch.contiguous_format), dims


sparse_product_indptr.native(
    "sparse_product_indptr",
    passes="left_indptr left_column right_indptr right_column indptr",
    dims="num_rows num_inner num_columns left_entries right_entries",
    value="left_column",
    ids="left_column",
    dtypes=IDS,
)
sparse_product_indptr.autocast = "none"
sparse_product_indptr.vendor()


@sparse_product_indptr.samples
def _() -> Iterator[tuple[Any, ...]]:
    for left, right in sample_factors():
        yield left.indptr, left.column, right.indptr, right.column, right.num_columns


@operator
def sparse_product_entries(
    left_indptr: Tensor, left_column: Tensor, right_indptr: Tensor, right_column: Tensor, left_value: Tensor,
    right_value: Tensor, indptr: Tensor, num_columns: int, total: int,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Values and columns of a sparse product, for the pointers that `sparse_product_indptr` gave.

    `value at (i, j) = sum over k of left[i, k] * right[k, j]`

    *Shapes* as for `sparse_product_indptr`; `left_value: (left_entries,)`, `right_value: (right_entries,)`,
    `indptr: (num_rows + 1,)`, `total = indptr[-1]` -> `value: (total,)`, `column: (total,)`, ascending in each row.

    Raises:
        ShapeError, DtypeError, DeviceError, OptionError: if arguments do not fit each other.
        IdError, StructureError: if a column is not there, pointers contradict themselves, or `indptr` belongs to
            another pattern.
        MemoryError: if there is no memory for `total` entries.

    *Cost* reads each pair of entries that meet twice, the second time from the cache.

    >>> import torch
    >>> indptr, column, value = torch.tensor([0, 2, 3]), torch.tensor([0, 1, 0]), torch.tensor([1.0, 2.0, 3.0])
    >>> sparse_product_entries(indptr, column, indptr, column, value, value, torch.tensor([0, 2, 4]), 2, 4)
    (tensor([7., 2., 3., 6.]), tensor([0, 1, 0, 1]))
    """
    pattern = left_indptr, left_column, right_indptr, right_column
    return entries_of(*pattern, left_value, right_value, num_columns, added)


def entries_of(
    left_indptr: Tensor, left_column: Tensor, right_indptr: Tensor, right_column: Tensor, left_value: Tensor,
    right_value: Tensor, num_columns: int, sums: Sums,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Values and columns from all paths, whose terms `sums(count, place of each, terms)` adds up."""
    row, column, left, right = _paths(
        "sparse_product_entries", left_indptr, left_column, right_indptr, right_column, num_columns
    )
    number, first = same_places(row, column)
    value = sums(first.shape[0], number, left_value[left] * right_value[right])
    return value, column[first].to(left_column.dtype)


@sparse_product_entries.outputs
def _(
    left_indptr: Tensor, left_column: Tensor, right_indptr: Tensor, right_column: Tensor, left_value: Tensor,
    right_value: Tensor, indptr: Tensor, num_columns: int, total: int,
) -> tuple[Any, tuple[int, ...]]:  # fmt: skip
    name = "sparse_product_entries"
    dims = _check_pattern(name, left_indptr, left_column, right_indptr, right_column, num_columns)
    left, right = (left_indptr, left_column, left_value), (right_indptr, right_column, right_value)
    return allocate_result(name, left, right, indptr, total), (*dims, total)


sparse_product_entries.native(
    "sparse_product_entries",
    passes="left_indptr left_column right_indptr right_column left_value right_value indptr value column",
    dims="num_rows num_inner num_columns left_entries right_entries total",
    value="left_value",
    ids="left_column",
)


@sparse_product_entries.backward(
    of="left_value right_value",
    saves={"left_value": "right_value", "right_value": "left_value", "column": ""},
    outputs="value column",
)
def _(
    grads: tuple[Tensor, Tensor | None], needs: dict[str, bool], left_indptr: Tensor, left_column: Tensor,
    right_indptr: Tensor, right_column: Tensor, left_value: Tensor | None, right_value: Tensor | None, indptr: Tensor,
    column: Tensor, num_columns: int,
) -> tuple[Tensor | None, Tensor | None]:  # fmt: skip
    pattern = left_indptr, left_column, right_indptr, right_column, indptr, column
    contract, grad = others.sparse_contract, grads[0]
    return (
        contract(*pattern, right_value, grad, num_columns, "left") if needs["left_value"] else None,
        contract(*pattern, left_value, grad, num_columns, "right") if needs["right_value"] else None,
    )


sparse_product_entries.tolerance(1e-5, 1e-12, 2e-2, 2e-3)
sparse_product_entries.triton(file="sparse_product_entries_triton")


@sparse_product_entries.samples
def _() -> Iterator[tuple[Any, ...]]:
    for left, right in sample_factors():
        pattern = left.indptr, left.column, right.indptr, right.column
        indptr = sparse_product_indptr.reference(*pattern, right.num_columns)
        yield *pattern, left.value, right.value, indptr, right.num_columns, int(indptr[-1])
