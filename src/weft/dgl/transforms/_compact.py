"""Nodes that no edge touches left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ...errors import OptionError, ShapeError, message
from ...graph import Adjacency
from .._graph import DGLGraph
from .._numbering import by_appearance
from ..base import NID
from ._made import checked_ids, edge_frames, made_like, refuse_block


def compact_graphs(
    graphs: DGLGraph | Sequence[DGLGraph], always_preserve: Any = None, copy_ndata: bool = True, copy_edata: bool = True
) -> Any:
    """Leave out the nodes that no edge of any of the graphs touches; a node has the same new id in all of them.

    Nodes are numbered as they first appear: those that are preserved, then the sources and the targets of each edge
    type, graph by graph. Edges keep their ids.

    Args:
        graphs: one graph, or several on the same nodes.
        always_preserve: nodes that stay in any case: ids, or by node type.
        copy_ndata, copy_edata: whether columns come along; with the former the column `NID` tells which node each was.

    Raises:
        OptionError: if the graphs differ in node types, or nodes of several types are given without them.
        ShapeError: if they differ in numbers of nodes.
        IdError: if there is no such node.

    >>> from weft.dgl import graph
    >>> compact_graphs(graph(([5], [3]))).ndata
    {'_ID': tensor([5, 3])}
    """
    several = [graphs] if isinstance(graphs, DGLGraph) else list(graphs)
    if not several:
        return []
    first = several[0]
    for g in several:
        _check_alike(first, g)
    kept, numbers = [], []
    preserved = _preserved(first, always_preserve)
    for at, frame in enumerate(first._nodes):
        parts = [preserved[at]] if at in preserved else []
        for g in several:
            for edge_at, found in enumerate(g._adjacencies):
                parts += [found.source] if g._types.source_at[edge_at] == at else []
                parts += [found.target] if g._types.target_at[edge_at] == at else []
        ids, number = by_appearance(parts, frame.count, first.device)
        kept.append(ids)
        numbers.append(number)
    made = [_compacted(g, kept, numbers, copy_ndata, copy_edata) for g in several]
    return made[0] if isinstance(graphs, DGLGraph) else made


def _compacted(g: DGLGraph, kept: list[Tensor], numbers: list[Tensor], copy_ndata: bool, copy_edata: bool) -> DGLGraph:
    nodes = []
    for frame, ids in zip(g._nodes, kept, strict=True):
        nodes.append(frame.taken(ids) if copy_ndata else frame.copied(ids.shape[0]))
        if copy_ndata:
            nodes[-1][NID] = ids.to(g.idtype)
    adjacencies = []
    for found, source_at, target_at in zip(g._adjacencies, g._types.source_at, g._types.target_at, strict=True):
        source, target = numbers[source_at][found.source], numbers[target_at][found.target]
        sizes = {"num_sources": nodes[source_at].count, "num_targets": nodes[target_at].count}
        adjacencies.append(Adjacency(source.to(g.idtype), target.to(g.idtype), **sizes))
    return made_like(g, adjacencies, nodes=nodes, edges=edge_frames(g, copy_edata))


def _preserved(g: DGLGraph, given: Any) -> dict[int, Tensor]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        if len(g._types.nodes) > 1:
            raise OptionError(
                "compact_graphs: expected a mapping from node types for `always_preserve`, since there are several"
            )
        given = {g._types.nodes[0]: given}
    places = {g._types.node_frame(name): ids for name, ids in given.items()}
    return {at: checked_ids("compact_graphs", g, ids, g._nodes[at].count) for at, ids in places.items()}


def _check_alike(first: DGLGraph, g: DGLGraph) -> None:
    refuse_block("compact_graphs", g)
    if g.ntypes != first.ntypes:
        raise OptionError(message("compact_graphs", f"graphs of the node types {first.ntypes}", str(g.ntypes)))
    counts, others = ([frame.count for frame in graph._nodes] for graph in (first, g))
    if counts != others:
        raise ShapeError(message("compact_graphs", f"graphs on {counts} nodes", str(others)))
    if torch.device(g.device) != torch.device(first.device):
        raise OptionError(message("compact_graphs", f"graphs on {first.device}", str(g.device)))
