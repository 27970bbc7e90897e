"""Where a value stands in a segment whose rows ascend."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import DtypeError, ShapeError, StructureError, message
from .._checks import IDS, checked_ids, expect
from .._compressed import rows_of
from .._operator import operator
from .._sparse_samples import random_matrix


@operator
def segment_search(indptr: Tensor, x: Tensor, segment: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    """Find the rows of a value in a segment, by binary search.

    `first[q] .. last[q] - 1` are the rows p of segment `segment[q]` with `x[p] = value[q]`; where there is none, both are
    the row before which the value would stand.

    *Shapes* `indptr: (num_segments + 1,)`, int64; `x: (num_rows,)`, ascending in each segment; `segment: (count,)`, int64;
    `value: (count,)`, of the dtype of `x`, int32 or int64 -> first and last, `(count,)`, int64. In a segment that does not
    ascend they are rows of it, or its end, and mean nothing.

    Raises:
        IdError: if a segment is not there.
        StructureError: if a segment that is searched lies outside `x`.
        ShapeError, DtypeError, DeviceError: if arguments do not fit each other.

    *Cost* O(count x log(rows of a segment)).

    >>> import torch
    >>> indptr, x = torch.tensor([0, 3, 3, 5]), torch.tensor([1, 4, 4, 0, 2])
    >>> segment_search(indptr, x, torch.tensor([0, 1, 2]), torch.tensor([4, 4, 1]))
    (tensor([1, 3, 4]), tensor([3, 3, 4]))
    """
    asked = checked_ids("segment_search", "segment", segment, indptr.shape[0] - 1, "segments")
    values, rank = torch.cat((x, value)).unique(return_inverse=True)
    places = rows_of(indptr, x) * values.shape[0] + rank[: x.shape[0]]
    wanted = asked * values.shape[0] + rank[x.shape[0] :]
    return torch.searchsorted(places, wanted), torch.searchsorted(places, wanted, right=True)


@segment_search.outputs
def _(indptr: Tensor, x: Tensor, segment: Tensor, value: Tensor) -> tuple[Any, tuple[int, ...]]:
    name = "segment_search"
    if (indptr.dtype, segment.dtype) != (torch.int64, torch.int64) or x.dtype not in IDS or value.dtype is not x.dtype:
        got = f"{indptr.dtype}, {segment.dtype}, {x.dtype} and {value.dtype}"
        raise DtypeError(
            message(name, "int64 `indptr` and `segment`, and `x` and `value` both int32 or both int64", got)
        )
    if indptr.dim() != 1 or indptr.shape[0] == 0:
        raise StructureError(message(name, "one-dimensional `indptr` (num_segments + 1)", str(tuple(indptr.shape))))
    if (x.dim(), segment.dim(), value.dim()) != (1, 1, 1):
        got = f"{tuple(x.shape)}, {tuple(segment.shape)} and {tuple(value.shape)}"
        raise ShapeError(message(name, "one-dimensional `x`, `segment` and `value`", got))
    expect(
        segment.shape[0] == value.shape[0],
        lambda: message(name, "as many segments as values", f"{segment.shape[0]} and {value.shape[0]}"),
    )
    made = segment.new_empty(segment.shape[0]), segment.new_empty(segment.shape[0])
    return made, (indptr.shape[0] - 1, x.shape[0], segment.shape[0])


segment_search.native(
    "segment_search",
    passes="indptr x segment value first last",
    dims="num_segments num_rows count",
    value="x",
    ids="x",
    dtypes=IDS,
)
segment_search.autocast = "none"
segment_search.triton()


@segment_search.samples
def _() -> Iterator[tuple[Any, ...]]:
    for rows, columns, entries, count, dtype in (
        (12, 9, 40, 60, torch.int64),
        (1, 1, 3, 2, torch.int32),
        (7, 300, 900, 400, torch.int32),
        (4, 5, 0, 9, torch.int64),
        (0, 0, 0, 0, torch.int32),
        (3, 40000, 30000, 50000, torch.int32),
    ):
        matrix = random_matrix(rows, columns, entries, dtype=dtype)
        x = torch.cat(
            [part.sort().values for part in matrix.column.split(matrix.indptr.diff().tolist())] or [matrix.column]
        )
        generator = torch.Generator().manual_seed(4)
        segment = torch.randint(max(rows, 1), (count,), generator=generator)
        value = torch.randint(-1, columns + 1, (count,), generator=generator).to(dtype)
        yield matrix.indptr, x, segment, value
