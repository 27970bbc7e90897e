"""What operators over segments share: the checks of their arguments, segments in plain torch, and samples."""

from collections.abc import Iterator

import torch
from torch import Tensor

from ..errors import DtypeError, StructureError, message
from ._checks import IDS, check_rank, checked_ids, expect
from ._operator import FLOATS
from ._samples import sample_structures
from ._structure import Structure

VALUES = (*FLOATS, torch.int32, torch.int64)  # dtypes that the kernels of segments know


def check_segments(name: str, indptr: Tensor, x: Tensor, order: Tensor | None) -> tuple[int, int, tuple[int, ...]]:
    """Refuse segments that do not fit `x`; the number of segments, that of rows, and the shape of a row."""
    check_rank(name, "x", x, "(num_rows, *features)")
    if indptr.dtype is not torch.int64 or (order is not None and order.dtype not in IDS):
        got = f"{indptr.dtype} and {None if order is None else order.dtype}"
        raise DtypeError(message(name, "int64 `indptr`, and `order` int32, int64 or None", got))
    if indptr.dim() != 1 or indptr.shape[0] == 0 or (order is not None and order.dim() != 1):
        raise StructureError(
            message(
                name, "`indptr` of shape (num_segments + 1,) and `order` of shape (num_rows,)", str(tuple(indptr.shape))
            )
        )
    rows, features = x.shape[0], x.shape[1:]
    if order is not None:
        expect(
            order.shape[0] == rows,
            lambda: message(name, f"`order` to list all {rows} rows of `x`", str(tuple(order.shape))),
        )
    return indptr.shape[0] - 1, rows, features


def check_float(name: str, x: Tensor, what: str) -> None:
    """Refuse integers where only floating-point values have a result."""
    if not x.is_floating_point():
        raise DtypeError(message(name, f"`x` in floating point for {what}", str(x.dtype), "convert it with .float()"))


def rows_listed(name: str, x: Tensor, order: Tensor | None) -> Tensor:
    """The row at each position, int64, for the references."""
    if order is None:
        return torch.arange(x.shape[0], device=x.device)
    return checked_ids(name, "order", order, x.shape[0], "rows in `x`")


def as_structure(indptr: Tensor, num_rows: int, order: Tensor | None) -> Structure:
    """Rows as edges that enter their segment; nobody reads the sources, so that nothing has to be written there."""
    return Structure(indptr, indptr.new_empty(num_rows) if order is None else order, order)


def pointers_of(lengths: Tensor) -> Tensor:
    """Where segments of these lengths begin, and the last one ends.

    *Shapes* `lengths: (num_segments,)`, integers -> `(num_segments + 1,)`, int64

    >>> pointers_of(torch.tensor([2, 0, 3])).tolist()
    [0, 2, 2, 5]
    """
    indptr = lengths.new_empty(lengths.shape[0] + 1, dtype=torch.int64)
    indptr[0] = 0
    torch.cumsum(lengths, 0, dtype=torch.int64, out=indptr[1:])  # in place: a copy costs as much as the sum
    return indptr


def along(per_row: Tensor, x: Tensor) -> Tensor:
    """One value a row, shaped to broadcast over the features of `x`."""
    return per_row.reshape(-1, *(1,) * (x.dim() - 1))


def sample_segments(*features: tuple[int, ...]) -> Iterator[tuple[Tensor, Tensor, Tensor | None]]:
    """(indptr, x, order): empty segments, segments of one row, permuted rows."""
    for rows, _ in sample_structures():
        for shape in features:
            yield rows.indptr, torch.randn(rows.num_edges, *shape, dtype=torch.float64), rows.edge
