"""What all selections share: edges between chosen nodes, and both numbered anew."""

from collections.abc import Mapping
from typing import TypeAlias

from torch import Tensor

from ...ops import gather_rows
from .._adjacency import Adjacency, Ids
from .._by_type import by_edge_type, by_node_type, chosen_ids
from .._graph import Graph
from .._id_set import IdSet, ascending
from .._incident import rows_of
from .._naming import EdgeType
from .._rows import Features
from .._subgraph import Subgraph, derive

Nodes: TypeAlias = Mapping[str, Ids] | Ids
"""Ids or a mask of nodes; for several node types a mapping, in which a type that is not named has none."""

Edges: TypeAlias = Mapping[str | EdgeType, Ids] | Ids
"""Ids or a mask of edges; for several edge types a mapping, in which a type that is not named has none."""


def chosen_nodes(where: str, graph: Graph, nodes: Nodes) -> dict[str, Tensor]:
    """Ids of the chosen nodes of every node type."""
    given = by_node_type(where, "nodes", graph, nodes)
    return {
        name: chosen_ids(where, "nodes", given.get(name, ()), found.count, graph.device)
        for name, found in graph.node_sets.items()
    }


def chosen_edges(where: str, graph: Graph, edges: Edges) -> dict[EdgeType, Tensor]:
    """Ids of the chosen edges of every edge type."""
    given = by_edge_type(where, "edges", graph, edges)
    return {
        name: chosen_ids(where, "edges", given.get(name, ()), found.count, graph.device)
        for name, found in graph.edge_sets.items()
    }


def edges_between(adjacency: Adjacency, sources: IdSet | None, targets: IdSet | None) -> Tensor:
    """Ids of the edges from chosen sources to chosen targets, ascending; None chooses all of them.

    *Cost* few nodes: in proportion to the edges at one end, through a structure that is kept; many: a pass over the edges.
    """
    if targets is not None and _are_few(targets, adjacency.num_targets):
        rows, at, others = adjacency.by_target, targets, sources
    elif sources is not None and _are_few(sources, adjacency.num_sources):
        rows, at, others = adjacency.by_source, sources, targets
    else:
        both = (adjacency.source, sources), (adjacency.target, targets)
        masks = [nodes.mask()[ids] for ids, nodes in both if nodes is not None]
        return (masks[0] if len(masks) == 1 else masks[0] & masks[1]).nonzero().squeeze(1)
    _, ends, edges = rows_of(rows, at.ids)
    if others is not None:
        edges = edges[others.places(ends) >= 0]
    return ascending(edges.long(), adjacency.num_edges)


def part_of(
    where: str,
    graph: Graph,
    kept: Mapping[str, IdSet] | None,
    edges: Mapping[EdgeType, Tensor],
    *,
    features: Features,
) -> Subgraph:
    """The graph of the nodes that stay, in the order of their sets, and of edges between them; None keeps all nodes."""
    counts = {name: nodes.count if kept is None else len(kept[name]) for name, nodes in graph.node_sets.items()}
    adjacencies = {}
    for name, ids in edges.items():
        found = graph.edge_sets[name].adjacency
        source, target = gather_rows(found.source, ids), gather_rows(found.target, ids)
        if kept is not None:
            source = kept[name[0]].places(source).to(source.dtype)
            target = kept[name[2]].places(target).to(target.dtype)
        adjacencies[name] = Adjacency._trusted(source, target, counts[name[0]], counts[name[2]])
    node_ids = {name: None if kept is None else kept[name].ids for name in counts}
    return derive(where, graph, counts, adjacencies, node_ids=node_ids, edge_ids=edges, features=features)


def _are_few(nodes: IdSet, count: int) -> bool:
    return 16 * len(nodes) < count
