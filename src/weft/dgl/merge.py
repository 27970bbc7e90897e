"""Graphs on the same nodes, joined."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..errors import FeatureError, OptionError, ShapeError
from ..graph import Adjacency, EdgeType
from ._frames import Frame
from ._graph import DGLGraph


def merge(graphs: Sequence[DGLGraph]) -> DGLGraph:
    """Join the edges of graphs whose nodes of one id are the same node.

    Edges stand graph after graph, with those columns that the first graph has. There are as many nodes as the largest
    graph has; of a column that several graphs have, later ones overwrite the rows of earlier ones.

    Raises:
        OptionError: if there is no graph, or one is a block.
        FeatureError: if graphs differ in their types, or one lacks an edge column of the first.
        ShapeError: if columns of one name have other rows or dtypes.

    >>> import weft.dgl as dgl
    >>> dgl.merge([dgl.graph(([0], [1])), dgl.graph(([2], [0]))]).edges()
    (tensor([0, 2]), tensor([1, 0]))
    """
    parts = list(graphs)
    if not parts:
        raise OptionError("merge: expected at least one graph, got none")
    first = parts[0]
    types = first._types
    for at, part in enumerate(parts):
        if part.is_block:
            raise OptionError("merge: expected graphs, got a block; hint: block_to_graph makes a graph of it")
        if set(part._types.edges) != set(types.edges) or set(part._types.nodes) != set(types.nodes):
            expected = f"{first.ntypes} and {first.canonical_etypes}"
            raise FeatureError(
                f"merge: expected the types of graph 0, {expected}, got {part.ntypes} and {part.canonical_etypes} "
                f"in graph {at}"
            )
    nodes = [_nodes([part._nodes[part._types.nodes.index(name)] for part in parts]) for name in types.nodes]
    adjacencies, edges = [], []
    for at, name in enumerate(types.edges):
        places = [part._types.edge(name) for part in parts]
        found = [part._adjacencies[place] for part, place in zip(parts, places, strict=True)]
        source = torch.cat([adjacency.source.to(first.idtype) for adjacency in found])
        target = torch.cat([adjacency.target.to(first.idtype) for adjacency in found])
        counts = nodes[types.source_at[at]].count, nodes[types.target_at[at]].count
        adjacencies.append(Adjacency(source, target, num_sources=counts[0], num_targets=counts[1]))
        edges.append(_edges(name, [part._edges[place] for part, place in zip(parts, places, strict=True)]))
    return DGLGraph._made(types, adjacencies, nodes, edges, first.idtype, first.device)


def _nodes(frames: list[Frame]) -> Frame:
    made = frames[0].copied()
    for frame in frames[1:]:
        if frame.count > made.count:
            made = made.extended(frame.count - made.count, None)
        rows = torch.arange(frame.count, device=made.device)
        for name, column in frame.items():
            if name in made:
                _check_alike(name, made[name], column)
            if frame.count == made.count:
                made[name] = column
            else:
                made.put_rows(name, rows, column, "nodes")
    return made


def _edges(edge_type: EdgeType, frames: list[Frame]) -> Frame:
    made = Frame(sum(frame.count for frame in frames), frames[0].device)
    for name, first in frames[0].items():
        for at, frame in enumerate(frames):
            if name not in frame:
                raise FeatureError(
                    f'merge: expected the column "{name}" of edges {edge_type} in all graphs, graph {at} has none'
                )
            _check_alike(name, first, frame[name])
        made[name] = torch.cat([frame[name] for frame in frames])
    return made


def _check_alike(name: str, one: Tensor, other: Tensor) -> None:
    if (one.dtype, one.shape[1:]) != (other.dtype, other.shape[1:]):
        expected, got = (f"rows {tuple(column.shape[1:])} of {column.dtype}" for column in (one, other))
        raise ShapeError(f'merge: expected the column "{name}" to have {expected} in all graphs, got {got}')
