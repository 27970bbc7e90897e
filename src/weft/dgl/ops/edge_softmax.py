"""Softmax of scores over the edges that share an end, of one edge type or of all together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ...errors import FeatureError, OptionError, ShapeError, check_choice, message
from ...graph import Adjacency, EdgeType
from ...ops import edge_softmax as softmax
from ...ops import sddmm, segment_reduce
from .._algebra import cross
from .._graph import DGLGraph
from ..base import ALL, is_all


def edge_softmax(graph: DGLGraph, logits: Any, eids: Any = ALL, norm_by: str = "dst") -> Any:
    """Take the softmax of scores over the edges that enter each node.

    `out[e] = exp(logits[e]) / sum of exp(logits[f]) over the edges f that enter the target of e`

    *Shapes* `logits: (num_edges, *H)` -> the same. On a graph of several edge types a mapping from edge types (by full name or
    relation) to tensors, for all types -> a mapping by full name; edges of all types that enter a node share one softmax.

    Args:
        eids: the edges that logits are given for, in that order; the softmax is over these alone. By type if logits are.
        norm_by: "dst"; or "src" for the edges that leave each node.

    Raises:
        OptionError, ShapeError, IdError: if arguments do not fit each other.
        FeatureError: if logits lack an edge type, or name one that is not there.

    *Cost* for one type reads E x H, writes it. For several, which no operator takes together, about six times that.

    >>> import torch, weft.dgl as dgl
    >>> g = dgl.graph(([0, 1, 2], [2, 2, 0]))
    >>> edge_softmax(g, torch.tensor([0.0, 0.0, 5.0]))
    tensor([0.5000, 0.5000, 1.0000])
    """
    check_choice("edge_softmax", "norm_by", norm_by, ("src", "dst"))
    if len(graph.canonical_etypes) == 1 and not isinstance(logits, Mapping):
        adjacency = _chosen(graph, 0, eids)
        _check(adjacency, logits, graph.canonical_etypes[0])
        return softmax(adjacency.by_target if norm_by == "dst" else adjacency.by_source, logits)
    if not isinstance(logits, Mapping):
        types = graph.canonical_etypes
        raise OptionError(message("edge_softmax", f"a mapping with logits for each of {types}", type(logits).__name__))
    return _of_types(graph, _by_type(graph, logits), eids if is_all(eids) else _by_type(graph, eids), norm_by)


def _of_types(graph: DGLGraph, logits: dict[int, Tensor], eids: Any, norm_by: str) -> dict[EdgeType, Tensor]:
    """One softmax over edges of several types: highest score and sum by type, then across types."""
    types = graph._types
    ends = types.target_at if norm_by == "dst" else types.source_at
    adjacencies = {at: _chosen(graph, at, eids if is_all(eids) else eids[at]) for at in range(len(types.edges))}
    found: dict[EdgeType, Tensor] = {}
    for end in dict.fromkeys(ends):
        members = [at for at in adjacencies if ends[at] == end]
        for at in members:
            _check(adjacencies[at], logits[at], types.edges[at])
        rows = {at: adjacencies[at].by_target if norm_by == "dst" else adjacencies[at].by_source for at in members}
        degrees = [rows[at].indptr.diff() for at in members]
        if len(members) == 1:
            found[types.edges[members[0]]] = softmax(rows[members[0]], logits[members[0]])
            continue
        highest = [segment_reduce(rows[at].indptr, logits[at].detach(), rows[at].edge, "max") for at in members]
        top = cross(highest, degrees, "max")
        powers = {at: sddmm(rows[at], logits[at], top, "sub", "edge", "target").exp() for at in members}
        sums = [segment_reduce(rows[at].indptr, powers[at], rows[at].edge, "sum") for at in members]
        total = cross(sums, degrees, "sum")
        for at in members:
            found[types.edges[at]] = sddmm(rows[at], powers[at], total, "div", "edge", "target")
    return {name: found[name] for name in types.edges}


def _by_type(graph: DGLGraph, given: Mapping[Any, Any]) -> dict[int, Any]:
    found = {graph._types.edge(name): value for name, value in given.items()}
    for at, name in enumerate(graph.canonical_etypes):
        if at not in found:
            raise FeatureError(message("edge_softmax", f"a tensor for the edge type {name}", f"{list(given)}"))
    return found


def _chosen(graph: DGLGraph, at: int, eids: Any) -> Adjacency:
    """The edges that scores are given for, among all nodes."""
    if is_all(eids):
        return graph._adjacencies[at]
    return graph._some(at, graph._as_ids(eids)).adjacency


def _check(adjacency: Adjacency, logits: Any, name: EdgeType) -> None:
    if not isinstance(logits, Tensor) or logits.dim() == 0 or logits.shape[0] != adjacency.num_edges:
        got = str(tuple(logits.shape)) if isinstance(logits, torch.Tensor) else type(logits).__name__
        raise ShapeError(message("edge_softmax", f"a row for each of {adjacency.num_edges} edges of {name}", got))
