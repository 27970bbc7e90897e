"""Edges that are added, or taken away."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ...errors import ShapeError, message
from .._adjacency import Adjacency, Ids
from .._by_type import by_edge_type, chosen_ids, edge_type_of, node_type_of
from .._feature_set import EdgeSet
from .._graph import Graph
from .._naming import EdgeType, checked_edge_type
from .._rows import Features
from .._subgraph import Subgraph, check_within_graphs
from ..select._part import Edges, part_of
from ._edge_sets import edges_after, remaining, rows_after, with_edges


def add_edges(
    graph: Graph,
    source: Ids,
    target: Ids,
    *,
    edge_type: str | EdgeType | None = None,
    features: Mapping[str, Any] | None = None,
) -> Graph:
    """Add edges behind those of a type; the edges that are there keep their ids.

    New edges have the rows in `features`, and 0 in what that does not name; a feature that only `features` names is 0
    for the old edges. In a batch the new edges of each graph stand behind its old ones.

    Args:
        source, target: nodes of the graph; `add_nodes` makes new ones.
        edge_type: which edges, if the graph has several types; a triple that the graph lacks becomes a new type.
        features: rows for the new edges by name: `(num_new_edges, *F)`.

    Raises:
        IdError: if a source or a target is not there.
        FeatureError: if there is no such edge type, or it is needed to choose one.
        OptionError: if an edge would run from one graph of a batch to another.
        ShapeError, DtypeError, DeviceError: if arguments do not fit each other, or the features that they continue.

    *Cost* copies the ids and features of the type.

    >>> graph = add_edges(Graph([0, 1], [1, 2]), [2], [0], features={"w": [0.5]})
    >>> graph.adjacency.source.tolist(), graph.edges["w"].tolist()
    ([0, 1, 2], [0.0, 0.0, 0.5])
    """
    name = _known_or_new(graph, edge_type)
    nodes = graph.node_sets[name[0]], graph.node_sets[name[2]]
    source, target = (
        chosen_ids("add_edges", end, ids, count=found.count, device=graph.device)
        for end, ids, found in (("source", source, nodes[0]), ("target", target, nodes[1]))
    )
    if source.shape != target.shape:
        got = f"{source.shape[0]} and {target.shape[0]}"
        raise ShapeError(message("add_edges", "as many sources as targets, one of each for every edge", got))
    check_within_graphs("add_edges", (nodes[0].offsets, nodes[1].offsets), source, target)
    new = EdgeSet(name, Adjacency._trusted(source, target, nodes[0].count, nodes[1].count))
    new.update(features or {})
    old = graph.edge_sets.get(name)
    if old is None:
        return with_edges("add_edges", graph, {name: new.adjacency}, given={name: dict(new)})
    joined = edges_after(old.adjacency, source, target)
    return with_edges("add_edges", graph, {name: joined}, given={name: rows_after("add_edges", old, new)})


def _known_or_new(graph: Graph, edge_type: str | EdgeType | None) -> EdgeType:
    if isinstance(edge_type, tuple) and edge_type not in graph.edge_sets:
        first, _, last = checked_edge_type("add_edges", edge_type)
        node_type_of("add_edges", graph, first), node_type_of("add_edges", graph, last)
        return edge_type
    return edge_type_of("add_edges", graph, edge_type)


def remove_edges(graph: Graph, edges: Ids | Mapping[str | EdgeType, Ids], *, features: Features = "copy") -> Subgraph:
    """Take edges away; all nodes stay.

    The edges that remain keep their order and their features; `edge_ids` of the result tells which they were.

    Args:
        edges: ids in any order, or a mask; a mapping from edge types or relations for a graph of several.
        features: copied ("copy"), copied at the first look ("lazy"), or left behind ("none").

    Raises:
        IdError, ShapeError, DtypeError, DeviceError: if `edges` are neither ids of the graph nor a mask.
        OptionError: if the graph has several edge types and `edges` is no mapping.
        FeatureError: if there is no such edge type.

    *Cost* one pass over the edges, and over the features that remain.

    >>> part = remove_edges(Graph([0, 1, 2], [1, 2, 0]), [1])
    >>> part.graph, part.edge_ids["node", "edge", "node"]
    (Graph(3 nodes, 2 edges, on cpu), tensor([0, 2]))
    """
    kept = {}
    for name, given in by_edge_type("remove_edges", "edges", graph, given=edges).items():
        count = graph.edge_sets[name].count
        kept[name] = remaining(chosen_ids("remove_edges", "edges", given, count=count, device=graph.device), count)
    return of_edges("remove_edges", graph, kept, features)


def of_edges(where: str, graph: Graph, kept: Mapping[EdgeType, Tensor], features: Features) -> Subgraph:
    """The graph with the edges of some types alone, by id."""
    edges: dict[EdgeType, Edges | None] = dict.fromkeys(graph.edge_types)
    edges |= {name: Edges.of(graph.edge_sets[name].adjacency, ids) for name, ids in kept.items()}
    return part_of(where, graph, dict.fromkeys(graph.node_types), edges, features=features)
