"""A list of edges, several at one place, becomes a sparse matrix with one entry for each place."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ...errors import ShapeError, StructureError, message
from .._checks import IDS, checked_ids, expect
from .._compressed import Compressed, check_compressed, check_count, check_same_rows, new_entries, rows_of, same_places
from .._operator import operator
from .._registry import others
from .._sparse_samples import sample_pairs
from ..segment_reduce.segment_reduce import SegmentReduce


class Coalesced(NamedTuple):
    """A matrix with one entry for each place, and which edges became which entry.

    *Shapes* `segments: (num_entries + 1,)`, int64, and `order: (num_edges,)`: the edges of entry p are `order[segments[p]]`
    to `order[segments[p + 1] - 1]`, in the order given, so that `segment_reduce(segments, x, order, reduce)` reduces any
    feature of the edges.

    >>> import torch
    >>> found = coalesce(torch.tensor([1, 0, 1]), torch.tensor([0, 2, 0]), num_rows=2, num_columns=3)
    >>> found.order, found.slots()
    (tensor([1, 0, 2]), tensor([1, 0, 1]))
    """

    matrix: Compressed
    segments: Tensor
    order: Tensor

    def slots(self) -> Tensor:
        """The entry that each edge became, (num_edges,), in the dtype of `order`."""
        entry = rows_of(self.segments, self.order).to(self.order.dtype)
        return torch.empty_like(self.order).index_copy(0, self.order.long(), entry)


def coalesce(
    row: Tensor,
    column: Tensor,
    value: Tensor | None = None,
    *,
    num_rows: int,
    num_columns: int,
    reduce: SegmentReduce = "sum",
) -> Coalesced:
    """Sort edges by place and reduce those of one place to one entry.

    `out[i, j] = reduce over the edges e with row[e] = i, column[e] = j of value[e]`

    *Shapes* `row, column: (num_edges,)`, both int32 or both int64; `value: (num_edges, *F)` -> a matrix of the places
    that occur, columns ascending in each row; its values are `(num_entries, *F)`, None without `value`.

    Args:
        reduce: as for `segment_reduce`, through which gradients go to `value`; of equal values max and min take the
            first edge.

    Raises:
        ShapeError, DtypeError, DeviceError, OptionError: if arguments do not fit each other.
        IdError: if a row or a column is not there.

    *Cost* a counting sort by row, then O(num_edges) with a set of num_columns / 4 bytes a thread: nothing is compared.

    >>> import torch
    >>> row, column = torch.tensor([1, 0, 1]), torch.tensor([0, 2, 0])
    >>> indptr, column, value, _ = coalesce(row, column, torch.tensor([1.0, 2.0, 4.0]), num_rows=2, num_columns=3).matrix
    >>> indptr.tolist(), column.tolist(), value.tolist()
    ([0, 1, 2], [2, 0], [2.0, 5.0])
    """
    check_count("coalesce", "num_columns", num_columns)
    edge_indptr, listed, edge = others.coo_to_csc(row, column, num_rows)
    nothing = listed.new_empty(0)
    indptr = others.sparse_union_indptr(edge_indptr, listed, torch.zeros_like(edge_indptr), nothing, num_columns)
    found = coalesce_entries(edge_indptr, listed, edge, indptr, num_columns, int(indptr[-1]))
    reduced = None if value is None else _reduced(value, row, found, reduce)
    return Coalesced(Compressed(indptr, found[0], reduced, num_columns), *found[1:])


def _reduced(value: Tensor, row: Tensor, found: tuple[Tensor, ...], reduce: SegmentReduce) -> Tensor:
    if value.dim() == 0:
        raise ShapeError(message("coalesce", "`value` of shape (num_edges, *features)", "a tensor without dimensions"))
    expect(
        value.shape[0] == row.shape[0],
        lambda: message("coalesce", f"`value` for each of {row.shape[0]} edges", str(tuple(value.shape))),
    )
    _, segments, order = found
    return others.segment_reduce(segments, value, order, reduce)  # type: ignore[no-any-return]


@operator
def coalesce_entries(
    edge_indptr: Tensor, column: Tensor, edge: Tensor, indptr: Tensor, num_columns: int, total: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Places of edges that are compressed by row, for the pointers that `sparse_union_indptr` gave.

    *Shapes* `edge_indptr, indptr: (num_rows + 1,)`, int64; `column, edge: (num_edges,)`, both int32 or both int64, as
    `coo_to_csc` gives them; `total = indptr[-1]` -> `(total,)`, the columns, ascending in each row; `(total + 1,)`, int64, and
    `(num_edges,)`, the edges of each entry, in their order. Edges are copied, not followed, and not checked.

    Raises:
        ShapeError, DtypeError, DeviceError, OptionError: if arguments do not fit each other.
        IdError, StructureError: if a column is not there, pointers contradict themselves, or `indptr` belongs to
            others.
        MemoryError: if there is no memory for `total` entries.

    *Cost* reads the edges three times, a row at a time.

    >>> import torch
    >>> edge_indptr, column, edge = torch.tensor([0, 1, 3]), torch.tensor([2, 0, 0]), torch.tensor([1, 0, 2])
    >>> coalesce_entries(edge_indptr, column, edge, torch.tensor([0, 1, 2]), 3, 2)
    (tensor([2, 0]), tensor([0, 1, 3]), tensor([1, 0, 2]))
    """
    ids = column.dtype
    column = checked_ids("coalesce_entries", "column", column, num_columns, "columns")
    number, first = same_places(rows_of(edge_indptr, column), column)
    order = torch.argsort(number, stable=True)
    segments = torch.zeros(first.shape[0] + 1, dtype=torch.int64, device=number.device)
    segments = segments.scatter_add(0, number + 1, torch.ones_like(number)).cumsum(0)
    return column[first].to(ids), segments, edge[order]


@coalesce_entries.outputs
def _(
    edge_indptr: Tensor, column: Tensor, edge: Tensor, indptr: Tensor, num_columns: int, total: int
) -> tuple[Any, tuple[int, ...]]:
    name = "coalesce_entries"
    check_compressed(name, "edge_", edge_indptr, edge, column.dtype)
    check_compressed(name, "", indptr, column)
    check_same_rows(name, edge_indptr.shape[0] - 1, "", indptr)
    if edge.dim() != column.dim():
        raise StructureError(message(name, "one-dimensional `column` and `edge`", f"{column.dim()}, {edge.dim()}"))
    expect(
        edge.shape[0] == column.shape[0],
        lambda: message(name, "as many edges as columns", f"{edge.shape[0]} and {column.shape[0]}"),
    )
    check_count(name, "num_columns", num_columns)
    check_count(name, "total", total)
    made = (
        new_entries(name, column, total),
        new_entries(name, indptr, total + 1),
        column.new_empty(column.shape[0]),
    )
    return made, (edge_indptr.shape[0] - 1, num_columns, column.shape[0], total)


coalesce_entries.native(
    "coalesce_entries",
    passes="edge_indptr column edge indptr entries segments order",
    dims="num_rows num_columns num_edges total",
    value="column",
    ids="column",
    dtypes=IDS,
)
coalesce_entries.autocast = "none"
coalesce_entries.lacks("triton", issue=8)


@coalesce_entries.samples
def _() -> Iterator[tuple[Any, ...]]:
    for matrix, _other in sample_pairs():
        generator = torch.Generator().manual_seed(1)
        edge = torch.randperm(matrix.num_entries, generator=generator).to(matrix.column.dtype)
        _, first = same_places(matrix.rows().long(), matrix.column.long())
        counts = torch.zeros_like(matrix.indptr).scatter_add(0, matrix.rows().long()[first] + 1, torch.ones_like(first))
        yield matrix.indptr, matrix.column, edge, counts.cumsum(0), matrix.num_columns, first.shape[0]
