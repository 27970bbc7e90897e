"""Graphs of DGL's interface made of structures of weft; what the transforms share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ...errors import IdError, OptionError, message
from ...graph import Adjacency
from .._frames import Frame
from .._graph import DGLGraph
from .._types import HOMOGENEOUS, Types


def only_adjacency(where: str, g: DGLGraph) -> Adjacency:
    """The edges of a graph of one type.

    Raises:
        OptionError: if it has several, or is a block.
    """
    if g.is_block or not g.is_homogeneous:
        raise OptionError(message(where, "a homogeneous graph", f"types {g.canonical_etypes}", "dgl.to_homogeneous(g)"))
    return g._adjacencies[0]


def refuse_block(where: str, g: DGLGraph) -> None:
    """Refuse a block, whose sources and targets are different nodes.

    Raises:
        OptionError: if it is one.
    """
    if g.is_block:
        raise OptionError(message(where, "a graph", "a block", "dgl.block_to_graph(g)"))


def made_like(
    g: DGLGraph,
    adjacencies: Sequence[Adjacency],
    *,
    types: Types | None = None,
    nodes: Sequence[Frame] | None = None,
    edges: Sequence[Frame] | None = None,
) -> DGLGraph:
    """A graph with other edges: of the same types and nodes, without columns, unless they are given."""
    kept = [bare(frame.count, g) for frame in g._nodes] if nodes is None else nodes
    carried = [bare(adjacency.num_edges, g) for adjacency in adjacencies] if edges is None else edges
    return DGLGraph._made(types or g._types, list(adjacencies), list(kept), list(carried), g.idtype, g.device)


def made_of_one_type(
    adjacency: Adjacency,
    idtype: torch.dtype = torch.int64,
    *,
    nodes: Frame | None = None,
    edges: Frame | None = None,
) -> DGLGraph:
    """A homogeneous graph, without columns unless they are given."""
    device = adjacency.device
    nodes = Frame(adjacency.num_sources, device) if nodes is None else nodes
    edges = Frame(adjacency.num_edges, device) if edges is None else edges
    return DGLGraph._made(HOMOGENEOUS, [adjacency], [nodes], [edges], idtype, device)


def bare(count: int, g: DGLGraph) -> Frame:
    """No columns."""
    return Frame(count, g.device)


def node_frames(g: DGLGraph, copied: bool = True) -> list[Frame]:
    """The columns of the nodes, in frames of their own, or none."""
    return [frame.copied() if copied else bare(frame.count, g) for frame in g._nodes]


def edge_frames(g: DGLGraph, copied: bool = True) -> list[Frame]:
    """The columns of the edges, in frames of their own, or none."""
    return [frame.copied() if copied else bare(frame.count, g) for frame in g._edges]


def checked_ids(where: str, g: DGLGraph, given: Any, count: int) -> Tensor:
    """Ids below a count, int64.

    Raises:
        IdError: if one is not.
    """
    ids = g._as_ids(given)
    wrong = ids[(ids < 0) | (ids >= count)]
    if wrong.shape[0]:
        raise IdError(message(where, f"ids from 0 to {count - 1}", str(int(wrong[0]))))
    return ids
