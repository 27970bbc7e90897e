"""Nodes, edges and self loops added to a copy of a graph, or taken away from one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from ... import graph as graphs
from ...errors import FeatureError, OptionError, check_choice, message
from .._graph import DGLGraph
from .._growth import Data
from ._made import edge_frames, made_like, node_frames, refuse_block


def add_nodes(g: DGLGraph, num: int, data: Data = None, ntype: str | None = None) -> DGLGraph:
    """Add nodes behind those of a type, in a copy: see `DGLGraph.add_nodes`.

    >>> from weft.dgl import graph
    >>> add_nodes(graph(([0], [1])), 2).num_nodes()
    4
    """
    made = g.clone()
    made.add_nodes(num, data, ntype)
    return made


def add_edges(g: DGLGraph, u: Any, v: Any, data: Data = None, etype: Any = None) -> DGLGraph:
    """Add edges behind those of a type, in a copy: see `DGLGraph.add_edges`.

    >>> from weft.dgl import graph
    >>> add_edges(graph(([0], [1])), 1, 0).edges()
    (tensor([0, 1]), tensor([1, 0]))
    """
    made = g.clone()
    made.add_edges(u, v, data, etype)
    return made


def remove_nodes(g: DGLGraph, nids: Any, ntype: str | None = None, store_ids: bool = False) -> DGLGraph:
    """Take nodes away with the edges that touch them, in a copy: see `DGLGraph.remove_nodes`.

    >>> from weft.dgl import graph
    >>> remove_nodes(graph(([0, 1], [1, 2])), 0).edges()
    (tensor([0]), tensor([1]))
    """
    made = g.clone()
    made.remove_nodes(nids, ntype, store_ids)
    return made


def remove_edges(g: DGLGraph, eids: Any, etype: Any = None, store_ids: bool = False) -> DGLGraph:
    """Take edges away, in a copy: see `DGLGraph.remove_edges`.

    >>> from weft.dgl import graph
    >>> remove_edges(graph(([0, 1], [1, 2])), [0]).edges()
    (tensor([1]), tensor([2]))
    """
    made = g.clone()
    made.remove_edges(eids, etype, store_ids)
    return made


def add_self_loop(
    g: DGLGraph, edge_feat_names: Iterable[str] | None = None, fill_data: float | str = 1.0, etype: Any = None
) -> DGLGraph:
    """Add an edge from each node to itself, behind the others; a node that has a loop gets another.

    Args:
        edge_feat_names: the columns that `fill_data` fills for the loops, all if None; the others are 0 there.
        fill_data: a number, or "sum", "max", "min" or "mean" of the edges that enter the node.

    Raises:
        OptionError: if the edge type runs between two node types, or there is no such reducer.
        FeatureError: if there is no such column.

    >>> from weft.dgl import graph
    >>> add_self_loop(graph(([0], [1]))).edges()
    (tensor([0, 0, 1]), tensor([1, 0, 1]))
    """
    refuse_block("add_self_loop", g)
    at = g._types.edge(etype)
    name, columns = g._types.edges[at], g._edges[at]
    if isinstance(fill_data, str):
        check_choice("add_self_loop", "fill_data", fill_data, ("sum", "max", "min", "mean"))
    elif not isinstance(fill_data, (int, float)):
        raise OptionError(message("add_self_loop", "`fill_data` as a number or a word", repr(type(fill_data))))
    names = list(columns) if edge_feat_names is None else list(edge_feat_names)
    for feature in names:
        if feature not in columns:
            raise FeatureError(message("add_self_loop", f"columns among {sorted(columns)}", repr(feature)))
    found = graphs.add_self_loops(g._as_weft(), name, fill=dict.fromkeys(names, fill_data))  # type: ignore[arg-type]
    adjacencies, frames = list(g._adjacencies), edge_frames(g)
    adjacencies[at] = found.edge_sets[name].adjacency
    frames[at] = frames[at].copied(adjacencies[at].num_edges)
    frames[at].update(found.edge_sets[name])
    return made_like(g, adjacencies, nodes=node_frames(g), edges=frames)


def remove_self_loop(g: DGLGraph, etype: Any = None) -> DGLGraph:
    """Take away the edges from a node to itself.

    Raises:
        OptionError: if the edge type runs between two node types.

    >>> from weft.dgl import graph
    >>> remove_self_loop(graph(([0, 1], [1, 1]))).edges()
    (tensor([0]), tensor([1]))
    """
    at = g._types.edge(etype)
    first, _, last = g._types.edges[at]
    if first != last or g.is_block:
        name = g._types.edges[at]
        raise OptionError(message("remove_self_loop", "an edge type within one node type", str(name)))
    adjacency = g._adjacencies[at]
    return remove_edges(g, (adjacency.source == adjacency.target).nonzero().squeeze(1), etype=at)


def norm_by_dst(g: DGLGraph, etype: Any = None) -> torch.Tensor:
    """Weigh each edge by one over the number of edges that enter its target: (num_edges,), float32.

    >>> from weft.dgl import graph
    >>> norm_by_dst(graph(([0, 1, 2], [1, 2, 2])))
    tensor([1.0000, 0.5000, 0.5000])
    """
    adjacency = g._adjacency(etype)
    return adjacency.in_degrees()[adjacency.target].float().reciprocal()
