"""Sparse matrices as the operators of sparse algebra read them: compressed rows, checked; what their references share."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import DtypeError, OptionError, ShapeError, StructureError, message
from ._checks import IDS, check_same_dtype, expect, product


class Compressed(NamedTuple):
    """A sparse matrix by rows: row i holds entries `indptr[i]` to `indptr[i + 1]`.

    *Shapes* `indptr: (num_rows + 1,)`, int64; `column: (num_entries,)`, int32 or int64; `value: (num_entries,)`, or
    None for a matrix whose entries are all one.

    Entries of a row may stand in any order, and entries of one place add up: every operator takes such a matrix. Those
    that make one sort its columns and leave no place twice, unless they say otherwise.

    >>> import torch
    >>> matrix = Compressed(torch.tensor([0, 2, 3]), torch.tensor([0, 2, 1]), torch.tensor([1.0, 2.0, 3.0]), 3)
    >>> matrix.num_rows, matrix.num_columns, matrix.num_entries
    (2, 3, 3)
    """

    indptr: Tensor
    column: Tensor
    value: Tensor | None
    num_columns: int

    @property
    def num_rows(self) -> int:
        """Number of rows."""
        return self.indptr.shape[0] - 1

    @property
    def num_entries(self) -> int:
        """Number of entries, entries of one place counted as often as they stand there."""
        return self.column.shape[0]

    def rows(self) -> Tensor:
        """Row of each entry, (num_entries,), in the dtype of `column`."""
        return rows_of(self.indptr, self.column).to(self.column.dtype)

    def filled(self, like: Tensor | None = None) -> Tensor:
        """The values, ones of the dtype of `like` (or torch's default) where there are none."""
        if self.value is not None:
            return self.value
        dtype = torch.get_default_dtype() if like is None else like.dtype
        return torch.ones(self.num_entries, dtype=dtype, device=self.column.device)


def check_compressed(name: str, prefix: str, indptr: Tensor, column: Tensor, ids: torch.dtype | None = None) -> None:
    """Refuse the pointers and columns of a matrix that do not fit each other, or ids of another dtype than `ids`."""
    if indptr.dtype is not torch.int64 or column.dtype not in IDS or column.dtype is not (ids or column.dtype):
        wanted = f"int64 `{prefix}indptr`, and `{prefix}column` of {ids or 'int32 or int64'}"
        raise DtypeError(message(name, wanted, f"{indptr.dtype} and {column.dtype}"))
    if indptr.dim() != 1 or indptr.shape[0] == 0 or column.dim() != 1:
        wanted = f"one-dimensional `{prefix}indptr` (num_rows + 1) and `{prefix}column`"
        raise StructureError(message(name, wanted, f"{tuple(indptr.shape)}, {tuple(column.shape)}"))


def one_per_node(name: str, indptr: Tensor, neighbor: Tensor) -> tuple[Tensor, tuple[int, int]]:
    """Check the edges of a graph by node; memory for an int64 of each node, and the numbers of nodes and edges."""
    check_compressed(name, "", indptr, neighbor)
    num = indptr.shape[0] - 1
    return indptr.new_empty(num), (num, neighbor.shape[0])


def check_values(name: str, argument: str, value: Tensor, column: Tensor) -> None:
    """Refuse values that are not one number for each entry."""
    if value.dim() != 1:
        raise ShapeError(message(name, f"one-dimensional `{argument}`", str(tuple(value.shape))))
    expect(
        value.shape[0] == column.shape[0],
        lambda: message(name, f"`{argument}` for each of {column.shape[0]} entries", str(tuple(value.shape))),
    )


def check_same_rows(name: str, expected: int, prefix: str, indptr: Tensor) -> None:
    """Refuse a matrix of another number of rows."""
    expect(
        indptr.shape[0] - 1 == expected,
        lambda: message(name, f"`{prefix}indptr` of {expected} rows", f"{indptr.shape[0] - 1} rows"),
    )


def check_count(name: str, argument: str, count: int) -> None:
    """Refuse a negative size."""
    if isinstance(count, int) and count < 0:
        raise OptionError(message(name, f"`{argument}` of at least 0", str(count)))


def new_entries(name: str, like: Tensor, total: int, features: Sequence[int] = ()) -> Tensor:
    """Memory for a result whose size only the data tell.

    Raises:
        MemoryError: if there is not so much.
    """
    try:
        return like.new_empty((total, *features))
    except RuntimeError as error:
        if not isinstance(total, int):
            raise  # a compiler's size, which takes no memory
        size = total * product(features) * like.element_size() / 2**30
        text = (
            f"{name}: the result has {total} entries, {size:.3g} GiB for one of its arrays, which cannot be allocated"
        )
        raise MemoryError(text) from error


def allocate_result(
    name: str, left: Sequence[Tensor], right: Sequence[Tensor], indptr: Tensor, total: int
) -> tuple[Tensor, Tensor]:
    """Check the values of two matrices (pointers, columns, values) and the pointers of the result; allocate that.

    Returns:
        values and columns of `total` entries.
    """
    (left_indptr, left_column, left_value), (_, right_column, right_value) = left, right
    check_compressed(name, "", indptr, left_column)
    check_same_rows(name, left_indptr.shape[0] - 1, "", indptr)
    check_same_dtype(name, left_value=left_value, right_value=right_value)
    check_values(name, "left_value", left_value, left_column)
    check_values(name, "right_value", right_value, right_column)
    check_count(name, "total", total)
    return new_entries(name, left_value, total), new_entries(name, left_column, total)


def rows_of(indptr: Tensor, column: Tensor) -> Tensor:
    """Row of each entry, int64."""
    return torch.repeat_interleave(indptr.diff(), output_size=column.shape[0])


def same_places(row: Tensor, column: Tensor) -> tuple[Tensor, Tensor]:
    """Number the places (row, column) in ascending order.

    *Shapes* `row, column: (count,)` -> the number of the place of each, `(count,)`, and which of them is the first of
    each place, `(num_places,)`, both int64.
    """
    order = torch.argsort(column, stable=True)
    order = order[torch.argsort(row[order], stable=True)]
    row, column = row[order], column[order]
    begins = torch.ones_like(order, dtype=torch.bool)
    begins[1:] = (row[1:] != row[:-1]) | (column[1:] != column[:-1])
    number = torch.empty_like(order).index_copy(0, order, begins.cumsum(0) - 1)
    return number, order[begins]


Sums = Callable[[int, Tensor, Tensor], Tensor]
"""(count, place of each term, terms) -> the sum of the terms at each of `count` places."""


def added(count: int, at: Tensor, terms: Tensor) -> Tensor:
    """Sums at places, in no order that a device keeps."""
    return torch.zeros(count, dtype=terms.dtype, device=terms.device).index_add(0, at, terms)


def paths_of(left_indptr: Tensor, left_column: Tensor, right_indptr: Tensor) -> tuple[Tensor, Tensor]:
    """The pairs of entries that meet in a product: position in the left matrix, position in the right one."""
    begin = right_indptr[left_column]
    length = right_indptr[left_column + 1] - begin
    left = torch.repeat_interleave(length)
    offset = torch.arange(left.shape[0], device=length.device) - (length.cumsum(0) - length)[left]
    return left, begin[left] + offset
