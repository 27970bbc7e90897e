"""Edges from a node to itself."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ...errors import ShapeError, message
from ...ops import segment_reduce
from .._adjacency import Adjacency
from .._feature_set import EdgeSet
from .._graph import Graph
from .._naming import EdgeType, quoted
from .._rows import Features
from .._subgraph import NOTHING, Subgraph
from ._edge_sets import checked_names, edges_after, remaining, rows_after, straight, types_within, with_edges
from ._edges import of_edges
from ._reduce import Reduce


def add_self_loops(
    graph: Graph,
    edge_type: str | EdgeType | None = None,
    *,
    only_missing: bool = False,
    fill: Mapping[str, float | Tensor | Reduce] = NOTHING,
) -> Graph:
    """Add an edge from each node to itself, behind the other edges and in the order of the nodes.

    Edges that are there keep their ids; in a batch the loops of each graph stand behind its other edges. Features of
    edges are 0 for the loops unless `fill` names them.

    Args:
        edge_type: the edge type that gets loops; without it all that run within one node type.
        only_missing: give none to a node that has one.
        fill: by name of an edge feature, its value for the loops: a number, a row `(*F)`, a row for each node
            `(num_nodes, *F)`, or "sum", "mean", "max", "min", "mul", "var" or "std" of the edges that enter the node.

    Raises:
        OptionError: if the edge type runs between two node types, or no edges have a feature that `fill` names; if it
            names a reducer that does not exist.
        FeatureError: if there is no such edge type.
        ShapeError: if a value does not fit the feature.

    *Cost* copies the ids and features of the edge types that get loops.

    >>> graph = Graph([0, 1], [1, 1])
    >>> graph.edges["w"] = [2.0, 3.0]
    >>> add_self_loops(graph, fill={"w": 1.0}).edges["w"]
    tensor([2., 3., 1., 1.])
    >>> add_self_loops(graph, only_missing=True, fill={"w": "mean"}).adjacency.source
    tensor([0, 1, 0])
    """
    sets = {name: graph.edge_sets[name] for name in types_within("add_self_loops", graph, edge_type)}
    checked_names("add_self_loops", "fill", fill, sets)
    changed, given = {}, {}
    for name, edges in sets.items():
        found = edges.adjacency
        nodes = torch.arange(found.num_sources, device=graph.device)
        if only_missing:
            nodes = remaining(found.source[found.source == found.target].long(), found.num_sources)
        loops = EdgeSet(name, Adjacency._trusted(nodes, nodes, found.num_sources, found.num_targets))
        for feature, value in fill.items():
            if feature in edges:
                loops[feature] = _filled(edges, feature, value, nodes)
        changed[name] = edges_after(found, nodes, nodes)
        given[name] = rows_after("add_self_loops", edges, loops)
    return with_edges("add_self_loops", graph, changed, given=given)


def remove_self_loops(
    graph: Graph, edge_type: str | EdgeType | None = None, *, features: Features = "copy"
) -> Subgraph:
    """Take away the edges from a node to itself; all nodes stay.

    The edges that remain keep their order and their features; `edge_ids` of the result tells which they were.

    Args:
        edge_type: the edge type that loses its loops; without it all that run within one node type.
        features: copied ("copy"), copied at the first look ("lazy"), or left behind ("none").

    Raises:
        OptionError: if the edge type runs between two node types.
        FeatureError: if there is no such edge type.

    *Cost* one pass over the edges, and over the features that remain.

    >>> remove_self_loops(Graph([0, 1, 1], [0, 1, 0])).edge_ids["node", "edge", "node"]
    tensor([2])
    """
    names = types_within("remove_self_loops", graph, edge_type)
    found = {name: graph.edge_sets[name].adjacency for name in names}
    kept = {name: straight(adjacency) for name, adjacency in found.items()}
    return of_edges("remove_self_loops", graph, kept, features)


def _filled(edges: EdgeSet, feature: str, value: float | Tensor | Reduce, nodes: Tensor) -> Tensor:
    """The rows of a feature for loops at `nodes`."""
    x = edges[feature]
    if isinstance(value, str):
        rows = edges.adjacency.by_target
        return segment_reduce(rows.indptr, x, rows.edge, value)[nodes]
    row, shape = torch.as_tensor(value, dtype=x.dtype, device=x.device), x.shape[1:]
    try:
        return row.expand((edges.adjacency.num_targets, *shape))[nodes]
    except RuntimeError as error:
        where = f"add_self_loops, `fill` of {quoted(feature)}"
        expected = f"a number, a row of shape {tuple(shape)}, or one for each node"
        raise ShapeError(message(where, expected, str(tuple(row.shape)))) from error
