"""Pairs of nodes in both directions."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import StructureError, message
from .._checks import IDS, checked_ids, checked_rows
from .._compressed import check_compressed, check_count
from .._operator import operator
from .._sparse_samples import random_matrix


@operator
def mirror_pairs(indptr: Tensor, column: Tensor, total: int) -> tuple[Tensor, Tensor, Tensor]:
    """List both nodes of every pair at the other one; a pair of a node with itself is listed once.

    Pair p joins the node `row[p]` in whose row it stands and `column[p]`. The list of a node begins with the rows of pairs
    that have it as their column, in the order of the pairs, and goes on with the columns of its own row. So neighbours
    ascend where the columns of each row do and none is below its row.

    *Shapes* `indptr: (num_nodes + 1,)`, int64; `column: (num_pairs,)`, int32 or int64; `total` is twice the number of
    pairs, less those of a node with itself -> pointers of the lists, `(num_nodes + 1,)`, int64; neighbours, `(total,)`;
    the pair that each comes from, `(total,)`, both in the dtype of `column`.

    Raises:
        ShapeError, DtypeError, OptionError: if arguments do not fit each other.
        IdError, StructureError: if a column is not there, pointers contradict themselves, or the pairs give another
            number than `total`.

    *Cost* reads the pairs twice and writes the lists, half of them in order; 8 bytes a node and thread meanwhile.

    >>> import torch
    >>> mirror_pairs(torch.tensor([0, 2, 2, 3]), torch.tensor([1, 2, 2]), 5)
    (tensor([0, 2, 3, 5]), tensor([1, 2, 0, 0, 2]), tensor([0, 1, 0, 1, 2]))
    """
    num = indptr.shape[0] - 1
    row = checked_rows("mirror_pairs", "indptr", indptr, column.shape[0])
    other = checked_ids("mirror_pairs", "column", column, num, "nodes")
    pair = torch.arange(column.shape[0], device=column.device)
    joins = (row != other).nonzero().squeeze(1)
    if total != pair.shape[0] + joins.shape[0]:
        got = f"{total}, but the pairs give {pair.shape[0] + joins.shape[0]} neighbours"
        raise StructureError(message("mirror_pairs", "`total` of all neighbours", got))
    at, neighbor, pair = (
        torch.cat((first[joins], second)) for first, second in ((other, row), (row, other), (pair, pair))
    )
    order = torch.argsort(at, stable=True)
    counts = torch.zeros(num + 1, dtype=torch.int64, device=column.device)
    counts = counts.scatter_add(0, at + 1, torch.ones_like(at))
    return counts.cumsum(0), neighbor[order].to(column.dtype), pair[order].to(column.dtype)


@mirror_pairs.outputs
def _(indptr: Tensor, column: Tensor, total: int) -> tuple[Any, tuple[int, ...]]:
    check_compressed("mirror_pairs", "", indptr, column)
    check_count("mirror_pairs", "total", total)
    made = indptr.new_empty(indptr.shape[0]), column.new_empty(total), column.new_empty(total)
    return made, (indptr.shape[0] - 1, column.shape[0], total)


mirror_pairs.native(
    "mirror_pairs",
    passes="indptr column out_indptr neighbor pair",
    dims="num_nodes num_pairs total",
    value="column",
    ids="column",
    dtypes=IDS,
)
mirror_pairs.autocast = "none"
mirror_pairs.vendor()


@mirror_pairs.samples
def _() -> Iterator[tuple[Any, ...]]:
    none = torch.empty(0, dtype=torch.int64)
    yield torch.zeros(1, dtype=torch.int64), none, 0
    yield torch.zeros(4, dtype=torch.int64), none.int(), 0
    for num, pairs, dtype in (
        (1, 3, torch.int64),
        (9, 40, torch.int32),
        (300, 50, torch.int64),
        (40, 70_000, torch.int32),
    ):
        matrix = random_matrix(num, num, pairs)
        joins = int((matrix.rows() != matrix.column).sum())
        yield matrix.indptr, matrix.column.to(dtype), matrix.num_entries + joins
