"""The k highest or lowest values of each segment, and rows chosen by a score."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import DtypeError, OptionError, ShapeError, message
from .._checks import product
from .._operator import operator
from .._registry import others
from .._segments import VALUES, check_segments, pointers_of, sample_segments
from ..segment_sort.segment_sort import segment_sort, sorted_rows


@operator
def segment_topk(
    indptr: Tensor, x: Tensor, k: int, order: Tensor | None = None, largest: bool = True
) -> tuple[Tensor, Tensor]:
    """Give the k highest values of each segment, feature by feature, best first.

    `values[i, r, c] = x[index[i, r, c], c]`, the value that stands at r when the segment is sorted

    *Shapes* `indptr: (num_segments + 1,)`, int64; `x: (num_rows, *F)`; `order: (num_rows,)`, a permutation, or None for rows that
    stand in the order of segments -> values and index, int64, `(num_segments, k, *F)`. Where a segment has fewer than k rows, the
    value is 0 and the index -1.

    Args:
        largest: the highest values; False for the lowest. Of equal values the first comes first, and NaN is above everything,
            as in torch.topk.

    Raises:
        ShapeError, DtypeError, DeviceError, OptionError: if arguments do not fit each other.
        IdError, StructureError: if `order` points outside `x`, or `indptr` does not run from 0 to num_rows in rising steps.

    *Cost* reads x once, writes k rows a segment. A gradient to `x` is one scatter.

    >>> import torch
    >>> values, index = segment_topk(torch.tensor([0, 3, 4]), torch.tensor([1.0, 3.0, 2.0, 5.0]), 2)
    >>> values.tolist(), index.tolist()
    ([[3.0, 2.0], [5.0, 0.0]], [[1, 2], [3, -1]])
    """
    values, index = sorted_rows("segment_topk", indptr, x, order, largest)
    at = indptr[:-1].unsqueeze(1) + torch.arange(k, device=x.device)
    at = at.where(at < indptr[1:].unsqueeze(1), x.shape[0])  # the row behind the last one answers for what is not there
    values = torch.cat((values, values.new_zeros((1, *x.shape[1:]))))
    return values[at], torch.cat((index, index.new_full((1, *x.shape[1:]), -1)))[at]


@segment_topk.outputs
def _(indptr: Tensor, x: Tensor, k: int, order: Tensor | None, largest: bool) -> tuple[Any, tuple[int, ...]]:
    segments, rows, features = check_segments("segment_topk", indptr, x, order)
    if isinstance(k, int) and k < 0:
        raise OptionError(message("segment_topk", "`k` of at least 0", str(k)))
    shape = (segments, k, *features)
    made = (x.new_empty(shape), x.new_empty(shape, dtype=torch.int64))
    return made, (segments, rows, product(features), k, int(largest))


segment_topk.native(
    "segment_topk",
    passes="indptr x order values index",
    dims="num_segments num_rows features k largest",
    value="x",
    ids="order",
    dtypes=VALUES,
)
segment_topk.autocast = "none"


@segment_topk.backward(of="x", saves={"index": ""}, outputs="values index")
def _(grads: tuple[Tensor, Tensor | None], needs: dict[str, bool], x_shape: torch.Size, index: Tensor) -> tuple[Tensor]:
    return (others.place_values(index.flatten(0, 1), grads[0].flatten(0, 1), x_shape[0]),)


segment_topk.tolerance(1e-5, 1e-12, 2e-2, 2e-3)
segment_topk.vendor()


@segment_topk.samples
def _() -> Iterator[tuple[Any, ...]]:
    for indptr, x, order in sample_segments((5,), (), (2, 17)):
        for k, largest in ((3, True), (1, False)):
            yield indptr, x, k, order, largest
    lengths = torch.tensor([300, 0, 2000, 1])
    indptr = torch.cat((torch.zeros(1, dtype=torch.int64), lengths.cumsum(0)))
    x = (torch.randn(2301, 2, dtype=torch.float64) * 8).round() / 8
    yield indptr, x, 40, torch.randperm(2301), True
    yield indptr, x, 400, None, False


def top_rows(
    indptr: Tensor, score: Tensor, k: int | float | Tensor, *, order: Tensor | None = None, largest: bool = True
) -> tuple[Tensor, Tensor]:
    """Choose the rows of highest score in each segment, best first.

    Take them with `gather_rows(x, rows)`; the result is in segments of the pointers that come back.

    *Shapes* `indptr: (num_segments + 1,)`, int64; `score: (num_rows,)`; `order: (num_rows,)` or None -> pointers,
    `(num_segments + 1,)`, and rows, `(chosen,)`, both int64.

    Args:
        k: an int, rows of each segment; a float, the share of them, rounded up; or `(num_segments,)` of int64, a number
            for each. A segment with fewer rows gives all of them.
        largest: the highest scores; False for the lowest.

    Raises:
        ShapeError, DtypeError, OptionError: if arguments do not fit each other.
        IdError, StructureError: if `order` points outside `score`, or `indptr` contradicts itself.

    *Cost* that of segment_sort, and a pass over what is chosen. The number of rows depends on the data: under torch.compile the
    graph breaks here.

    >>> import torch
    >>> pointers, rows = top_rows(torch.tensor([0, 3, 4]), torch.tensor([1.0, 3.0, 2.0, 5.0]), 0.5)
    >>> pointers.tolist(), rows.tolist()
    ([0, 2, 3], [1, 2, 3])
    """
    if score.dim() != 1:
        raise ShapeError(message("top_rows", "`score` of shape (num_rows,)", str(tuple(score.shape))))
    _, index = segment_sort(indptr, score.detach(), order, largest)
    degree = indptr.diff()
    counts = _chosen(degree, k)
    pointers = pointers_of(counts)
    total = int(pointers[-1])
    begin = torch.repeat_interleave(indptr[:-1] - pointers[:-1], counts, output_size=total)
    return pointers, index[begin + torch.arange(total, device=index.device)]


def _chosen(degree: Tensor, k: int | float | Tensor) -> Tensor:
    """How many rows of each segment are chosen."""
    if isinstance(k, Tensor):
        return torch.minimum(_checked_counts(degree, k), degree)
    if not k >= 0:
        raise OptionError(message("top_rows", "`k` of at least 0", str(k)))
    if isinstance(k, float):
        # 0.1 of 30 rows are 3 rows, though the product lies a little above 3.
        return torch.minimum((k * degree.double() - 1e-9).ceil().long(), degree)
    return degree.clamp(max=k)


def _checked_counts(degree: Tensor, counts: Tensor) -> Tensor:
    if counts.dtype is not torch.int64:
        raise DtypeError(message("top_rows", "`k` of int64", str(counts.dtype)))
    if counts.shape != degree.shape:
        got = str(tuple(counts.shape))
        raise ShapeError(message("top_rows", f"`k` with a number for each of {degree.shape[0]} segments", got))
    if (counts < 0).any():
        raise OptionError(message("top_rows", "`k` of at least 0", str(int(counts.min()))))
    return counts
