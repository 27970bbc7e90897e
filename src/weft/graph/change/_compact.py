"""Graphs without the nodes that no edge touches."""

from collections.abc import Mapping, Sequence

import torch

from ...errors import OptionError, ShapeError, message
from .._adjacency import Ids
from .._by_type import by_node_type, chosen_ids
from .._graph import Graph
from .._naming import listed, quoted
from .._rows import Features
from .._subgraph import Subgraph, derive
from ._nodes import renumbered


def compact(graph: Graph, *, keep: Ids | Mapping[str, Ids] | None = None, features: Features = "copy") -> Subgraph:
    """Drop the nodes that no edge touches, and number the others anew in their order.

    Edges keep their ids, nodes and edges their features; `node_ids` of the result tells which the nodes were.

    Args:
        keep: nodes that stay in any case: ids or a mask, a mapping from node types for a graph of several.
        features: copied ("copy"), copied at the first look ("lazy"), or left behind ("none").

    Raises:
        IdError, ShapeError, DtypeError, DeviceError: if `keep` is neither ids of the graph nor a mask.
        OptionError: if the graph has several node types and `keep` is no mapping.
        FeatureError: if there is no such node type.

    *Cost* two passes over the edges, and one over the features of the nodes that stay.

    >>> part = compact(Graph([1, 5], [5, 3]))
    >>> part.graph.adjacency.source, part.node_ids["node"]
    (tensor([0, 2]), tensor([1, 3, 5]))
    """
    return _compacted("compact", [graph], keep, features)[0]


def compact_together(
    graphs: Sequence[Graph], *, keep: Ids | Mapping[str, Ids] | None = None, features: Features = "copy"
) -> list[Subgraph]:
    """Drop the nodes that no edge of any of the graphs touches, so that a node has the same new id in all.

    For graphs on the same nodes, such as those of positive and of negative edges; arguments as for `compact`.

    Raises:
        OptionError: if there is no graph, or one that differs in its node types; further as `compact`.
        ShapeError: if numbers of nodes differ.

    >>> first, other = compact_together([Graph([1], [5], 6), Graph([3], [5], 6)])
    >>> first.graph.adjacency.source, other.graph.adjacency.source, other.node_ids["node"]
    (tensor([0]), tensor([1]), tensor([1, 3, 5]))
    """
    if isinstance(graphs, Graph) or not graphs or not all(isinstance(graph, Graph) for graph in graphs):
        raise OptionError(message("compact_together", "a list of at least one graph", repr(graphs)))
    return _compacted("compact_together", graphs, keep, features)


def _compacted(
    where: str, graphs: Sequence[Graph], keep: Ids | Mapping[str, Ids] | None, features: Features
) -> list[Subgraph]:
    first, used = graphs[0], {}
    for name, nodes in first.node_sets.items():
        used[name] = torch.zeros(nodes.count, dtype=torch.bool, device=first.device)
    for name, given in by_node_type(where, "keep", first, given={} if keep is None else keep).items():
        used[name].index_fill_(
            0, chosen_ids(where, "keep", given, count=used[name].shape[0], device=first.device), True
        )
    for at, graph in enumerate(graphs):
        _check_same_nodes(where, first, graph, at)
        for edge_type, edges in graph.edge_sets.items():
            used[edge_type[0]] |= edges.adjacency.out_degrees() > 0
            used[edge_type[2]] |= edges.adjacency.in_degrees() > 0
    node_ids = {name: mask.nonzero().squeeze(1) for name, mask in used.items()}
    parts = []
    for graph in graphs:
        counts, adjacencies = renumbered(graph, node_ids)
        edge_ids = dict.fromkeys(adjacencies)
        parts.append(derive(where, graph, counts, adjacencies, node_ids=node_ids, edge_ids=edge_ids, features=features))
    return parts


def _check_same_nodes(where: str, first: Graph, graph: Graph, at: int) -> None:
    if graph.node_types != first.node_types:
        expected = f"the node types of graph 0, {listed(first.node_types)}, in graph {at}"
        raise OptionError(message(where, expected, listed(graph.node_types)))
    for name, nodes in graph.node_sets.items():
        count = first.node_sets[name].count
        if nodes.count != count:
            raise ShapeError(
                message(where, f"{count} nodes {quoted(name)} as in graph 0", f"{nodes.count} in graph {at}")
            )
