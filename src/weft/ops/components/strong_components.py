"""Strongly connected components."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from .._checks import IDS, checked_ids
from .._compressed import one_per_node, rows_of
from .._operator import operator
from ..traversal.topological_levels import topological_levels


@operator
def strong_components(indptr: Tensor, target: Tensor) -> Tensor:
    """Name the strongly connected component of every node by its smallest node.

    *Shapes* `indptr: (num_nodes + 1,)`, int64; `target: (num_edges,)`, int32 or int64, edges by source -> `(num_nodes,)`,
    int64.

    Raises:
        DtypeError, StructureError: if arguments are of another kind, or pointers contradict themselves.
        IdError: if a target is not below the number of nodes.

    *Source* Tarjan (1972), Depth-First Search and Linear Graph Algorithms.

    *Cost* reads the edges once, on one thread; 24 or 40 bytes a node.

    >>> import torch
    >>> strong_components(torch.tensor([0, 1, 3, 3]), torch.tensor([1, 0, 2]))
    tensor([0, 0, 2])
    """
    num = indptr.shape[0] - 1
    targets = checked_ids("strong_components", "target", target, num, "nodes")
    reaches = torch.eye(num, dtype=torch.bool, device=target.device)
    reaches[rows_of(indptr, target), targets] = True
    while True:
        farther = (reaches.float() @ reaches.float()) > 0
        if torch.equal(farther, reaches):
            break
        reaches = farther
    if num == 0:
        return targets.new_empty(0)
    return (reaches & reaches.T).to(torch.uint8).argmax(1)


@strong_components.outputs
def _(indptr: Tensor, target: Tensor) -> tuple[Tensor, tuple[int, ...]]:
    return one_per_node("strong_components", indptr, target)


strong_components.native(
    "strong_components",
    passes="indptr target out",
    dims="num_nodes num_edges",
    value="target",
    ids="target",
    dtypes=IDS,
)
strong_components.autocast = "none"
strong_components.lacks("triton", issue=8)


@strong_components.samples
def _() -> Iterator[tuple[Any, ...]]:
    yield from topological_levels.make_samples()
