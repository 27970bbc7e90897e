"""Reduction of segments: consecutive rows, or rows listed by an order, reduce to one row each."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import DtypeError, StructureError, message
from .._checks import IDS, check_option, check_rank, checked_ids, expect, product
from .._operator import operator_hiding
from .._registry import others
from .._samples import sample_structures
from .._structure import Structure
from ..spmm.spmm import REDUCERS, Reduce, spmm


@operator_hiding("winner")
def segment_reduce(
    indptr: Tensor, x: Tensor, order: Tensor | None = None, reduce: Reduce = "sum"
) -> tuple[Tensor, Tensor | None]:
    """Reduce segments of rows to one row each.

    `out[i] = reduce over p in indptr[i] .. indptr[i + 1] of x[order[p]]`, or of `x[p]` without `order`

    *Shapes* `indptr: (num_segments + 1,)`, int64; `x: (num_rows, *F)`; `order: (num_rows,)`, a permutation ->
    `(num_segments, *F)`. An empty segment gets 0.

    Args:
        reduce: of equal values max and min pass the gradient to the first in the segment; NaN propagates.

    Raises:
        ShapeError, DtypeError, DeviceError, OptionError: if arguments do not fit each other.
        IdError, StructureError: if `order` points outside `x`, or `indptr` does not run from 0 to num_rows in rising steps.

    *Cost* reads each row once. float16 and bfloat16 accumulate in float32.

    >>> import torch
    >>> segment_reduce(torch.tensor([0, 2, 2, 3]), torch.tensor([1.0, 2.0, 3.0]), reduce="mean")
    tensor([1.5000, 0.0000, 3.0000])
    """
    return spmm.reference(_as_structure(indptr, x, order), x, None, reduce)  # type: ignore[return-value]


def _as_structure(indptr: Tensor, x: Tensor, order: Tensor | None) -> Structure:
    if order is None:
        return Structure(indptr, torch.arange(x.shape[0], device=x.device))
    return Structure(indptr, checked_ids("segment_reduce", "order", order, x.shape[0], "rows in `x`").to(order.dtype))


@segment_reduce.outputs
def _(indptr: Tensor, x: Tensor, order: Tensor | None, reduce: Reduce) -> tuple[Any, tuple[int, ...]]:
    name = "segment_reduce"
    check_option(name, "reduce", reduce, REDUCERS)
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
    segments = indptr.shape[0] - 1
    ids = indptr if order is None else order
    winner = ids.new_empty((segments, *features)) if reduce in ("max", "min") else None
    return (x.new_empty((segments, *features)), winner), (segments, rows, product(features), REDUCERS.index(reduce))


segment_reduce.native(
    "segment_reduce",
    passes="indptr x order out winner",
    dims="num_segments num_rows features reduce",
    value="x",
    ids="order",
)


@segment_reduce.backward(of="x", saves={"winner": ""})
def _(
    grad: Tensor,
    needs: dict[str, bool],
    indptr: Tensor,
    x_shape: torch.Size,
    order: Tensor | None,
    reduce: Reduce,
    winner: Tensor | None,
) -> tuple[Tensor]:
    if reduce in ("sum", "mean"):
        if reduce == "mean":
            grad = grad / indptr.diff().clamp(min=1).reshape(-1, *(1,) * (grad.dim() - 1))
        # A copy from targets reads no source, so that nothing has to be written there.
        listed = grad.new_empty(x_shape[0], dtype=torch.int64) if order is None else order
        return (others.sddmm(Structure(indptr, listed, order), grad, None, "copy", "target"),)
    assert winner is not None, "max and min save their winners"
    # Segments are disjoint: each value meets a zero, and the order of additions cannot matter.
    spread = torch.zeros(x_shape, dtype=grad.dtype, device=grad.device)
    if not x_shape[0]:
        return (spread,)
    at = winner.clamp(min=0).long()
    at = at if order is None else order.long()[at]
    return (spread.scatter_add(0, at, grad.where(winner >= 0, torch.zeros((), dtype=grad.dtype, device=grad.device))),)


segment_reduce.tolerance(1e-5, 1e-12, 2e-2, 2e-3)
segment_reduce.lacks("triton", issue=8)


@segment_reduce.samples
def _() -> Iterator[tuple[Any, ...]]:
    for rows, _count in sample_structures():
        for features in ((5,), (), (3, 7), (33,)):
            for reduce in REDUCERS:
                yield rows.indptr, torch.randn(rows.num_edges, *features, dtype=torch.float64), rows.edge, reduce
