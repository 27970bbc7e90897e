"""Rows in segments: reductions, softmax, and a matrix for each."""

from __future__ import annotations

from torch import Tensor

from ... import ops
from ...errors import OptionError, ShapeError, check_choice, message

REDUCERS = ("sum", "mean", "max", "min")


def segment_reduce(seglen: Tensor, value: Tensor, reducer: str = "sum") -> Tensor:
    """Reduce segments of rows to one row each.

    *Shapes* `seglen: (num_segments,)`, which add up to num_rows; `value: (num_rows, *F)` -> `(num_segments, *F)`; 0 for an
    empty segment.

    Raises:
        OptionError, ShapeError: if the reducer does not exist, or lengths do not add up to the rows.

    >>> import torch
    >>> segment_reduce(torch.tensor([2, 0, 1]), torch.tensor([1.0, 2.0, 3.0]), "mean")
    tensor([1.5000, 0.0000, 3.0000])
    """
    check_choice("segment_reduce", "reducer", reducer, REDUCERS)
    return ops.segment_reduce(_pointers("segment_reduce", seglen, value), value, None, reducer)  # type: ignore[arg-type]


def segment_softmax(seglen: Tensor, value: Tensor) -> Tensor:
    """Take the softmax over the rows of each segment, feature by feature.

    *Shapes* `seglen: (num_segments,)`, which add up to num_rows; `value: (num_rows, *F)` -> the same.

    Raises:
        ShapeError: if lengths do not add up to the rows.

    >>> import torch
    >>> segment_softmax(torch.tensor([2, 1]), torch.tensor([0.0, 0.0, 5.0]))
    tensor([0.5000, 0.5000, 1.0000])
    """
    return ops.segment_softmax(_pointers("segment_softmax", seglen, value), value)


def segment_mm(a: Tensor, b: Tensor, seglen_a: Tensor) -> Tensor:
    """Multiply each segment of rows by a matrix of its own.

    *Shapes* `a: (num_rows, in_features)`; `b: (num_segments, in_features, out_features)`; `seglen_a: (num_segments,)`, on any
    device, which add up to num_rows -> `(num_rows, out_features)`.

    Raises:
        ShapeError: if shapes do not fit each other.

    >>> import torch
    >>> segment_mm(torch.tensor([[1.0], [2.0]]), torch.tensor([[[10.0]], [[100.0]]]), torch.tensor([1, 1])).tolist()
    [[10.0], [200.0]]
    """
    return ops.segment_matmul(_pointers("segment_mm", seglen_a, a), a, b)


def _pointers(where: str, lengths: Tensor, rows: Tensor) -> Tensor:
    if not isinstance(lengths, Tensor) or lengths.dim() != 1 or lengths.is_floating_point():
        got = str(tuple(lengths.shape)) if isinstance(lengths, Tensor) else type(lengths).__name__
        raise OptionError(message(where, "a tensor of integers with the length of each segment", got))
    indptr = ops.pointers_of(lengths.to(rows.device))
    if indptr.device.type == "cpu" and (rows.dim() == 0 or int(indptr[-1]) != rows.shape[0]):
        raise ShapeError(message(where, f"lengths that add up to {rows.shape[0]} rows", str(int(indptr[-1]))))
    return indptr
