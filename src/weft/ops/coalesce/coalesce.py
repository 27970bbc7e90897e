"""A list of edges, several at one place, becomes a sparse matrix with one entry for each place."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ...errors import ShapeError, StructureError, message
from .._checks import IDS, checked_ids, checked_rows, expect
from .._compressed import Compressed, check_compressed, check_count, check_same_rows, new_entries, rows_of, same_places
from .._operator import operator
from .._registry import others
from .._sparse_samples import random_matrix, sample_pairs
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

    *Cost* a counting sort by row, then short rows are ranked and long ones sorted in O(their edges), with a set of
    num_columns / 4 bytes a thread.

    >>> import torch
    >>> row, column = torch.tensor([1, 0, 1]), torch.tensor([0, 2, 0])
    >>> indptr, column, value, _ = coalesce(row, column, torch.tensor([1.0, 2.0, 4.0]), num_rows=2, num_columns=3).matrix
    >>> indptr.tolist(), column.tolist(), value.tolist()
    ([0, 1, 2], [2, 0], [2.0, 5.0])
    """
    check_count("coalesce", "num_columns", num_columns)
    edge_indptr, listed, edge = others.coo_to_csc(row, column, num_rows)
    indptr, sorted_column, order = sort_edges(edge_indptr, listed, edge, num_columns)
    entries, segments = coalesce_entries(edge_indptr, sorted_column, indptr, int(indptr[-1]))
    reduced = None if value is None else _reduced(value, row, segments, order, reduce)
    return Coalesced(Compressed(indptr, entries, reduced, num_columns), segments, order)


def _reduced(value: Tensor, row: Tensor, segments: Tensor, order: Tensor, reduce: SegmentReduce) -> Tensor:
    if value.dim() == 0:
        raise ShapeError(message("coalesce", "`value` of shape (num_edges, *features)", "a tensor without dimensions"))
    expect(
        value.shape[0] == row.shape[0],
        lambda: message("coalesce", f"`value` for each of {row.shape[0]} edges", str(tuple(value.shape))),
    )
    return others.segment_reduce(segments, value, order, reduce)  # type: ignore[no-any-return]


@operator
def sort_edges(edge_indptr: Tensor, column: Tensor, edge: Tensor, num_columns: int) -> tuple[Tensor, Tensor, Tensor]:
    """Sort edges that are compressed by row by their columns, and count the places of each row.

    *Shapes* `edge_indptr: (num_rows + 1,)`, int64; `column, edge: (num_edges,)`, both int32 or both int64, as `coo_to_csc`
    gives them -> pointers of the places, `(num_rows + 1,)`, int64; columns and edges, `(num_edges,)`, ascending in each
    row, edges of one place in the order they came in. Edges are copied, not followed, and not checked.

    Raises:
        ShapeError, DtypeError, DeviceError, OptionError: if arguments do not fit each other.
        IdError, StructureError: if a column is not there, or pointers contradict themselves.

    *Cost* reads the edges of a short row once; those of a long one three times, for a counting sort.

    >>> import torch
    >>> sort_edges(torch.tensor([0, 1, 4]), torch.tensor([2, 1, 0, 1]), torch.tensor([1, 0, 2, 3]), 3)
    (tensor([0, 1, 3]), tensor([2, 0, 1, 1]), tensor([1, 2, 0, 3]))
    """
    ids = checked_ids("sort_edges", "column", column, num_columns, "columns")
    rows = checked_rows("sort_edges", "edge_indptr", edge_indptr, column.shape[0])
    number, first = same_places(rows, ids)
    counts = torch.zeros_like(edge_indptr).scatter_add(0, rows[first] + 1, torch.ones_like(first))
    order = torch.argsort(number, stable=True)
    return counts.cumsum(0), column[order], edge[order]


@sort_edges.outputs
def _(edge_indptr: Tensor, column: Tensor, edge: Tensor, num_columns: int) -> tuple[Any, tuple[int, ...]]:
    name = "sort_edges"
    check_compressed(name, "edge_", edge_indptr, edge, column.dtype)
    if edge.dim() != column.dim():
        raise StructureError(message(name, "one-dimensional `column` and `edge`", f"{column.dim()}, {edge.dim()}"))
    expect(
        edge.shape[0] == column.shape[0],
        lambda: message(name, "as many edges as columns", f"{edge.shape[0]} and {column.shape[0]}"),
    )
    check_count(name, "num_columns", num_columns)
    edges = column.shape[0]
    made = edge_indptr.new_empty(edge_indptr.shape[0]), column.new_empty(edges), column.new_empty(edges)
    return made, (edge_indptr.shape[0] - 1, num_columns, edges)


sort_edges.native(
    "sort_edges",
    passes="edge_indptr column edge indptr sorted order",
    dims="num_rows num_columns num_edges",
    value="column",
    ids="column",
    dtypes=IDS,
)
sort_edges.autocast = "none"
sort_edges.vendor()


@sort_edges.samples
def _() -> Iterator[tuple[Any, ...]]:
    for matrix, _other in sample_pairs():
        generator = torch.Generator().manual_seed(1)
        edge = torch.randperm(matrix.num_entries, generator=generator).to(matrix.column.dtype)
        yield matrix.indptr, matrix.column, edge, matrix.num_columns
    hub = random_matrix(2, 90, 700)  # too long to be ranked
    yield hub.indptr, hub.column, torch.arange(700), 90


@operator
def coalesce_entries(edge_indptr: Tensor, column: Tensor, indptr: Tensor, total: int) -> tuple[Tensor, Tensor]:
    """List the places of sorted edges, for the pointers that `sort_edges` gave.

    *Shapes* `edge_indptr, indptr: (num_rows + 1,)`, int64; `column: (num_edges,)`, int32 or int64; `total = indptr[-1]` ->
    `(total,)`, the column of each place; `(total + 1,)`, int64, where its edges begin.

    Raises:
        ShapeError, DtypeError, DeviceError, OptionError: if arguments do not fit each other.
        StructureError: if pointers contradict themselves, or `indptr` belongs to others.
        MemoryError: if there is no memory for `total` entries.

    *Cost* reads the columns once.

    >>> import torch
    >>> coalesce_entries(torch.tensor([0, 1, 4]), torch.tensor([2, 0, 1, 1]), torch.tensor([0, 1, 3]), 3)
    (tensor([2, 0, 1]), tensor([0, 1, 2, 4]))
    """
    rows = checked_rows("coalesce_entries", "edge_indptr", edge_indptr, column.shape[0])
    begins = torch.ones_like(column, dtype=torch.bool)
    begins[1:] = (rows[1:] != rows[:-1]) | (column[1:] != column[:-1])
    first = begins.nonzero().squeeze(1)
    wrong = torch.searchsorted(first, edge_indptr) != indptr
    if wrong.any() or first.shape[0] != total:
        row = max(int(wrong.to(torch.uint8).argmax()) - 1, 0)
        raise StructureError(f"coalesce_entries: `indptr` has no room for exactly the columns of row {row}")
    return column[first], torch.cat((first, edge_indptr[-1:]))


@coalesce_entries.outputs
def _(edge_indptr: Tensor, column: Tensor, indptr: Tensor, total: int) -> tuple[Any, tuple[int, ...]]:
    name = "coalesce_entries"
    check_compressed(name, "edge_", edge_indptr, column)
    check_compressed(name, "", indptr, column)
    check_same_rows(name, edge_indptr.shape[0] - 1, "", indptr)
    check_count(name, "total", total)
    made = new_entries(name, column, total), new_entries(name, indptr, total + 1)
    return made, (edge_indptr.shape[0] - 1, column.shape[0], total)


coalesce_entries.native(
    "coalesce_entries",
    passes="edge_indptr column indptr entries segments",
    dims="num_rows num_edges total",
    value="column",
    ids="column",
    dtypes=IDS,
)
coalesce_entries.autocast = "none"
coalesce_entries.vendor()


@coalesce_entries.samples
def _() -> Iterator[tuple[Any, ...]]:
    for edge_indptr, column, edge, num_columns in sort_edges.make_samples():
        indptr, column, _ = sort_edges.reference(edge_indptr, column, edge, num_columns)
        yield edge_indptr, column, indptr, int(indptr[-1])
