"""Graphs cut into parts, each with the nodes near it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ...errors import OptionError, ShapeError, message
from ...graph import Adjacency, algorithms
from .._frames import Frame
from .._graph import DGLGraph
from .._numbering import by_appearance
from ..base import EID, NID
from ._made import made_of_one_type, only_adjacency


def metis_partition_assignment(
    g: DGLGraph,
    k: int,
    balance_ntypes: Tensor | None = None,
    balance_edges: bool = False,
    mode: str = "k-way",
    objtype: str = "cut",
) -> Tensor:
    """Put the nodes into k parts of about the same size with few edges between them, with METIS: (num_nodes,).

    Args:
        balance_ntypes, balance_edges, mode, objtype: what differs from the defaults is not there.

    Raises:
        OptionError: if the graph has several types, or an option is not there.
        MissingExtraError: if pymetis is not installed.
    """
    only_adjacency("metis_partition_assignment", g)
    if balance_ntypes is not None or balance_edges or mode != "k-way" or objtype != "cut":
        hint = "weft.graph.algorithms.partition balances nodes and edges"
        raise OptionError(message("metis_partition_assignment", "the defaults of its options", "others", hint))
    return algorithms.partition(g._bare(), k, method="metis").to(g.idtype)


def partition_graph_with_halo(
    g: DGLGraph, node_part: Tensor, extra_cached_hops: int, reshuffle: bool = False
) -> tuple[dict[int, DGLGraph], Tensor | None, Tensor | None]:
    """Take the nodes of each part with those near them, and the edges that were followed to find these.

    A part's own nodes come first, then those from which up to some edges lead to them, then those to which one edge
    leads from them. Edges are sorted by target, then by source. Columns of the graph stay behind; the new ones are `NID`
    and `EID`, "inner_node" and "inner_edge" (whether a node, or the target of an edge, belongs to the part), and "part_id"
    of nodes.

    Args:
        node_part: the part of each node.
        extra_cached_hops: how many edges away the farthest of the others are; 0 for none of them, and no edges from or to them.
        reshuffle: number nodes and edges by parts first; "orig_id" then tells which they were.

    Returns:
        the parts by number, and with `reshuffle` which node and which edge stands at each place.

    Raises:
        OptionError: if the graph has several types.
        ShapeError: if there is not a part for each node.

    >>> from weft.dgl import graph
    >>> parts, _, _ = partition_graph_with_halo(graph(([0, 1, 2], [1, 2, 3])), torch.tensor([0, 0, 1, 1]), 1)
    >>> parts[1].ndata["_ID"], parts[1].edata["_ID"]
    (tensor([2, 3, 1]), tensor([1, 2]))
    """
    adjacency = only_adjacency("partition_graph_with_halo", g)
    count = adjacency.num_sources
    part = torch.as_tensor(node_part, device=g.device).long()
    if part.shape != (count,):
        raise ShapeError(
            message("partition_graph_with_halo", f"a part for each of {count} nodes", str(tuple(part.shape)))
        )
    if not reshuffle:
        return {at: _part(g, adjacency, part, at, extra_cached_hops) for at in part.unique().tolist()}, None, None
    nodes = torch.argsort(part, stable=True)
    place = torch.empty_like(nodes).index_copy_(0, nodes, torch.arange(count, device=nodes.device))
    source, target = place[adjacency.source], place[adjacency.target]
    edges = torch.argsort(target, stable=True)
    moved = Adjacency(source[edges], target[edges], num_sources=count, num_targets=count)
    found = {at: _part(g, moved, part[nodes], at, extra_cached_hops) for at in part.unique().tolist()}
    for each in found.values():
        each.ndata["orig_id"], each.edata["orig_id"] = nodes[each.ndata[NID].long()], edges[each.edata[EID].long()]
    return found, nodes, edges


def metis_partition(
    g: DGLGraph,
    k: int,
    extra_cached_hops: int = 0,
    reshuffle: bool = False,
    balance_ntypes: Tensor | None = None,
    balance_edges: bool = False,
    mode: str = "k-way",
) -> Any:
    """Cut a graph into k parts with METIS: see `metis_partition_assignment` and `partition_graph_with_halo`.

    Returns:
        the parts by number; with `reshuffle` also which node and which edge stands at each place.
    """
    part = metis_partition_assignment(g, k, balance_ntypes, balance_edges, mode)
    found = partition_graph_with_halo(g, part, extra_cached_hops, reshuffle)
    return found if reshuffle else found[0]


def _part(g: DGLGraph, adjacency: Adjacency, part: Tensor, at: int, hops: int) -> DGLGraph:
    source, target = adjacency.source.long(), adjacency.target.long()
    inner = part == at
    own = inner.nonzero().squeeze(1)
    taken, nodes = inner[source] & inner[target], [own]
    reached = inner
    for _ in range(hops):
        entering = _by_end(reached[target], target)
        nodes.append(source[entering])
        taken = taken.index_fill(0, entering, True)
        reached = reached.index_fill(0, source[entering], True)
    if hops:
        leaving = _by_end(inner[source] & ~inner[target], source)
        nodes.append(target[leaving])
        taken = taken.index_fill(0, leaving, True)
    kept, number = by_appearance(nodes, part.shape[0], part.device)
    edges = taken.nonzero().squeeze(1)
    edges = edges[torch.argsort(number[target[edges]] * kept.shape[0] + number[source[edges]], stable=True)]
    made = Adjacency(number[source[edges]], number[target[edges]], num_sources=kept.shape[0], num_targets=kept.shape[0])
    of_nodes = {NID: kept.to(g.idtype), "inner_node": inner[kept].int(), "part_id": part[kept]}
    of_edges = {EID: edges.to(g.idtype), "inner_edge": inner[target[edges]].to(torch.int8)}
    frames = Frame(kept.shape[0], g.device, of_nodes), Frame(edges.shape[0], g.device, of_edges)
    return made_of_one_type(made, g.idtype, nodes=frames[0], edges=frames[1])


def _by_end(chosen: Tensor, end: Tensor) -> Tensor:
    """Ids of edges, those of one node after those of another."""
    ids = chosen.nonzero().squeeze(1)
    return ids[torch.argsort(end[ids], stable=True)]
