"""Rows of chosen segments, one segment after another."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import DtypeError, ShapeError, StructureError, message
from .._checks import IDS, check_rank, checked_ids, product
from .._compressed import check_count, check_same_rows, new_entries
from .._operator import FLOATS, operator
from .._registry import others
from .._segments import pointers_of
from .._sparse_samples import sample_pairs

DTYPES = (*FLOATS, torch.int8, torch.uint8, torch.bool, torch.int16, torch.int32, torch.int64)


@operator
def gather_segments(indptr: Tensor, x: Tensor, chosen: Tensor, out_indptr: Tensor, total: int) -> Tensor:
    """Copy the rows of chosen segments, one segment after another.

    `out[out_indptr[r]] .. out[out_indptr[r + 1] - 1] = x[indptr[s]] .. x[indptr[s + 1] - 1]`, where s = chosen[r]

    *Shapes* `indptr: (num_segments + 1,)`, int64; `x: (num_rows, *F)`, any dtype; `chosen: (count,)`, int32 or int64, in any
    order, several times if wanted; `out_indptr: (count + 1,)`, int64, the sums of the lengths of these segments;
    `total = out_indptr[-1]` -> `(total, *F)`.

    Raises:
        IdError: if a segment is not there.
        StructureError: if pointers contradict themselves or each other, or a segment lies outside `x`.
        ShapeError, DtypeError, DeviceError, OptionError: if arguments do not fit each other.
        MemoryError: if there is no memory for `total` rows.

    *Cost* reads and writes total x F; backward sorts positions and adds rows in the order of `chosen`.

    >>> import torch
    >>> indptr, x = torch.tensor([0, 2, 2, 3]), torch.tensor([1.0, 2.0, 3.0])
    >>> gather_segments(indptr, x, torch.tensor([2, 0]), torch.tensor([0, 1, 3]), 3)
    tensor([3., 1., 2.])
    """
    segments = checked_ids("gather_segments", "chosen", chosen, indptr.shape[0] - 1, "segments")
    begin = indptr[segments]
    length = indptr[segments + 1] - begin
    turn = torch.repeat_interleave(length)
    offset = torch.arange(turn.shape[0], device=length.device) - (length.cumsum(0) - length)[turn]
    return x[checked_ids("gather_segments", "indptr", begin[turn] + offset, x.shape[0], "rows in `x`")]


@gather_segments.outputs
def _(indptr: Tensor, x: Tensor, chosen: Tensor, out_indptr: Tensor, total: int) -> tuple[Tensor, tuple[int, ...]]:
    name = "gather_segments"
    check_rank(name, "x", x, "(num_rows, *features)")
    if indptr.dtype is not torch.int64 or out_indptr.dtype is not torch.int64 or chosen.dtype not in IDS:
        got = f"{indptr.dtype}, {out_indptr.dtype} and {chosen.dtype}"
        raise DtypeError(message(name, "int64 `indptr` and `out_indptr`, and `chosen` of int32 or int64", got))
    if indptr.dim() != 1 or indptr.shape[0] == 0 or out_indptr.dim() != 1:
        got = f"{tuple(indptr.shape)} and {tuple(out_indptr.shape)}"
        raise StructureError(message(name, "one-dimensional `indptr` (num_segments + 1) and `out_indptr`", got))
    if chosen.dim() != 1:
        raise ShapeError(message(name, "one-dimensional `chosen`", str(tuple(chosen.shape))))
    check_same_rows(name, chosen.shape[0], "out_", out_indptr)
    check_count(name, "total", total)
    features = x.shape[1:]
    dims = indptr.shape[0] - 1, x.shape[0], chosen.shape[0], total, product(features) * x.element_size()
    return new_entries(name, x, total, features), dims


gather_segments.native(
    "gather_segments",
    passes="indptr x chosen out_indptr out",
    dims="num_segments num_rows count total row_bytes",
    value="x",
    ids="chosen",
    dtypes=DTYPES,
)
gather_segments.autocast = "none"


@gather_segments.backward(of="x", saves={})
def _(
    grad: Tensor,
    needs: dict[str, bool],
    indptr: Tensor,
    x_shape: torch.Size,
    chosen: Tensor,
    out_indptr: Tensor,
    total: int,
) -> tuple[Tensor]:
    rows = torch.arange(x_shape[0], device=indptr.device)
    position = gather_segments(indptr, rows, chosen, out_indptr, total)
    segments, _, order = others.coo_to_csc(position, position, x_shape[0])
    return (others.segment_reduce(segments, grad, order),)


gather_segments.tolerance(1e-5, 1e-12, 2e-2, 2e-3)  # of the sums in backward
gather_segments.triton()


@gather_segments.samples
def _() -> Iterator[tuple[Any, ...]]:
    for at, (matrix, _other) in enumerate(sample_pairs()):
        generator = torch.Generator().manual_seed(2)
        chosen = torch.randint(max(matrix.num_rows, 1), (9 if matrix.num_rows else 0,), generator=generator)
        length = matrix.indptr.diff()[chosen]
        out_indptr = pointers_of(length)
        x = torch.randn(matrix.num_entries, *((), (3,), (2, 5))[at % 3], dtype=torch.float64, generator=generator)
        yield matrix.indptr, x, chosen.to(matrix.column.dtype), out_indptr, int(out_indptr[-1])
