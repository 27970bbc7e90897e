"""Partition of a graph whose nodes come one after the other."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import OptionError, message
from .._checks import IDS, checked_ids
from .._operator import operator
from .settle_labels import check_stream, settle_labels


@operator
def partition_stream(
    indptr: Tensor, neighbor: Tensor, order: Tensor, num_parts: int, capacity: int, edge_capacity: int, passes: int
) -> Tensor:
    """Put each node where most of its neighbours are, one node after the other, as long as there is room.

    `part[v] = argmax over parts i with room of (neighbours of v in i) * (1 - fill[i])`, where
    `fill[i] = max(nodes in i / capacity, edges in i / edge_capacity)`

    The edges of a part are the neighbours of its nodes. Of equal parts the emptier one wins, then the lower one. A node without
    a neighbour in a part with room goes to the emptiest part, and the capacity of edges, unlike that of nodes, may then be
    exceeded. In passes after the first, neighbours that have not come yet stand where the pass before put them.

    *Shapes* `indptr: (num_nodes + 1,)`, int64; `neighbor: (num_edges,)` and `order: (num_nodes,)`, a permutation of the nodes,
    both int32 or both int64 -> `(num_nodes,)`, int64.

    Raises:
        ShapeError, DtypeError, OptionError, StructureError: if arguments do not fit each other.
        IdError: if a neighbour or a node in `order` is not below the number of nodes.

    *Source* Stanton and Kliot (2012), Streaming Graph Partitioning for Large Distributed Graphs; Nishimura and Ugander
    (2013), Restreaming Graph Partitioning. The capacity of edges is our own.

    *Cost* reads the edges once a pass, on one thread; 4 bytes a node, 40 a part.

    >>> import torch
    >>> indptr, neighbor = torch.tensor([0, 1, 2, 3, 4]), torch.tensor([1, 0, 3, 2])
    >>> partition_stream(indptr, neighbor, torch.arange(4), 2, 2, 4, 1)
    tensor([0, 0, 1, 1])
    """
    num = indptr.shape[0] - 1
    around = checked_ids("partition_stream", "neighbor", neighbor, num, "nodes").tolist()
    begins = indptr.tolist()
    turns = checked_ids("partition_stream", "order", order, num, "nodes").tolist()
    part = [-1] * num
    for _ in range(passes):
        nodes, edges, fill = [0] * num_parts, [0] * num_parts, [0.0] * num_parts
        for node in turns:
            neighbors = around[begins[node] : begins[node + 1]]
            counts = Counter(part[other] for other in neighbors if part[other] >= 0)
            fits = [i for i in counts if nodes[i] < capacity and edges[i] + len(neighbors) <= edge_capacity]
            if fits:
                rank = {i: (counts[i] * (1 - fill[i]), -fill[i], -i) for i in fits}
                best = max(fits, key=rank.__getitem__)
            else:
                open_parts = [i for i in range(num_parts) if nodes[i] < capacity] or range(num_parts)
                best = min(open_parts, key=fill.__getitem__)
            part[node] = best
            nodes[best] += 1
            edges[best] += len(neighbors)
            fill[best] = max(nodes[best] / capacity, edges[best] / edge_capacity)
    return torch.tensor(part, dtype=torch.int64, device=neighbor.device)


@partition_stream.outputs
def _(
    indptr: Tensor, neighbor: Tensor, order: Tensor, num_parts: int, capacity: int, edge_capacity: int, passes: int
) -> tuple[Tensor, tuple[int, ...]]:
    check_stream("partition_stream", indptr, neighbor, order)
    options = {"num_parts": num_parts, "capacity": capacity, "edge_capacity": edge_capacity, "passes": passes}
    for option, value in options.items():
        if isinstance(value, int) and value < 1:
            raise OptionError(message("partition_stream", f"`{option}` of at least 1", str(value)))
    if isinstance(num_parts, int) and num_parts >= 2**31:
        raise OptionError(message("partition_stream", "`num_parts` below 2^31", str(num_parts)))
    num = indptr.shape[0] - 1
    return indptr.new_empty(num), (num, neighbor.shape[0], num_parts, capacity, edge_capacity, passes)


partition_stream.native(
    "partition_stream",
    passes="indptr neighbor order out",
    dims="num_nodes num_edges num_parts capacity edge_capacity passes",
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
        for num_parts, edges in ((1, 1), (4, neighbor.shape[0] // 4 + 9), (70, neighbor.shape[0])):
            yield indptr, neighbor, order, num_parts, num // num_parts + 1, max(edges, 1), 1 + rounds // 9
