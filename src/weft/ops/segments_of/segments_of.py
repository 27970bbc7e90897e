"""Segments of a batch vector: pointers, and an order where rows do not stand in it."""

from collections.abc import Iterator

import torch
from torch import Tensor

from ...errors import DtypeError, OptionError, ShapeError, message
from .._checks import IDS, checked_ids
from .._operator import operator
from .._torch import is_tracing, is_transforming
from ..coo_to_csc.coo_to_csc import coo_to_csc


def segments_of(batch: Tensor, num_segments: int) -> tuple[Tensor, Tensor | None]:
    """Segments of rows that name theirs, as the operators over segments take them: `(indptr, order)`.

    *Shapes* `batch: (num_rows,)`, int32 or int64, the segment of each row -> `indptr: (num_segments + 1,)`, int64, and
    `order: (num_rows,)` of the dtype of `batch`, or None if `batch` rises. Rows of a segment keep their order.

    Raises:
        IdError: if an id is negative or not below num_segments.
        ShapeError, DtypeError, OptionError: if arguments do not fit each other.

    *Cost* one pass over ids that rise, and a counting sort of others. A compiler cannot look at the ids: there the order is
    always made.

    >>> import torch
    >>> segments_of(torch.tensor([0, 0, 2]), 3)
    (tensor([0, 2, 2, 3]), None)
    >>> segments_of(torch.tensor([2, 0, 0]), 3)
    (tensor([0, 2, 2, 3]), tensor([1, 2, 0]))
    """
    if not (is_tracing() or is_transforming()):
        indptr, is_sorted = sorted_pointers(batch, num_segments)
        if not indptr.is_meta and is_sorted:
            return indptr, None
    indptr, _, order = coo_to_csc(batch, batch, num_segments)
    return indptr, order


@operator
def sorted_pointers(batch: Tensor, num_segments: int) -> tuple[Tensor, Tensor]:
    """Find where each segment begins if the ids of segments rise, and whether they do.

    *Shapes* `batch: (num_rows,)`, int32 or int64 -> `indptr: (num_segments + 1,)`, int64, of zeros if the ids
    do not rise; 1 or 0, `()`, int64.

    Raises:
        IdError: if an id is negative or not below num_segments.
        ShapeError, DtypeError, OptionError: if arguments do not fit each other.

    *Cost* one pass.

    >>> import torch
    >>> sorted_pointers(torch.tensor([0, 0, 2]), 3)
    (tensor([0, 2, 2, 3]), tensor(1))
    """
    ids = checked_ids("sorted_pointers", "batch", batch, num_segments, "segments")
    is_sorted = (ids[1:] >= ids[:-1]).all()
    counts = torch.zeros(num_segments + 1, dtype=torch.int64, device=batch.device)
    counts = counts.scatter_add(0, ids + 1, torch.ones_like(ids)).cumsum(0)
    return counts * is_sorted, is_sorted.long()


@sorted_pointers.outputs
def _(batch: Tensor, num_segments: int) -> tuple[tuple[Tensor, Tensor], tuple[int, ...]]:
    name = "sorted_pointers"
    if batch.dtype not in IDS:
        raise DtypeError(message(name, "`batch` of int32 or int64", str(batch.dtype)))
    if batch.dim() != 1:
        raise ShapeError(message(name, "`batch` of shape (num_rows,)", str(tuple(batch.shape))))
    if isinstance(num_segments, int) and num_segments < 0:
        raise OptionError(message(name, "`num_segments` of at least 0", str(num_segments)))
    made = batch.new_empty(num_segments + 1, dtype=torch.int64), batch.new_empty((), dtype=torch.int64)
    return made, (batch.shape[0], num_segments)


sorted_pointers.native(
    "sorted_pointers",
    passes="batch indptr is_sorted",
    dims="num_rows num_segments",
    value="batch",
    ids="batch",
    dtypes=IDS,
)
sorted_pointers.autocast = "none"
sorted_pointers.vendor()


@sorted_pointers.samples
def _() -> Iterator[tuple[Tensor, int]]:
    for count, num_segments, dtype in (
        (40, 5, torch.int64),
        (0, 3, torch.int32),
        (0, 0, torch.int64),
        (9, 1, torch.int32),
        (20, 50, torch.int32),
        (70000, 300, torch.int64),
    ):
        batch = torch.randint(max(num_segments, 1), (count,)).to(dtype)
        yield batch.sort().values, num_segments
        yield batch, num_segments
