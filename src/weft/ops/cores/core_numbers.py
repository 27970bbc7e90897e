"""Core numbers."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from .._checks import IDS, checked_ids
from .._compressed import one_per_node, rows_of
from .._operator import operator
from .._samples import random_structure


@operator
def core_numbers(indptr: Tensor, neighbor: Tensor) -> Tensor:
    """Find the largest k for which each node is in a k-core: a part in which every node has k neighbours.

    *Shapes* `indptr: (num_nodes + 1,)`, int64; `neighbor: (num_edges,)`, int32 or int64: each edge stands in the row of both its
    ends -> `(num_nodes,)`, int64.

    Raises:
        DtypeError, StructureError: if arguments are of another kind, or pointers contradict themselves.
        IdError: if a neighbour is not below the number of nodes.

    *Source* Batagelj and Zaveršnik (2003), An O(m) Algorithm for Cores Decomposition of Networks, arXiv cs/0310049.

    *Cost* reads the edges once; 12 or 24 bytes a node.

    >>> import torch
    >>> core_numbers(torch.tensor([0, 3, 5, 7, 8]), torch.tensor([1, 2, 3, 0, 2, 0, 1, 0]))
    tensor([2, 2, 2, 1])
    """
    num = indptr.shape[0] - 1
    neighbors = checked_ids("core_numbers", "neighbor", neighbor, num, "nodes")
    row = rows_of(indptr, neighbor)
    core = torch.zeros_like(indptr[1:])
    stays = torch.ones_like(core, dtype=torch.bool)
    k = 0
    while stays.any():
        joins = stays[row] & stays[neighbors]
        leaves = stays & (torch.zeros_like(core).index_add(0, row, joins.long()) <= k)
        core[leaves] = k
        stays &= ~leaves
        k += not leaves.any()
    return core


@core_numbers.outputs
def _(indptr: Tensor, neighbor: Tensor) -> tuple[Tensor, tuple[int, ...]]:
    return one_per_node("core_numbers", indptr, neighbor)


core_numbers.native(
    "core_numbers",
    passes="indptr neighbor core",
    dims="num_nodes num_edges",
    value="neighbor",
    ids="neighbor",
    dtypes=IDS,
)
core_numbers.autocast = "none"
core_numbers.vendor()


def sample_neighbors() -> Iterator[tuple[Tensor, Tensor]]:
    """Neighbours of every kind of undirected graph, ascending, each once."""
    none = torch.empty(0, dtype=torch.int64)
    yield torch.zeros(1, dtype=torch.int64), none
    yield torch.zeros(5, dtype=torch.int64), none.int()
    for num, edges, dtype in ((9, 20, torch.int64), (60, 400, torch.int32), (400, 6000, torch.int32)):
        rows = random_structure(num, num, edges, seed=num)
        joined = torch.zeros(num, num, dtype=torch.bool)
        joined[rows.source, rows.targets() // 2] = True  # the first half meets more often
        joined = (joined | joined.T).fill_diagonal_(False)
        indptr = torch.cat((torch.zeros(1, dtype=torch.int64), joined.sum(1).cumsum(0)))
        yield indptr, joined.nonzero()[:, 1].to(dtype)


@core_numbers.samples
def _() -> Iterator[tuple[Any, ...]]:
    yield from sample_neighbors()
