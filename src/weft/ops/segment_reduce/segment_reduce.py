"""Reduction of segments: consecutive rows, or rows listed by an order, reduce to one row each."""

from collections.abc import Iterator
from typing import Any, Literal

import torch
from torch import Tensor

from ...errors import check_choice
from .._checks import product
from .._compressed import rows_of
from .._operator import operator_hiding
from .._registry import others
from .._segments import (
    VALUES,
    along,
    as_structure,
    check_float,
    check_segments,
    rows_listed,
    sample_segments,
)
from .._winners import winners
from .place_values import place_values

SegmentReduce = Literal["sum", "mean", "max", "min", "mul", "var", "std"]
REDUCERS = ("sum", "mean", "max", "min", "mul", "var", "std")
FRACTIONS = ("mean", "var", "std")  # have no result in integers


@operator_hiding("winner")
def segment_reduce(
    indptr: Tensor, x: Tensor, order: Tensor | None = None, reduce: SegmentReduce = "sum"
) -> tuple[Tensor, Tensor | None]:
    """Reduce segments of rows to one row each.

    `out[i] = reduce over p in indptr[i] .. indptr[i + 1] of x[order[p]]`, or of `x[p]` without `order`

    *Shapes* `indptr: (num_segments + 1,)`, int64; `x: (num_rows, *F)`; `order: (num_rows,)`, a permutation ->
    `(num_segments, *F)`. An empty segment gets 0.

    Args:
        reduce: of equal values max and min pass the gradient to the first in the segment; mean, var and std divide by the
            number of rows, and at zero variance the gradient of std is 0; NaN propagates. Integers have sum, max, min and mul,
            and wrap around like torch's.

    Raises:
        ShapeError, DtypeError, DeviceError, OptionError: if arguments do not fit each other.
        IdError, StructureError: if `order` points outside `x`, or `indptr` does not run from 0 to num_rows in rising steps.

    *Cost* reads each row once. float16 and bfloat16 accumulate in float32. Backward of var, std and mul keeps `x`, and
    that of mul makes several tensors of its size; the second derivative of mul is exact for segments without a 0.

    >>> import torch
    >>> segment_reduce(torch.tensor([0, 2, 2, 3]), torch.tensor([1.0, 2.0, 3.0]), reduce="mean")
    tensor([1.5000, 0.0000, 3.0000])
    """
    listed, segment, count = (
        rows_listed("segment_reduce", x, order),
        rows_of(indptr, x),
        indptr.shape[0] - 1,
    )
    rows = x[listed]
    if reduce in ("max", "min"):
        winner = winners(rows.detach(), segment, count, reduce)
        padded = torch.cat((rows, rows.new_zeros((1, *rows.shape[1:]))))  # row -1 answers for empty segments
        found = padded.gather(0, winner.where(winner >= 0, x.shape[0]))
        return found, winner.to(indptr.dtype if order is None else order.dtype)
    zeros = x.new_zeros((count, *x.shape[1:]))
    if reduce == "mul":
        index = along(segment, x).expand_as(rows)
        return zeros.scatter_reduce(0, index, rows, "prod", include_self=False), None
    total = zeros.index_add(0, segment, rows)
    if reduce == "sum":
        return total, None
    degree = along(indptr.diff().clamp(min=1), x)
    if reduce == "mean":
        return total / degree, None
    var = zeros.index_add(0, segment, (rows - (total / degree)[segment]).square()) / degree
    if reduce == "var":
        return var, None
    return var.where(var > 0, torch.ones_like(var)).sqrt().where(var > 0, var.detach()), None


@segment_reduce.outputs
def _(indptr: Tensor, x: Tensor, order: Tensor | None, reduce: SegmentReduce) -> tuple[Any, tuple[int, ...]]:
    check_choice("segment_reduce", "reduce", reduce, REDUCERS)
    segments, rows, features = check_segments("segment_reduce", indptr, x, order)
    if reduce in FRACTIONS:
        check_float("segment_reduce", x, reduce)
    ids = indptr if order is None else order
    winner = ids.new_empty((segments, *features)) if reduce in ("max", "min") else None
    return (x.new_empty((segments, *features)), winner), (segments, rows, product(features), REDUCERS.index(reduce))


segment_reduce.native(
    "segment_reduce",
    passes="indptr x order out winner",
    dims="num_segments num_rows features reduce",
    value="x",
    ids="order",
    dtypes=VALUES,
)


@segment_reduce.backward(of="x", saves={"x": "reduce=mul var std", "out": "reduce=std", "winner": ""})
def _(
    grad: Tensor, needs: dict[str, bool], indptr: Tensor, x: Tensor | None, x_shape: torch.Size, order: Tensor | None,
    reduce: SegmentReduce, out: Tensor | None, winner: Tensor | None,
) -> tuple[Tensor]:  # fmt: skip
    if reduce in ("sum", "mean"):
        return (_spread(indptr, grad if reduce == "sum" else grad / _degree(indptr, grad), order, x_shape[0]),)
    if reduce in ("var", "std"):
        assert x is not None, "x is saved for var and std"
        return (_spread_from_mean(grad, indptr, x, order, out),)
    if reduce == "mul":
        assert x is not None, "x is saved for mul"
        return (_product_of_others(grad, indptr, x, order),)
    assert winner is not None, "max and min save their winners"
    if order is not None:
        listed = torch.cat((order, order.new_full((1,), -1)))  # the last place answers for empty segments
        winner = listed[winner.long()]
    return (place_values(winner, grad, x_shape[0]),)  # segments are disjoint: no row is named twice in a column


def _degree(indptr: Tensor, like: Tensor) -> Tensor:
    return along(indptr.diff().clamp(min=1), like)


def _spread(indptr: Tensor, values: Tensor, order: Tensor | None, num_rows: int) -> Tensor:
    """The value of its segment for each row."""
    return others.sddmm(as_structure(indptr, num_rows, order), values, None, "copy", "target")  # type: ignore[no-any-return]


def _spread_from_mean(grad: Tensor, indptr: Tensor, x: Tensor, order: Tensor | None, std: Tensor | None) -> Tensor:
    """`2 grad / degree * (x - mean)`, and over twice the deviation for std; 0 where that is 0."""
    dtype, exact = x.dtype, torch.promote_types(x.dtype, torch.float32)
    if dtype is not exact:  # a rounded mean would leave nothing of small deviations
        x, grad = x.to(exact), grad.to(exact)
        std = None if std is None else segment_reduce(indptr, x, order, "std")
    share = (grad if std is not None else 2 * grad) / _degree(indptr, grad)
    if std is not None:
        share = (share / std.where(std != 0, torch.ones_like(std))).where(std != 0, torch.zeros_like(std))
    rows = as_structure(indptr, x.shape[0], order)
    away = others.sddmm(rows, segment_reduce(indptr, x, order, "mean"), x, "sub", "target", "edge")
    return others.sddmm(rows, -share, away, "mul", "target", "edge").to(dtype)  # type: ignore[no-any-return]


def _product_of_others(grad: Tensor, indptr: Tensor, x: Tensor, order: Tensor | None) -> Tensor:
    """The gradient times the product of the other rows, from that of the rows that are not 0 and the number of zeros."""
    is_zero, none = x == 0, torch.zeros_like(grad)
    divisor = x.where(~is_zero, torch.ones_like(x))
    gain = grad * segment_reduce(indptr, divisor, order, "mul")
    zeros = segment_reduce(indptr, is_zero.to(x.dtype), order)
    of_others = _spread(indptr, gain.where(zeros == 0, none), order, x.shape[0]) / divisor
    return of_others.where(~is_zero, _spread(indptr, gain.where(zeros == 1, none), order, x.shape[0]))


segment_reduce.tolerance(1e-5, 1e-12, 2e-2, 2e-3)
segment_reduce.triton()


@segment_reduce.samples
def _() -> Iterator[tuple[Any, ...]]:
    for indptr, x, order in sample_segments((5,), (), (3, 7), (33,)):
        for reduce in REDUCERS:
            yield indptr, x, order, reduce
