"""Nodes that are added, or taken away with their edges."""

import operator
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ...errors import OptionError, message
from ...ops import gather_rows
from .._adjacency import Adjacency, Ids
from .._by_type import by_node_type, chosen_ids, node_type_of
from .._feature_set import NodeSet
from .._graph import Graph
from .._naming import EdgeType
from .._rows import Features
from .._subgraph import Subgraph, derive
from ..select._nodes import induced
from ._edge_sets import remaining, rows_after


def add_nodes(
    graph: Graph, count: int, *, node_type: str | None = None, features: Mapping[str, Any] | None = None
) -> Graph:
    """Add nodes behind those of a type.

    The graph keeps its nodes, edges and features. New nodes have the rows in `features`, and 0 in what that does not
    name; a feature that only `features` names is 0 for the old nodes.

    Args:
        node_type: which nodes, if the graph has several types.
        features: rows for the new nodes by name: `(count, *F)`.

    Raises:
        OptionError: if the count is negative, or the graph is a batch, whose nodes stand graph after graph.
        FeatureError: if there is no such node type, or it is needed to choose one.
        ShapeError, DtypeError, DeviceError: if rows do not fit the count, or the feature that they continue.

    *Cost* copies the features of the type; edges are shared.

    >>> graph = Graph([0, 1], [1, 0])
    >>> graph.nodes["x"] = [1.0, 2.0]
    >>> add_nodes(graph, 2).nodes["x"]
    tensor([1., 2., 0., 0.])
    """
    name, count = node_type_of("add_nodes", graph, node_type), operator.index(count)
    if count < 0:
        raise OptionError(message("add_nodes", "a count of at least 0", str(count)))
    old, new = graph.node_sets[name], NodeSet(name, count, device=graph.device)
    new.update(features or {})
    counts = {other: nodes.count for other, nodes in graph.node_sets.items()}
    counts[name] += count
    adjacencies = {}
    for edge_type, edges in graph.edge_sets.items():
        found, sizes = edges.adjacency, (counts[edge_type[0]], counts[edge_type[2]])
        is_same = sizes == (found.num_sources, found.num_targets)
        adjacencies[edge_type] = found if is_same else Adjacency._trusted(found.source, found.target, *sizes)
    ids = torch.cat([torch.arange(old.count, device=graph.device), torch.full((count,), -1, device=graph.device)])
    return derive(
        "add_nodes",
        graph,
        counts,
        adjacencies,
        node_ids={**dict.fromkeys(counts), name: ids},
        edge_ids=dict.fromkeys(adjacencies),
        given={name: rows_after("add_nodes", old, new)},
    ).graph


def remove_nodes(graph: Graph, nodes: Ids | Mapping[str, Ids], *, features: Features = "copy") -> Subgraph:
    """Take nodes away, with all edges that touch them.

    The nodes and edges that remain keep their order and their features, and are numbered anew; `node_ids` and `edge_ids`
    of the result tell which they were.

    Args:
        nodes: ids in any order, or a mask; a mapping from node types for a graph of several.
        features: copied ("copy"), copied at the first look ("lazy"), or left behind ("none").

    Raises:
        IdError, ShapeError, DtypeError, DeviceError: if `nodes` are neither ids of the graph nor a mask.
        OptionError: if the graph has several node types and `nodes` is no mapping.
        FeatureError: if there is no such node type.

    *Cost* one pass over nodes and edges, and over the features that remain.

    >>> part = remove_nodes(Graph([0, 1, 2], [1, 2, 0]), [1])
    >>> part.graph, part.node_ids["node"]
    (Graph(2 nodes, 1 edge, on cpu), tensor([0, 2]))
    """
    kept = {}
    for name, given in by_node_type("remove_nodes", "nodes", graph, given=nodes).items():
        count = graph.node_sets[name].count
        kept[name] = remaining(chosen_ids("remove_nodes", "nodes", given, count=count, device=graph.device), count)
    return induced("remove_nodes", graph, {**dict.fromkeys(graph.node_types), **kept}, features=features)


def renumbered(graph: Graph, node_ids: Mapping[str, Tensor]) -> tuple[dict[str, int], dict[EdgeType, Adjacency]]:
    """The edges of a graph whose nodes are numbered in the order of their ids; each node that an edge touches has to be there.

    Returns:
        arguments of `derive`: numbers of nodes, and edges by type; a type that is not named stays as it is.
    """
    counts = {name: nodes.count for name, nodes in graph.node_sets.items()}
    names = {name: _new_names(ids, counts[name]) for name, ids in node_ids.items()}
    counts |= {name: ids.shape[0] for name, ids in node_ids.items()}
    adjacencies = {}
    for edge_type, edges in graph.edge_sets.items():
        found, (first, _, last) = edges.adjacency, edge_type
        if first in names or last in names:
            source, target = _renamed(found.source, names.get(first)), _renamed(found.target, names.get(last))
            found = Adjacency._trusted(source, target, counts[first], counts[last])
        adjacencies[edge_type] = found
    return counts, adjacencies


def _new_names(ids: Tensor, count: int) -> Tensor:
    """The new id of each of `count` nodes, -1 for those that are not there."""
    return torch.full((count,), -1, device=ids.device).index_copy_(
        0, ids, torch.arange(ids.shape[0], device=ids.device)
    )


def _renamed(ids: Tensor, names: Tensor | None) -> Tensor:
    return ids if names is None else gather_rows(names.to(ids.dtype), ids)
