"""Depth-first search."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import DtypeError, ShapeError, message
from .._checks import IDS, checked_ids
from .._compressed import check_compressed
from .._operator import operator
from .topological_levels import topological_levels


@operator
def depth_first(indptr: Tensor, target: Tensor, seeds: Tensor) -> tuple[Tensor, Tensor]:
    """Search from seeds in their order, along each edge of a node with all that is behind it before the next.

    *Shapes* `indptr: (num_nodes + 1,)`, int64; `target: (num_edges,)`, int32 or int64, edges by source; `seeds: (num_seeds,)`,
    int64 -> the nodes that were reached in the order of their first visits, then -1, `(num_nodes,)`; the node that each was
    reached from, -1 for seeds and those not reached, `(num_nodes,)`; both int64.

    Raises:
        ShapeError, DtypeError: if arguments are of another kind.
        IdError, StructureError: if an id is not below the number of nodes, or pointers contradict themselves.

    *Cost* reads the edges of what is reached once, on one thread; 13 or 17 bytes a node.

    >>> import torch
    >>> depth_first(torch.tensor([0, 2, 3, 3]), torch.tensor([2, 1, 0]), torch.tensor([1]))
    (tensor([1, 0, 2]), tensor([ 1, -1,  0]))
    """
    num = indptr.shape[0] - 1
    targets = checked_ids("depth_first", "target", target, num, "nodes").tolist()
    begins = indptr.tolist()
    order: list[int] = []
    parent = [-1] * num
    entered = [False] * num
    for seed in checked_ids("depth_first", "seeds", seeds, num, "nodes").tolist():
        waiting = [(seed, -1)]
        while waiting:
            node, above = waiting.pop()
            if entered[node]:
                continue
            entered[node], parent[node] = True, above
            order.append(node)
            waiting += [(other, node) for other in reversed(targets[begins[node] : begins[node + 1]])]
    order += [-1] * (num - len(order))
    made = (torch.tensor(found, dtype=torch.int64, device=target.device) for found in (order, parent))
    return next(made), next(made)


@depth_first.outputs
def _(indptr: Tensor, target: Tensor, seeds: Tensor) -> tuple[Any, tuple[int, ...]]:
    check_compressed("depth_first", "", indptr, target)
    if seeds.dtype is not torch.int64:
        raise DtypeError(message("depth_first", "int64 `seeds`", str(seeds.dtype)))
    if seeds.dim() != 1:
        raise ShapeError(message("depth_first", "one-dimensional `seeds`", str(tuple(seeds.shape))))
    num = indptr.shape[0] - 1
    return (indptr.new_empty(num), indptr.new_empty(num)), (num, target.shape[0], seeds.shape[0])


depth_first.native(
    "depth_first",
    passes="indptr target seeds order parent",
    dims="num_nodes num_edges num_seeds",
    value="target",
    ids="target",
    dtypes=IDS,
)
depth_first.autocast = "none"
depth_first.lacks("triton", issue=8)


@depth_first.samples
def _() -> Iterator[tuple[Any, ...]]:
    for indptr, target in topological_levels.make_samples():
        yield indptr, target, torch.arange(indptr.shape[0] - 1).flip(0)[::7].contiguous()
