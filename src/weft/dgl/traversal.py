"""Nodes and edges in the order in which a search, or the direction of the edges, comes to them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import torch
from torch import Tensor

from .. import graph as graphs
from ..errors import ShapeError
from ..graph import Adjacency
from ..graph.algorithms import dfs, topological_generations
from ._graph import DGLGraph

FORWARD, REVERSE, NONTREE = 0, 1, 2


def bfs_nodes_generator(graph: DGLGraph, source: Any, reverse: bool = False) -> tuple[Tensor, ...]:
    """List the nodes that a search in breadth reaches, step by step: the sources, what is one step away, and so on.

    Args:
        source: a node, or several.
        reverse: go against the edges.

    Raises:
        IdError: if there is no such node.
        ShapeError: if the edges run between two sets of nodes.
        OptionError: if there are several types of edges.

    >>> import weft.dgl as dgl
    >>> dgl.bfs_nodes_generator(dgl.graph(([0, 0, 1], [2, 1, 3])), 0)
    (tensor([0]), tensor([2, 1]), tensor([3]))
    """
    return tuple(nodes.to(graph.idtype) for nodes, _ in _breadth_first(graph, source, reverse))


def bfs_edges_generator(graph: DGLGraph, source: Any, reverse: bool = False) -> tuple[Tensor, ...]:
    """List the edges on which a search in breadth reaches nodes, step by step; see `bfs_nodes_generator`."""
    steps = list(_breadth_first(graph, source, reverse))
    return tuple(edges.to(graph.idtype) for _, edges in steps[1:])


def topological_nodes_generator(graph: DGLGraph, reverse: bool = False) -> tuple[Tensor, ...]:
    """List the nodes of a graph without cycles in steps: first those that no edge enters, then those that only they enter, ...

    Args:
        reverse: turn the edges round.

    Raises:
        StructureError: if the edges close a cycle.
        ShapeError, OptionError: as `bfs_nodes_generator`.

    >>> import weft.dgl as dgl
    >>> dgl.topological_nodes_generator(dgl.graph(([0, 0, 1], [1, 2, 2])))
    (tensor([0]), tensor([1]), tensor([2]))
    """
    adjacency = _edges_of(graph, reverse)
    generation = topological_generations(adjacency)
    steps = []
    nodes = (generation == 0).nonzero().flatten()
    while nodes.shape[0]:
        steps.append(nodes.to(graph.idtype))
        reached = graphs.out_edges(adjacency, nodes).target
        # A node comes up with the last of its edges, so the first counts when they are read backwards.
        later = reached[generation[reached] == len(steps)].flip(0)
        nodes = later[_first_places(later)].flip(0)
    return tuple(steps)


def dfs_edges_generator(graph: DGLGraph, source: Any, reverse: bool = False) -> tuple[Tensor, ...]:
    """List the edges on which a search in depth reaches nodes, one by one.

    Several sources are searched for themselves, as if side by side: step i holds the i-th edge of each search that has one.

    Args:
        source: a node, or several.
        reverse: go against the edges.

    Raises:
        IdError, ShapeError, OptionError: as `bfs_nodes_generator`.

    >>> import weft.dgl as dgl
    >>> dgl.dfs_edges_generator(dgl.graph(([0, 1, 0], [1, 2, 3])), 0)
    (tensor([0]), tensor([1]), tensor([2]))
    """
    adjacency = _edges_of(graph, reverse)
    walks = [_tree_edges(adjacency, node) for node in graph._known_ids(source, adjacency.num_sources).tolist()]
    return _side_by_side(walks, graph, graph.idtype)


def dfs_labeled_edges_generator(
    graph: DGLGraph,
    source: Any,
    reverse: bool = False,
    has_reverse_edge: bool = False,
    has_nontree_edge: bool = False,
    return_labels: bool = True,
) -> Any:
    """List edges in the order in which a search in depth comes to them, and what they are then.

    The label is 0 for an edge on which a node is reached, 1 when the search returns over it, and 2 for one that leads to a
    node that was reached before. Several sources are searched side by side, as in `dfs_edges_generator`.

    Args:
        source: a node, or several.
        reverse: go against the edges.
        has_reverse_edge: list edges of label 1 too.
        has_nontree_edge: list edges of label 2 too.
        return_labels: give labels beside the edges: two tuples; the labels are int64.

    Raises:
        IdError, ShapeError, OptionError: as `bfs_nodes_generator`.

    *Cost* a step in Python for each edge that is listed.
    """
    adjacency = _edges_of(graph, reverse)
    wanted = {FORWARD} | ({REVERSE} if has_reverse_edge else set()) | ({NONTREE} if has_nontree_edge else set())
    rows = adjacency.by_source
    edge = torch.arange(rows.num_edges) if rows.edge is None else rows.edge
    lists = rows.indptr.tolist(), rows.source.tolist(), edge.tolist()
    nodes = graph._known_ids(source, adjacency.num_sources).tolist()
    walks = [[step for step in _walk(*lists, node) if step[1] in wanted] for node in nodes]
    edges = _side_by_side([[edge for edge, _ in walk] for walk in walks], graph, graph.idtype)
    if not return_labels:
        return edges
    return edges, _side_by_side([[label for _, label in walk] for walk in walks], graph, torch.int64)


def _edges_of(graph: DGLGraph, reverse: bool) -> Adjacency:
    """The edges, turned round if the search goes against them."""
    adjacency = graph._adjacency(None)
    if adjacency.num_sources != adjacency.num_targets or graph.is_block:
        raise ShapeError(
            f"expected edges within one set of nodes, got {adjacency.num_sources} sources and "
            f"{adjacency.num_targets} targets; hint: to_homogeneous has all nodes in one set"
        )
    return adjacency.reversed() if reverse else adjacency


def _breadth_first(graph: DGLGraph, source: Any, reverse: bool) -> Iterator[tuple[Tensor, Tensor]]:
    """The nodes of each step, in the order in which edges of the step before lead to them, and these edges."""
    adjacency = _edges_of(graph, reverse)
    nodes = edges = graph._known_ids(source, adjacency.num_sources)
    seen = torch.zeros(adjacency.num_sources, dtype=torch.bool, device=graph.device)
    while nodes.shape[0]:
        yield nodes, edges
        seen[nodes] = True
        _, _, target, ids = graphs.out_edges(adjacency, nodes)
        new = ~seen[target]
        first = _first_places(target[new])
        nodes, edges = target[new][first], ids[new][first]


def _first_places(ids: Tensor) -> Tensor:
    """Where each id stands for the first time, in this order."""
    found, which = ids.unique(return_inverse=True)
    place = torch.arange(ids.shape[0], device=ids.device)
    return place.new_full(found.shape, ids.shape[0]).scatter_reduce(0, which, place, "amin").sort().values


def _tree_edges(adjacency: Adjacency, node: int) -> list[int]:
    """The edge on which a search in depth reaches each node: the first one from its parent."""
    order, parent = dfs(adjacency, [node])
    reached = order[1:]
    edges: list[int] = graphs.edge_ids_between(adjacency, parent[reached], reached).lowest().tolist()
    return edges


def _walk(indptr: list[int], target: list[int], edge: list[int], node: int) -> Iterator[tuple[int, int]]:
    """Edges and labels, as a search in depth comes to them."""
    seen = {node}
    path = [(iter(range(indptr[node], indptr[node + 1])), -1)]
    while path:
        positions, entered_on = path[-1]
        at = next(positions, None)
        if at is None:
            path.pop()
            if path:
                yield entered_on, REVERSE
        elif target[at] in seen:
            yield edge[at], NONTREE
        else:
            seen.add(target[at])
            yield edge[at], FORWARD
            path.append((iter(range(indptr[target[at]], indptr[target[at] + 1])), edge[at]))


def _side_by_side(walks: list[list[int]], graph: DGLGraph, dtype: torch.dtype) -> tuple[Tensor, ...]:
    """The i-th of all lists that are so long, for every i."""
    steps = zip_longest(*walks)
    return tuple(
        torch.tensor([one for one in step if one is not None], dtype=dtype, device=graph.device) for step in steps
    )
