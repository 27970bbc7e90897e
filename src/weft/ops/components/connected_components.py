"""Weakly connected components."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from .._checks import IDS, check_edge_list, checked_ids
from .._compressed import check_count
from .._operator import operator
from .._samples import random_structure


@operator
def connected_components(source: Tensor, target: Tensor, num_nodes: int) -> Tensor:
    """Name the component of every node by its smallest node; the direction of edges does not count.

    *Shapes* `source, target: (num_edges,)`, both int32 or both int64 -> `(num_nodes,)`, int64.

    Raises:
        IdError: if an id is negative or not below `num_nodes`.
        ShapeError, DtypeError, OptionError: if arguments do not fit each other.

    *Source* Jayanti and Tarjan (2016), A Randomized Concurrent Algorithm for Disjoint Set Union; here nodes are linked by
    their ids, so that every number of threads finds the same roots.

    *Cost* reads each edge once, in any order; 4 bytes a node, 8 from 2^31 nodes on.

    >>> import torch
    >>> connected_components(torch.tensor([3, 4]), torch.tensor([1, 4]), 5)
    tensor([0, 1, 2, 1, 4])
    """
    source = checked_ids("connected_components", "source", source, num_nodes, "nodes")
    target = checked_ids("connected_components", "target", target, num_nodes, "nodes")
    found = torch.arange(num_nodes, device=source.device)
    while True:
        least = found[source].minimum(found[target])
        lower = found.scatter_reduce(0, source, least, "amin").scatter_reduce(0, target, least, "amin")
        lower = lower[lower]
        if torch.equal(lower, found):
            return found
        found = lower


@connected_components.outputs
def _(source: Tensor, target: Tensor, num_nodes: int) -> tuple[Tensor, tuple[int, ...]]:
    check_edge_list("connected_components", source, target)
    check_count("connected_components", "num_nodes", num_nodes)
    return source.new_empty(num_nodes, dtype=torch.int64), (source.shape[0], num_nodes)


connected_components.native(
    "connected_components",
    passes="source target out",
    dims="num_edges num_nodes",
    value="source",
    ids="source",
    dtypes=IDS,
)
connected_components.autocast = "none"
connected_components.vendor()


@connected_components.samples
def _() -> Iterator[tuple[Any, ...]]:
    none = torch.empty(0, dtype=torch.int64)
    yield none, none, 0
    yield none.int(), none.int(), 3
    path = torch.randperm(3000, generator=torch.Generator().manual_seed(0))
    yield path[1:], path[:-1], 3000
    for num, edges, dtype in ((9, 5, torch.int64), (1, 4, torch.int32), (30000, 30000, torch.int32)):
        rows = random_structure(num, num, edges, seed=num)
        yield rows.source.to(dtype), rows.targets().to(dtype), num
