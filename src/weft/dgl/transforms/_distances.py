"""Distances in edges: between all nodes, from a root, and from the two nodes of a link."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ...errors import OptionError, message
from ...graph import Adjacency
from ...graph.algorithms import BreadthFirst, bfs
from .._graph import DGLGraph
from ._made import checked_ids, only_adjacency


def shortest_dist(g: DGLGraph, root: int | None = None, return_paths: bool = False) -> Any:
    """Count the edges of the shortest path from each node, or a root, to each node; -1 where none leads.

    *Shapes* -> distances, `(num_nodes, num_nodes)`, or `(num_nodes,)` from a root, int64; paths add a dimension as long as
    the longest path: the ids of its edges, then -1.

    Args:
        return_paths: also give the edges of a shortest path to each node. Where there are several, each node is reached by
            the edge of lowest id.

    Raises:
        OptionError: if the graph has several types.
        IdError: if there is no such node.

    *Cost* a search in breadth from each node, or from the root.

    >>> from weft.dgl import graph
    >>> g = graph(([0, 1], [1, 2]))
    >>> shortest_dist(g, root=0), shortest_dist(g, root=0, return_paths=True)[1]
    (tensor([0, 1, 2]), tensor([[-1, -1],
            [ 0, -1],
            [ 0,  1]]))
    """
    adjacency = only_adjacency("shortest_dist", g)
    count = adjacency.num_sources
    roots = range(count) if root is None else checked_ids("shortest_dist", g, root, count).tolist()
    found = [bfs(adjacency, start) for start in roots]
    none = torch.empty(0, count, dtype=torch.int64, device=g.device)
    levels = torch.stack([each.level for each in found]) if found else none
    distance = levels if root is None else levels[0]
    if not return_paths:
        return distance
    longest = max(int(levels.max()), 0) if levels.numel() else 0
    paths = [_paths(each, longest) for each in found]
    whole = torch.stack(paths) if paths else torch.empty(0, count, 0, dtype=torch.int64, device=g.device)
    return distance, whole if root is None else whole[0]


def _paths(found: BreadthFirst, longest: int) -> Tensor:
    """The edges on the way to each node, (num_nodes, longest), walked back from all nodes at once."""
    node = torch.arange(found.level.shape[0], device=found.level.device)
    paths = torch.full((node.shape[0], longest), -1, device=node.device)
    row = node
    for _ in range(longest):
        moves = found.level[node] > 0
        row, node = row[moves], node[moves]
        paths[row, found.level[node] - 1] = found.edge[node]
        node = found.parent[node]
    return paths


def double_radius_node_labeling(g: DGLGraph, src: int, dst: int) -> Tensor:
    """Label nodes by their distances from the two nodes of a link: (num_nodes,), int64.

    `z = 1 + min(d_s, d_t) + (d // 2) * (d // 2 + d % 2 - 1)`, `d = d_s + d_t`, where d_s is the distance from src without
    the edges of dst and d_t that from dst without the edges of src; 1 for both themselves, 0 where either is endless.
    Edges are walked both ways.

    Raises:
        OptionError: if the graph has several types, or src is dst.
        IdError: if there is no such node.

    *Source* Zhang and Chen, 2018, Link Prediction Based on Graph Neural Networks, arXiv:1802.09691.

    >>> from weft.dgl import graph
    >>> double_radius_node_labeling(graph(([0, 0, 1, 2], [1, 2, 2, 3])), 0, 1)
    tensor([1, 1, 2, 5])
    """
    adjacency = only_adjacency("double_radius_node_labeling", g)
    count = adjacency.num_sources
    source, target = (int(checked_ids("double_radius_node_labeling", g, node, count)) for node in (src, dst))
    if source == target:
        raise OptionError(message("double_radius_node_labeling", "two nodes", f"node {source} twice"))
    near, far = _without(adjacency, source, target), _without(adjacency, target, source)
    total = near + far
    half = total // 2
    label = 1 + torch.minimum(near, far) + half * (half + total % 2 - 1)
    label = label.where((near >= 0) & (far >= 0), 0)
    label[[source, target]] = 1
    return label


def _without(adjacency: Adjacency, start: int, other: int) -> Tensor:
    """Distances from a node without the edges of another; -1 where none leads."""
    kept = ((adjacency.source != other) & (adjacency.target != other)).nonzero().squeeze(1)
    sizes = {"num_sources": adjacency.num_sources, "num_targets": adjacency.num_targets}
    rest = Adjacency(adjacency.source[kept], adjacency.target[kept], **sizes)
    return bfs(rest, start, direction="both").level
