"""Minimum spanning forests."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import DtypeError, ShapeError, message
from .._checks import IDS, check_edge_list, checked_ids
from .._compressed import check_count
from .._operator import operator
from .connected_components import connected_components


@operator
def spanning_forest(source: Tensor, target: Tensor, order: Tensor, num_nodes: int) -> Tensor:
    """Take edges in an order, each that joins two trees; the direction of edges does not count.

    *Shapes* `source, target: (num_edges,)`, both int32 or both int64; `order: (num_edges,)`, int64, edges from light to
    heavy -> the edges taken, in that order, then -1: `(num_nodes,)`, int64.

    Raises:
        IdError: if an id is negative or not below its count.
        ShapeError, DtypeError, OptionError: if arguments do not fit each other.

    *Source* Kruskal (1956), On the Shortest Spanning Subtree of a Graph and the Traveling Salesman Problem.

    *Cost* reads each edge once at a random place, until all nodes are one tree; 4 bytes a node, 8 from 2^31 nodes on.

    >>> import torch
    >>> spanning_forest(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), torch.tensor([2, 0, 1]), 3)
    tensor([ 2,  0, -1])
    """
    sources = checked_ids("spanning_forest", "source", source, num_nodes, "nodes").tolist()
    targets = checked_ids("spanning_forest", "target", target, num_nodes, "nodes").tolist()
    above = list(range(num_nodes))
    taken: list[int] = []
    for edge in checked_ids("spanning_forest", "order", order, source.shape[0], "edges").tolist():
        first, last = sources[edge], targets[edge]
        while above[first] != first:
            first = above[first]
        while above[last] != last:
            last = above[last]
        if first != last:
            above[first] = last
            taken.append(edge)
    taken += [-1] * (num_nodes - len(taken))
    return torch.tensor(taken, dtype=torch.int64, device=source.device)


@spanning_forest.outputs
def _(source: Tensor, target: Tensor, order: Tensor, num_nodes: int) -> tuple[Tensor, tuple[int, ...]]:
    check_edge_list("spanning_forest", source, target)
    check_count("spanning_forest", "num_nodes", num_nodes)
    if order.dtype is not torch.int64:
        raise DtypeError(message("spanning_forest", "int64 `order`", str(order.dtype)))
    if order.shape != source.shape:
        raise ShapeError(message("spanning_forest", f"`order` of shape {tuple(source.shape)}", str(tuple(order.shape))))
    return order.new_empty(num_nodes), (source.shape[0], num_nodes)


spanning_forest.native(
    "spanning_forest",
    passes="source target order out",
    dims="num_edges num_nodes",
    value="source",
    ids="source",
    dtypes=IDS,
)
spanning_forest.autocast = "none"
spanning_forest.lacks("triton", issue=8)


@spanning_forest.samples
def _() -> Iterator[tuple[Any, ...]]:
    for source, target, num_nodes in connected_components.make_samples():
        yield source, target, torch.randperm(source.shape[0], generator=torch.Generator().manual_seed(1)), num_nodes
