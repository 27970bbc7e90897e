"""Transpose, chosen rows and chosen columns of a sparse matrix; gradients go to the values of the entries that remain."""

import torch
from torch import Tensor

from ...errors import DtypeError, OptionError, ShapeError, message
from .._checks import IDS
from .._compressed import Compressed
from .._registry import others
from .._segments import pointers_of
from ..gather_rows.gather_rows import gather_rows
from ..sparse_product.sparse_product import sparse_product
from .gather_segments import gather_segments
from .transpose_entries import transpose_entries


def transpose(matrix: Compressed) -> Compressed:
    """Exchange rows and columns.

    `out[j, i] = matrix[i, j]`

    *Shapes* `matrix: (num_rows, num_columns)`, values of any shape `(num_entries, *F)` -> `(num_columns, num_rows)`.
    Columns ascend in each row; entries of one place stay, in their order.

    Raises:
        IdError: if a column is not there.
        ShapeError, DtypeError: if the parts of the matrix do not fit each other.

    *Cost* a counting sort: O(num_entries + num_columns).

    >>> import torch
    >>> matrix = Compressed(torch.tensor([0, 2, 3]), torch.tensor([0, 2, 2]), torch.tensor([1.0, 2.0, 3.0]), 3)
    >>> indptr, column, value, _ = transpose(matrix)
    >>> indptr.tolist(), column.tolist(), value.tolist()
    ([0, 1, 1, 3], [0, 0, 1], [1.0, 2.0, 3.0])
    """
    value = matrix.column if matrix.value is None else matrix.value  # columns stand in for no values, and are dropped
    value, row, indptr = transpose_entries(matrix.indptr, matrix.column, value, matrix.num_columns)
    return Compressed(indptr, row, None if matrix.value is None else value, matrix.num_rows)


def select_rows(matrix: Compressed, rows: Tensor | slice) -> Compressed:
    """Take rows by id, or a stretch of rows.

    `out[r, j] = matrix[rows[r], j]`

    *Shapes* `matrix: (num_rows, num_columns)`, values of any shape `(num_entries, *F)`; `rows: (count,)`, int32 or
    int64, in any order, several times if wanted, or bool, `(num_rows,)` -> `(count, num_columns)`. Entries keep their
    order.

    Args:
        rows: a slice of step 1 gives views of the columns and values, and costs nothing.

    Raises:
        IdError, StructureError: if a row is not there, or pointers contradict themselves.
        ShapeError, DtypeError, OptionError: if `rows` is of another kind.

    *Cost* O(entries taken).

    >>> import torch
    >>> matrix = Compressed(torch.tensor([0, 2, 3]), torch.tensor([0, 2, 2]), torch.tensor([1.0, 2.0, 3.0]), 3)
    >>> indptr, column, value, _ = select_rows(matrix, torch.tensor([1, 0, 1]))
    >>> indptr.tolist(), column.tolist(), value.tolist()
    ([0, 1, 3, 4], [2, 0, 2, 2], [3.0, 1.0, 2.0, 3.0])
    """
    if isinstance(rows, slice):
        return _stretch(matrix, rows)
    rows = _as_ids("select_rows", "rows", rows, matrix.num_rows)
    counts = gather_rows(matrix.indptr.diff(), rows)
    indptr = pointers_of(counts)
    total = int(indptr[-1])
    column = gather_segments(matrix.indptr, matrix.column, rows, indptr, total)
    value = None if matrix.value is None else gather_segments(matrix.indptr, matrix.value, rows, indptr, total)
    return Compressed(indptr, column, value, matrix.num_columns)


def select_columns(matrix: Compressed, columns: Tensor) -> Compressed:
    """Take columns by id.

    `out[i, c] = matrix[i, columns[c]]`, the product with the matrix that has a one at each (columns[c], c)

    *Shapes* `matrix: (num_rows, num_columns)`; `columns: (count,)`, int32 or int64, in any order, several times if
    wanted, or bool, `(num_columns,)` -> `(num_rows, count)`, columns ascending, no place twice.

    Raises:
        IdError, StructureError: if a column is not there, or pointers contradict themselves.
        ShapeError, DtypeError: if `columns` is of another kind.

    *Cost* that of a sparse product whose right matrix has `count` entries.

    >>> import torch
    >>> matrix = Compressed(torch.tensor([0, 2, 3]), torch.tensor([0, 2, 2]), torch.tensor([1.0, 2.0, 3.0]), 3)
    >>> indptr, column, value, _ = select_columns(matrix, torch.tensor([2, 1, 2]))
    >>> indptr.tolist(), column.tolist(), value.tolist()
    ([0, 2, 4], [0, 2, 0, 2], [2.0, 2.0, 3.0, 3.0])
    """
    columns = _as_ids("select_columns", "columns", columns, matrix.num_columns).to(matrix.column.dtype)
    place = torch.arange(columns.shape[0], dtype=columns.dtype, device=columns.device)
    indptr, column, _ = others.coo_to_csc(columns, place, matrix.num_columns)
    return sparse_product(matrix, Compressed(indptr, column, None, columns.shape[0]))


def _stretch(matrix: Compressed, rows: slice) -> Compressed:
    first, last, step = rows.indices(matrix.num_rows)
    if step != 1:
        raise OptionError(message("select_rows", "a slice of step 1", f"step {step}", "pass the row ids as a tensor"))
    last = max(first, last)
    begin, end = int(matrix.indptr[first]), int(matrix.indptr[last])
    value = None if matrix.value is None else matrix.value[begin:end]
    return Compressed(matrix.indptr[first : last + 1] - begin, matrix.column[begin:end], value, matrix.num_columns)


def _as_ids(name: str, argument: str, chosen: Tensor, count: int) -> Tensor:
    if chosen.dim() != 1 or (chosen.dtype is torch.bool and chosen.shape[0] != count):
        wanted = f"one-dimensional `{argument}`, of length {count} if it is bool"
        raise ShapeError(message(name, wanted, str(tuple(chosen.shape))))
    if chosen.dtype is torch.bool:
        return chosen.nonzero().squeeze(1)
    if chosen.dtype not in IDS:
        raise DtypeError(message(name, f"`{argument}` of int32, int64 or bool", str(chosen.dtype)))
    return chosen
