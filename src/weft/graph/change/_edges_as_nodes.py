"""Graphs in which the edges of another are nodes."""

import torch

from ...ops import Compressed, gather_rows, select_rows
from .._adjacency import Adjacency, dtype_like
from .._feature_set import NodeSet
from .._graph import Graph
from .._naming import EDGE, NODE, EdgeType
from .._rows import Features
from .._subgraph import derive
from ._edge_sets import edges_at


def line_graph(graph: Graph, *, backtracking: bool = True, features: Features = "copy") -> Graph:
    """Make the graph whose nodes are the edges of another, with an edge from each to those that follow it.

    Node e is edge e, with its features. An edge goes from e to f where f begins at the node at which e ends; edges are
    sorted by e, then by f, and have no features. A graph with types has a node type for each edge type, named by its
    relation, or by all three names with points between them if the relation is not the only one of that name; e and f
    are joined by an edge of type (name of e, node type between them, name of f).

    Args:
        backtracking: whether f may end at the node at which e begins.
        features: those of edges are shared, or left behind ("none").

    Raises:
        MemoryError: if the edges cannot be allocated.

    *Cost* O(edges of the result), as many as the sum over the nodes of in-degree x out-degree.

    >>> found = line_graph(Graph([0, 1, 1], [1, 0, 2]))
    >>> found.adjacency.source.tolist(), found.adjacency.target.tolist()
    ([0, 0, 1], [1, 2, 0])
    >>> line_graph(Graph([0, 1, 1], [1, 0, 2]), backtracking=False).adjacency.target.tolist()
    [2]
    """
    is_plain = graph.node_types == (NODE,) and graph.edge_types == (EDGE,)
    names = {EDGE: NODE} if is_plain else _names(graph)
    adjacencies = {}
    for first, name in names.items():
        for last, other in names.items():
            if first[2] == last[0]:
                joined = EDGE if is_plain else (name, first[2], other)
                before, after = graph.edge_sets[first].adjacency, graph.edge_sets[last].adjacency
                adjacencies[joined] = _followers(before, after, backtracking or first[0] != last[2])
    nodes = _as_nodes(graph, names)
    counts = {name: found.count for name, found in nodes.items()}
    base = Graph._trusted(nodes, {}, graph.device)
    return derive(
        "line_graph", base, counts, adjacencies, node_ids=dict.fromkeys(counts), edge_ids={}, features=features
    ).graph


def levi_graph(graph: Graph, *, features: Features = "copy") -> Graph:
    """Make the graph in which each edge is a node between its source and its target.

    The node types of the graph stay, and each edge type becomes another one: of an edge (u, v) of type ("user", "rates",
    "item") comes a node of type "rates", with its features, an edge ("user", "begins", "rates") from u to it and an edge
    ("rates", "ends", "item") from it to v. Of a graph without types come the node types "node" and "edge". A relation that
    is not the only one of that name, or is the name of a node type, gives way to all three names with points between
    them. Nodes and edges keep their ids.

    Args:
        features: those of nodes and edges are shared, or left behind ("none").

    *Cost* none but a list of ids for each edge type; ids and features are shared.

    >>> found = levi_graph(Graph([0, 1], [1, 2]))
    >>> found["edge", "ends", "node"].adjacency.source, found["edge", "ends", "node"].adjacency.target
    (tensor([0, 1]), tensor([1, 2]))
    """
    names = _names(graph)
    adjacencies: dict[EdgeType, Adjacency] = {}
    for edge_type, name in names.items():
        found = graph.edge_sets[edge_type].adjacency
        count = found.num_edges
        ids = torch.arange(count, dtype=dtype_like(found.source, count), device=graph.device)
        adjacencies[edge_type[0], "begins", name] = Adjacency._trusted(found.source, ids, found.num_sources, count)
        adjacencies[name, "ends", edge_type[2]] = Adjacency._trusted(ids, found.target, count, found.num_targets)
    nodes = {**graph.node_sets, **_as_nodes(graph, names)}
    counts = {name: found.count for name, found in nodes.items()}
    base = Graph._trusted(nodes, {}, graph.device)
    return derive(
        "levi_graph", base, counts, adjacencies, node_ids=dict.fromkeys(counts), edge_ids={}, features=features
    ).graph


def _names(graph: Graph) -> dict[EdgeType, str]:
    """A name of nodes for each edge type: its relation, as long as nothing else has that name."""
    taken = [*graph.node_types, *(edge_type[1] for edge_type in graph.edge_types)]
    return {name: name[1] if taken.count(name[1]) == 1 else ".".join(name) for name in graph.edge_types}


def _as_nodes(graph: Graph, names: dict[EdgeType, str]) -> dict[str, NodeSet]:
    """The sets of edges as sets of nodes, which the graphs of a batch share among them as they did."""
    sets = ((name, graph.edge_sets[edge_type]) for edge_type, name in names.items())
    return {name: NodeSet._trusted(name, edges.count, graph.device, dict(edges), edges.offsets) for name, edges in sets}


def _followers(before: Adjacency, after: Adjacency, may_return: bool) -> Adjacency:
    """An edge from each edge to those that begin where it ends."""
    rows = after.by_source
    edge = torch.arange(after.num_edges, device=after.device) if rows.edge is None else rows.edge
    found = select_rows(Compressed(rows.indptr, edge, None, after.num_edges), before.target)
    ids = dtype_like(before.source, max(before.num_edges, after.num_edges))
    followers = Adjacency._sorted_by_source(found.indptr, found.column, after.num_edges, ids)
    if may_return:
        return followers
    returns = gather_rows(before.source, followers.source) == gather_rows(after.target, followers.target)
    return edges_at(followers, (~returns).nonzero().squeeze(1))
