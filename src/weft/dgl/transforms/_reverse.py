"""Edges turned round, alone or beside those they come from."""

from __future__ import annotations

import torch

from ... import graph as graphs
from ...errors import OptionError, message
from ...graph import Adjacency
from .._frames import Frame
from .._graph import DGLGraph
from .._types import Types
from ..base import EID
from ._made import edge_frames, made_like, node_frames, refuse_block


def reverse(
    g: DGLGraph,
    copy_ndata: bool = True,
    copy_edata: bool = False,
    *,
    share_ndata: bool | None = None,
    share_edata: bool | None = None,
) -> DGLGraph:
    """Turn every edge round; nodes and edges keep their ids.

    Args:
        copy_ndata, copy_edata: whether columns come along, as the same tensors; `share_ndata` and `share_edata` are older
            names for them.

    >>> from weft.dgl import graph
    >>> reverse(graph(([0, 0], [1, 2]))).edges()
    (tensor([1, 2]), tensor([0, 0]))
    """
    refuse_block("reverse", g)
    nodes = node_frames(g, copy_ndata if share_ndata is None else share_ndata)
    edges = edge_frames(g, copy_edata if share_edata is None else share_edata)
    types = Types([(last, relation, first) for first, relation, last in g._types.edges], g._types.source)
    return made_like(g, [found.reversed() for found in g._adjacencies], types=types, nodes=nodes, edges=edges)


def to_bidirected(g: DGLGraph, copy_ndata: bool = False, readonly: bool | None = None) -> DGLGraph:
    """Make a graph symmetric and simple: one edge each way wherever an edge runs either way.

    Edges are sorted by source, then by target, and have no columns.

    Args:
        copy_ndata: whether the columns of nodes come along.
        readonly: accepted, of no effect.

    Raises:
        OptionError: if an edge type runs between two node types.

    >>> from weft.dgl import graph
    >>> to_bidirected(graph(([0, 2], [1, 0]))).edges()
    (tensor([0, 0, 1, 2]), tensor([1, 2, 0, 0]))
    """
    refuse_block("to_bidirected", g)
    found = graphs.to_bidirected(g._bare(), features="none")
    adjacencies = [found.edge_sets[name].adjacency for name in g._types.edges]
    return made_like(g, adjacencies, nodes=node_frames(g, copy_ndata))


def add_reverse_edges(
    g: DGLGraph,
    readonly: bool | None = None,
    copy_ndata: bool = True,
    copy_edata: bool = False,
    ignore_bipartite: bool = False,
    exclude_self: bool = True,
) -> DGLGraph:
    """Add the reverse of each edge behind the edges of its type.

    Args:
        readonly: accepted, of no effect.
        copy_ndata, copy_edata: whether columns come along, those of an edge for its reverse as well; with the latter
            the column `EID` tells which edge each was.
        ignore_bipartite: leave edge types between two node types as they are.
        exclude_self: add no reverse of a self loop.

    Raises:
        OptionError: if an edge type runs between two node types, and they are not to be left.

    >>> from weft.dgl import graph
    >>> add_reverse_edges(graph(([0, 0], [1, 0]))).edges()
    (tensor([0, 0, 1]), tensor([1, 0, 0]))
    """
    refuse_block("add_reverse_edges", g)
    adjacencies: list[Adjacency] = []
    frames: list[Frame] = []
    for name, found, frame in zip(g._types.edges, g._adjacencies, g._edges, strict=True):
        come_from = torch.arange(found.num_edges, device=g.device)
        if name[0] == name[2]:
            is_turned = (
                found.source != found.target if exclude_self else torch.ones_like(found.source, dtype=torch.bool)
            )
            turned = come_from[is_turned]
            come_from = torch.cat((come_from, turned))
            source, target = (torch.cat((a, b[turned])) for a, b in (found._ends(), found._ends()[::-1]))
            found = Adjacency(source, target, num_sources=found.num_sources, num_targets=found.num_targets)
        elif not ignore_bipartite:
            hint = "ignore_bipartite=True leaves such types as they are"
            raise OptionError(message("add_reverse_edges", "edge types within one node type", str(name), hint))
        adjacencies.append(found)
        frames.append(frame.taken(come_from) if copy_edata else Frame(found.num_edges, g.device))
        if copy_edata:
            frames[-1][EID] = come_from
    return made_like(g, adjacencies, nodes=node_frames(g, copy_ndata), edges=frames)
