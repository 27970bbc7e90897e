"""What all selections share: edges between chosen nodes, and both numbered anew."""

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor

from ...ops import IdSet, Structure, gather_rows, mark_ends, mark_rows, segment_sort
from .._adjacency import Adjacency, Ids
from .._by_type import by_node_type, chosen_ids
from .._graph import Graph
from .._incident import rows_of
from .._naming import EdgeType
from .._resolve import ends_of
from .._rows import Features
from .._subgraph import Subgraph, derive

Nodes: TypeAlias = Mapping[str, Ids] | Ids
"""Ids or a mask of nodes; for several node types a mapping, in which a type that is not named has none."""


class Chosen(NamedTuple):
    """Nodes of one type: their ids, the set of them, and what each is called anew.

    `place` is the new id of each, from the lowest old one to the highest; None if they ascend.
    """

    ids: Tensor
    found: IdSet
    place: Tensor | None = None

    def new_ids(self, ends: Tensor, index: Tensor | None) -> Tensor:
        """New ids of `ends[index]`, or of all ends."""
        rank = self.found.places(ends, index)
        return rank if self.place is None else gather_rows(self.place, rank)


class Edges(NamedTuple):
    """Edges by id. Edge i of them goes from `source[at[i]]` to `target[at[i]]`, or from `source[i]` to `target[i]`."""

    ids: Tensor
    source: Tensor
    target: Tensor
    at: Tensor | None = None

    @classmethod
    def of(cls, adjacency: Adjacency, ids: Tensor) -> "Edges":
        """The edges of these ids."""
        return cls(ids, adjacency.source, adjacency.target, ids)

    def ends(self, sources: Chosen | None = None, targets: Chosen | None = None) -> tuple[Tensor, Tensor]:
        """Sources and targets, twice (num_edges,), by the new ids of chosen nodes; None leaves them as they are."""
        return _ends(self.source, self.at, sources), _ends(self.target, self.at, targets)


def chosen_nodes(where: str, graph: Graph, nodes: Nodes) -> dict[str, Tensor]:
    """Ids of the chosen nodes of every node type."""
    given = by_node_type(where, "nodes", graph, given=nodes)
    return {
        name: chosen_ids(where, "nodes", given.get(name, ()), count=found.count, device=graph.device)
        for name, found in graph.node_sets.items()
    }


def chosen_sets(where: str, graph: Graph, nodes: Nodes) -> dict[str, Chosen]:
    """The chosen nodes of every node type; one that is named twice counts once."""
    given = chosen_nodes(where, graph, nodes)
    return {name: every(IdSet.of(ids, graph.node_sets[name].count)) for name, ids in given.items()}


def every(found: IdSet) -> Chosen:
    """All nodes of a set, ascending."""
    return Chosen(found.ids(), found)


def edges_between(adjacency: Adjacency, sources: Chosen | None, targets: Chosen | None) -> Edges:
    """The edges from chosen sources to chosen targets, ascending; None chooses all of them.

    *Cost* few nodes: in proportion to the edges at one end, through a structure that is kept; many: a pass over the edges.
    """
    from_marks, to_marks = (None if nodes is None else nodes.found.marks for nodes in (sources, targets))
    if targets is not None and _are_few(targets, adjacency.num_targets):
        rows, at, among = adjacency.by_target, targets, sources
    elif sources is not None and _are_few(sources, adjacency.num_sources):
        rows, at, among = adjacency.by_source, sources, targets
    else:
        return Edges.of(adjacency, IdSet(mark_ends(*ends_of(adjacency), from_marks, to_marks)).ids())
    if 128 * int((rows.indptr[at.ids + 1] - rows.indptr[at.ids]).sum()) < adjacency.num_edges:
        ids, near, far = _sorted_rows(rows, at, among)
        return Edges(ids, far, near) if at is targets else Edges(ids, near, far)
    marks = from_marks if at is targets else to_marks
    marked = mark_rows(rows.indptr, rows.source, rows.edge, at.ids, marks, adjacency.num_edges)
    return Edges.of(adjacency, IdSet(marked).ids())


def part_of(
    where: str,
    graph: Graph,
    kept: Mapping[str, Chosen | None],
    edges: Mapping[EdgeType, Edges | None],
    *,
    features: Features,
) -> Subgraph:
    """The graph of nodes that stay, in their order, and of edges between them; None keeps a type as it is."""
    node_ids = {name: None if nodes is None else nodes.ids for name, nodes in kept.items()}
    counts = {name: graph.node_sets[name].count if ids is None else ids.shape[0] for name, ids in node_ids.items()}
    adjacencies = {}
    for name, found in edges.items():
        whole = adjacencies[name] = graph.edge_sets[name].adjacency
        if found is not None:
            source, target = found.ends(kept[name[0]], kept[name[2]])
            source, target = source.to(whole.source.dtype), target.to(whole.target.dtype)
            adjacencies[name] = Adjacency._trusted(source, target, counts[name[0]], counts[name[2]])
    return derive(
        where,
        graph,
        counts,
        adjacencies,
        node_ids=node_ids,
        edge_ids={name: None if found is None else found.ids for name, found in edges.items()},
        features=features,
    )


def _ends(ends: Tensor, at: Tensor | None, chosen: Chosen | None) -> Tensor:
    if chosen is not None:
        return chosen.new_ids(ends, at)
    return ends if at is None else gather_rows(ends, at)


def _are_few(nodes: Chosen, count: int) -> bool:
    return 8 * nodes.ids.shape[0] < count


def _sorted_rows(rows: Structure, nodes: Chosen, among: Chosen | None) -> tuple[Tensor, Tensor, Tensor]:
    """Ids of the edges of a few rows to nodes among others, ascending, with the row and the other end of each."""
    indptr, far, ids = rows_of(rows, nodes.ids)
    near = torch.repeat_interleave(nodes.ids, indptr.diff(), output_size=ids.shape[0])
    if among is not None:
        inner = (among.found.places(far) >= 0).nonzero().squeeze(1)
        far, ids, near = far[inner], ids[inner], near[inner]
    ids, order = segment_sort(torch.tensor([0, ids.shape[0]], device=ids.device), ids)
    return ids.long(), near[order], far[order]
