"""The part of a graph that nodes induce."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ...errors import IdError, message
from ...ops import IdSet
from .._graph import Graph
from .._naming import quoted
from .._rows import Features
from .._subgraph import Subgraph
from ._part import Chosen, Nodes, chosen_nodes, edges_between, part_of


def node_subgraph(graph: Graph, nodes: Nodes, *, features: Features = "copy") -> Subgraph:
    """Take nodes and all edges between them.

    Nodes are numbered in the order given, those of a mask from low to high; edges keep their order.

    Args:
        nodes: ids or a mask. For several node types a mapping; a type that is not named keeps no nodes. All types stay.
        features: those of the nodes and edges that stay come along: copied, copied at the first look, or left behind.

    Raises:
        IdError: if a node is not there, or comes twice.
        FeatureError, OptionError: if types do not fit, or nodes of a batch do not stand graph after graph.
        ShapeError, DtypeError, DeviceError: if `nodes` is neither ids nor a mask.

    *Cost* few nodes: in proportion to the edges that enter them, once `by_target` is built; many: a pass over the edges.

    >>> part = node_subgraph(Graph([0, 1, 2, 2], [1, 2, 0, 2]), [2, 0])
    >>> part.graph.adjacency.source.tolist(), part.graph.adjacency.target.tolist()
    ([0, 0], [1, 0])
    >>> part.node_ids["node"].tolist(), part.edge_ids["node", "edge", "node"].tolist()
    ([2, 0], [2, 3])
    """
    return induced("node_subgraph", graph, chosen_nodes("node_subgraph", graph, nodes), features=features)


def induced(where: str, graph: Graph, nodes: Mapping[str, Tensor | None], *, features: Features) -> Subgraph:
    """The part that nodes of every type induce, in the order in which they stand; None keeps all of a type.

    Raises:
        IdError: if a node comes twice.
    """
    kept = {
        name: None if ids is None else _in_order(where, name, ids, graph.node_sets[name].count)
        for name, ids in nodes.items()
    }
    edges = {}
    for name, found in graph.edge_sets.items():
        first, last = kept[name[0]], kept[name[2]]
        edges[name] = None if first is None and last is None else edges_between(found.adjacency, first, last)
    return part_of(where, graph, kept, edges, features=features)


def _in_order(where: str, node_type: str, ids: Tensor, count: int) -> Chosen:
    """Nodes that are numbered as they stand."""
    found = IdSet.of(ids, count)
    if len(found) != ids.shape[0]:
        ordered = ids.sort().values
        twice = int(ordered[1:][ordered[1:] == ordered[:-1]][0])
        hint = "nodes.unique() names each of them once, from low to high"
        raise IdError(message(where, f"each {quoted(node_type)} node once", f"node {twice} twice", hint))
    rank, place = found.places(ids), torch.arange(ids.shape[0], device=ids.device)
    return Chosen(ids, found, None if torch.equal(rank, place) else torch.empty_like(rank).index_copy_(0, rank, place))
