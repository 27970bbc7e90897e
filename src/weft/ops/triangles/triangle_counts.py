"""Triangles by node."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from .._checks import IDS, checked_ids
from .._compressed import one_per_node, paths_of, rows_of
from .._operator import operator
from ..cores.core_numbers import sample_neighbors


@operator
def triangle_counts(indptr: Tensor, neighbor: Tensor) -> Tensor:
    """Count the triangles at each node of an undirected graph.

    `out[i] = number of pairs {j, k} with edges i - j, i - k and j - k`

    *Shapes* `indptr: (num_nodes + 1,)`, int64; `neighbor: (num_edges,)`, int32 or int64: each edge stands in the row of both its
    ends, once, and no node is its own neighbour -> `(num_nodes,)`, int64.

    Raises:
        DtypeError, StructureError: if arguments are of another kind, or pointers contradict themselves.
        IdError: if a neighbour is not below the number of nodes.

    *Source* Latapy (2008), Main-memory triangle computations for very large (sparse (power-law)) graphs.

    *Cost* O(num_edges^1.5) at worst; 2 or 4 bytes for each of `num_edges`, 24 or 32 a node, an eighth a node and thread.

    >>> import torch
    >>> triangle_counts(torch.tensor([0, 3, 5, 7, 8]), torch.tensor([1, 2, 3, 0, 2, 0, 1, 0]))
    tensor([1, 1, 1, 0])
    """
    num = indptr.shape[0] - 1
    neighbors = checked_ids("triangle_counts", "neighbor", neighbor, num, "nodes")
    first, second = paths_of(indptr, neighbors, indptr)
    row = rows_of(indptr, neighbors)
    begin, end = row[first], neighbors[second]
    closes = torch.isin(begin * num + end, row * num + neighbors)
    return torch.zeros_like(indptr[1:]).index_add(0, begin, closes.long()) // 2


@triangle_counts.outputs
def _(indptr: Tensor, neighbor: Tensor) -> tuple[Tensor, tuple[int, ...]]:
    return one_per_node("triangle_counts", indptr, neighbor)


triangle_counts.native(
    "triangle_counts",
    passes="indptr neighbor out",
    dims="num_nodes num_edges",
    value="neighbor",
    ids="neighbor",
    dtypes=IDS,
)
triangle_counts.autocast = "none"
triangle_counts.triton()


@triangle_counts.samples
def _() -> Iterator[tuple[Any, ...]]:
    yield from sample_neighbors()
