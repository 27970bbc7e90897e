"""Graphs from and to pairs of ids, listed or stacked."""

from collections.abc import Iterable

import torch
from torch import Tensor

from ...errors import DtypeError, ShapeError, message
from .._adjacency import Adjacency
from .._block import Block
from .._graph import Graph
from .._resolve import adjacency_of


def from_edge_list(edges: Iterable[tuple[int, int]], num_nodes: int | None = None) -> Graph:
    """Make a graph of (source, target) pairs.

    Raises:
        ShapeError, DtypeError, IdError: if they are no pairs of ids.

    >>> from_edge_list([(0, 1), (1, 2)])
    Graph(3 nodes, 2 edges, on cpu)
    """
    pairs = list(edges)
    wrong = next((at for at, pair in enumerate(pairs) if len(pair) != 2), None)
    if wrong is not None:
        got = f"{len(pairs[wrong])} values at edge {wrong}"
        raise ShapeError(message("from_edge_list", "(source, target) for every edge", got))
    return Graph([pair[0] for pair in pairs], [pair[1] for pair in pairs], num_nodes)


def to_edge_list(graph: Graph | Adjacency | Block) -> list[tuple[int, int]]:
    """List the edges of one type as (source, target), in their order.

    Counts of nodes and features are left behind.

    >>> to_edge_list(Graph([0, 1], [1, 2]))
    [(0, 1), (1, 2)]
    """
    adjacency = adjacency_of(graph)
    return list(zip(adjacency.source.tolist(), adjacency.target.tolist(), strict=True))


def from_edge_index(edge_index: Tensor, num_nodes: int | None = None) -> Graph:
    """Make a graph of sources above targets, the form that PyG calls `edge_index`.

    *Shapes* `edge_index: (2, num_edges)`.

    Raises:
        ShapeError, DtypeError, IdError: if it is of another kind.

    >>> from_edge_index(torch.tensor([[0, 1], [1, 2]]), num_nodes=4)
    Graph(4 nodes, 2 edges, on cpu)
    """
    if not isinstance(edge_index, Tensor):
        raise DtypeError(message("from_edge_index", "a tensor", type(edge_index).__name__))
    if edge_index.dim() != 2 or edge_index.shape[0] != 2:
        hint = "edge_index.T turns a list of pairs round" if edge_index.dim() == 2 and edge_index.shape[1] == 2 else ""
        raise ShapeError(message("from_edge_index", "shape (2, num_edges)", str(tuple(edge_index.shape)), hint))
    return Graph(edge_index[0], edge_index[1], num_nodes)


def to_edge_index(graph: Graph | Adjacency | Block) -> Tensor:
    """Stack sources above targets: (2, num_edges), int64.

    Counts of nodes and features are left behind.

    >>> to_edge_index(Graph([0, 1], [1, 2]))
    tensor([[0, 1],
            [1, 2]])
    """
    adjacency = adjacency_of(graph)
    return torch.stack([adjacency.source.long(), adjacency.target.long()])
