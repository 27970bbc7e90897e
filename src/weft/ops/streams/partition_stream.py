"""Partition of a graph whose nodes come one after the other."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import DtypeError, OptionError, ShapeError, message
from .._checks import IDS, checked_ids
from .._operator import operator
from .settle_labels import check_stream, settle_labels


@operator
def partition_stream(
    indptr: Tensor, neighbor: Tensor, order: Tensor, weight: Tensor | None, num_parts: int, capacity: int, passes: int
) -> Tensor:
    """Put each node where most of its neighbours are, one node after the other, as long as there is room.

    `part[v] = argmax over parts i with room of (neighbours of v in i) * (1 - size[i] / capacity)`

    Of equal parts the smaller one wins, then the lower one; a node whose neighbours are nowhere goes to the smallest part.
    In passes after the first, neighbours that have not come yet stand where the pass before put them.

    *Shapes* `indptr: (num_nodes + 1,)`, int64; `neighbor: (num_edges,)` and `order: (num_nodes,)`, a permutation of the nodes,
    both int32 or both int64; `weight: (num_nodes,)`, int64, what a node adds to the size of its part, 1 if not given ->
    `(num_nodes,)`, int64.

    Raises:
        ShapeError, DtypeError, OptionError, StructureError: if arguments do not fit each other.
        IdError: if a neighbour or a node in `order` is not below the number of nodes.

    *Source* Stanton and Kliot (2012), Streaming Graph Partitioning for Large Distributed Graphs; Nishimura and Ugander
    (2013), Restreaming Graph Partitioning.

    *Cost* reads the edges once a pass, on one thread; 4 bytes a node, 32 a part.

    >>> import torch
    >>> indptr, neighbor = torch.tensor([0, 1, 2, 3, 4]), torch.tensor([1, 0, 3, 2])
    >>> partition_stream(indptr, neighbor, torch.arange(4), None, 2, 2, 1)
    tensor([0, 0, 1, 1])
    """
    num = indptr.shape[0] - 1
    around = checked_ids("partition_stream", "neighbor", neighbor, num, "nodes").tolist()
    begins = indptr.tolist()
    turns = checked_ids("partition_stream", "order", order, num, "nodes").tolist()
    weights = [1] * num if weight is None else weight.tolist()
    part = [-1] * num
    for _ in range(passes):
        sizes = [0] * num_parts
        for node in turns:
            counts = Counter(part[other] for other in around[begins[node] : begins[node + 1]] if part[other] >= 0)
            fits = [i for i in counts if capacity - sizes[i] >= weights[node] and capacity > sizes[i]]
            # Python's integers are exact, the kernel's products are rounded: they agree below 2^53.
            rank = {i: (float(counts[i] * (capacity - sizes[i])), -sizes[i], -i) for i in fits}
            best = max(fits, key=rank.__getitem__) if fits else min(range(num_parts), key=lambda i: (sizes[i], i))
            part[node] = best
            sizes[best] += weights[node]
    return torch.tensor(part, dtype=torch.int64, device=neighbor.device)


@partition_stream.outputs
def _(
    indptr: Tensor, neighbor: Tensor, order: Tensor, weight: Tensor | None, num_parts: int, capacity: int, passes: int
) -> tuple[Tensor, tuple[int, ...]]:
    name = "partition_stream"
    check_stream(name, indptr, neighbor, order)
    num = indptr.shape[0] - 1
    if weight is not None:
        if weight.dtype is not torch.int64:
            raise DtypeError(message(name, "int64 `weight`", str(weight.dtype)))
        if weight.shape != order.shape:
            raise ShapeError(message(name, f"`weight` of shape ({num},)", str(tuple(weight.shape))))
    for option, value, least in (("num_parts", num_parts, 1), ("capacity", capacity, 0), ("passes", passes, 1)):
        if isinstance(value, int) and not least <= value < 2**31 * 2**31:
            raise OptionError(message(name, f"`{option}` of at least {least}", str(value)))
    if isinstance(num_parts, int) and num_parts >= 2**31:
        raise OptionError(message(name, "`num_parts` below 2^31", str(num_parts)))
    return indptr.new_empty(num), (num, neighbor.shape[0], num_parts, capacity, passes)


partition_stream.native(
    "partition_stream",
    passes="indptr neighbor order weight out",
    dims="num_nodes num_edges num_parts capacity passes",
    value="neighbor",
    ids="neighbor",
    dtypes=IDS,
)
partition_stream.autocast = "none"
partition_stream.lacks("triton", issue=8)


@partition_stream.samples
def _() -> Iterator[tuple[Any, ...]]:
    for indptr, neighbor, order, rounds in settle_labels.make_samples():
        num = indptr.shape[0] - 1
        weight = None if rounds == 1 else torch.arange(num) % 3 + (order[:1].sum() % 2)
        total = num if weight is None else int(weight.sum())
        for num_parts in (1, 4, 70):
            yield indptr, neighbor, order, weight, num_parts, -(-total // num_parts) + 1, 1 + rounds // 9
