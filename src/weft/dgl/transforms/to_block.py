"""Blocks: a graph as a step of message passing, from sources to targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ...errors import IdError, OptionError, message
from ...graph import Adjacency
from .._frames import Frame
from .._graph import DGLBlock, DGLGraph
from .._numbering import by_appearance
from .._types import Types
from ..base import EID, NID
from ._made import checked_ids, refuse_block

__all__ = ["to_block"]


def to_block(g: DGLGraph, dst_nodes: Any = None, include_dst_in_src: bool = True, src_nodes: Any = None) -> DGLBlock:
    """Make a block of a graph: its targets are the nodes that receive messages, its sources those that send.

    Nodes and edges have their columns, and their ids in the graph as the columns `NID` and `EID`. Edges keep their order.
    Sources are numbered as they first appear: the targets, if they are included, then the sources of each edge type.

    Args:
        dst_nodes: the targets: ids, or by node type; every node that an edge enters if None. A node type that is not
            named has none, and edges that enter it are left out.
        include_dst_in_src: let each node type's sources begin with its targets.
        src_nodes: the sources in their order: ids, or by node type; found if None.

    Raises:
        IdError: if an edge enters a node that is no target, or leaves one that is no source, or there is no such node.
        OptionError: if nodes are named twice, nodes of several types are given without them, the sources do not begin
            with the targets as they should, or the graph is a block itself.

    >>> from weft.dgl import graph
    >>> block = to_block(graph(([0, 1, 2], [2, 2, 3])), [3, 2])
    >>> block.srcdata["_ID"], block.edges()
    (tensor([3, 2, 0, 1]), (tensor([2, 3, 1]), tensor([1, 1, 0])))
    """
    refuse_block("to_block", g)
    targets = _targets(g) if dst_nodes is None else _by_type(g, "dst_nodes", dst_nodes)
    numbered = [by_appearance([ids], frame.count, g.device) for ids, frame in zip(targets, g._nodes, strict=True)]
    edge_ids = [_kept_edges(g, at, targets[g._types.target_at[at]]) for at in range(len(g._types.edges))]
    ends = [(found.source[ids], found.target[ids]) for found, ids in zip(g._adjacencies, edge_ids, strict=True)]
    if src_nodes is None:
        parts: list[list[Tensor]] = [[ids] if include_dst_in_src else [] for ids in targets]
        for at, (source, _) in zip(g._types.source_at, ends, strict=True):
            parts[at].append(source)
        found = [by_appearance(part, frame.count, g.device) for part, frame in zip(parts, g._nodes, strict=True)]
    else:
        sources = _by_type(g, "src_nodes", src_nodes)
        if include_dst_in_src:
            _check_prefixes(g, sources, targets)
        found = [by_appearance([ids], frame.count, g.device) for ids, frame in zip(sources, g._nodes, strict=True)]
    return _block(g, found, numbered, ends, edge_ids)


def _block(
    g: DGLGraph,
    sources: list[tuple[Tensor, Tensor]],
    targets: list[tuple[Tensor, Tensor]],
    ends: list[tuple[Tensor, Tensor]],
    edge_ids: list[Tensor],
) -> DGLBlock:
    """The block of sources and targets, each as ids and the numbers of all nodes."""
    adjacencies, edges = [], []
    for at, ((source, target), ids) in enumerate(zip(ends, edge_ids, strict=True)):
        (leaving, u), (entering, v) = sources[g._types.source_at[at]], targets[g._types.target_at[at]]
        renamed = [_renamed(g, at, *pair) for pair in ((u, source, "leaves"), (v, target, "enters"))]
        sizes = {"num_sources": leaving.shape[0], "num_targets": entering.shape[0]}
        adjacencies.append(Adjacency(*(end.to(g.idtype) for end in renamed), **sizes))
        edges.append(g._edges[at].copied() if ids.shape[0] == g._edges[at].count else g._edges[at].taken(ids))
        edges[-1][EID] = ids.to(g.idtype)
    nodes = [
        _taken(frame, ids, g) for part in (sources, targets) for frame, (ids, _) in zip(g._nodes, part, strict=True)
    ]
    types = Types(g._types.edges, g._types.source, g._types.source)
    made = DGLGraph._made(types, adjacencies, nodes, edges, g.idtype, g.device)
    assert isinstance(made, DGLBlock), "types with targets of their own are those of a block"
    return made


def _taken(frame: Frame, ids: Tensor, g: DGLGraph) -> Frame:
    made = frame.taken(ids)
    made[NID] = ids.to(g.idtype)
    return made


def _targets(g: DGLGraph) -> list[Tensor]:
    """The nodes of each type that an edge enters, ascending."""
    entered = [torch.zeros(frame.count, dtype=torch.bool, device=g.device) for frame in g._nodes]
    for at, found in zip(g._types.target_at, g._adjacencies, strict=True):
        entered[at] |= found.in_degrees() > 0
    return [mask.nonzero().squeeze(1) for mask in entered]


def _by_type(g: DGLGraph, argument: str, given: Any) -> list[Tensor]:
    """Ids of each node type, none of those that are not named."""
    if not isinstance(given, Mapping):
        if len(g._types.nodes) > 1:
            raise OptionError(f"to_block: expected a mapping from node types for `{argument}`, since there are several")
        given = {g._types.nodes[0]: given}
    found = [torch.empty(0, dtype=torch.int64, device=g.device) for _ in g._nodes]
    for name, ids in given.items():
        at = g._types.node_frame(name)
        found[at] = checked_ids("to_block", g, ids, g._nodes[at].count)
        if found[at].unique().shape[0] != found[at].shape[0]:
            raise OptionError(message("to_block", f"each of `{argument}` once", f"some of {name!r} several times"))
    return found


def _kept_edges(g: DGLGraph, at: int, targets: Tensor) -> Tensor:
    """All edges of a type, unless their targets are none."""
    count = g._adjacencies[at].num_edges if targets.shape[0] else 0
    return torch.arange(count, device=g.device)


def _renamed(g: DGLGraph, at: int, numbers: Tensor, end: Tensor, verb: str) -> Tensor:
    found = numbers[end]
    missing = (found < 0).nonzero().flatten()
    if missing.shape[0]:
        which = "`dst_nodes`" if verb == "enters" else "`src_nodes`"
        got = f"edge {int(missing[0])} of {g._types.edges[at]}, which {verb} node {int(end[missing[0]])}"
        raise IdError(message("to_block", f"edges between {which} and others to name all nodes", got))
    return found


def _check_prefixes(g: DGLGraph, sources: list[Tensor], targets: list[Tensor]) -> None:
    for name, leaving, entering in zip(g._types.nodes, sources, targets, strict=True):
        if not torch.equal(leaving[: entering.shape[0]], entering):
            hint = "put them first, or pass include_dst_in_src=False"
            raise OptionError(message("to_block", f"`src_nodes` of {name!r} to begin with `dst_nodes`", "others", hint))
