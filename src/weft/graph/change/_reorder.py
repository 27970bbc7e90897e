"""Graphs whose nodes stand in another order."""

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor

from ...errors import OptionError, ShapeError, message
from ...ops import coo_to_csc, degree
from ...settings import require
from .._adjacency import Adjacency, Ids, as_ids
from .._by_type import by_node_type, chosen_ids
from .._graph import Graph
from .._homogeneous import joined_adjacency
from .._naming import EdgeType, quoted
from .._rows import Features
from .._subgraph import Subgraph, derive
from ..convert import to_scipy
from ._nodes import renumbered


def reorder(
    graph: Graph,
    order: Literal["degree", "rcm"] | Ids | Mapping[str, Ids] | None = None,
    *,
    parts: Ids | Mapping[str, Ids] | None = None,
    sort_edges: Literal["source", "target"] | None = None,
    features: Features = "copy",
) -> Subgraph:
    """Number the nodes anew, so that what is read together lies together.

    `node_ids` and `edge_ids` of the result tell which node or edge stands at each place.

    Args:
        order: "degree" puts nodes with many edges first, whatever their direction and type, and nodes with equally many
            by their ids; "rcm" is the reverse Cuthill-McKee order of the graph without directions, which brings
            neighbours close together; ids that name each node once are the order itself, a mapping from node types for
            a graph of several, in which types that are not named stay. In a batch the first two order each graph.
        parts: a part for each node: nodes of one part stand together, parts in ascending order. With `order`, the nodes
            of each part stand in that order.
        sort_edges: sort edges by this end, so that features of edges are read one after the other; they keep their order
            without it.
        features: copied ("copy"), copied at the first look ("lazy"), or left behind ("none").

    Raises:
        OptionError: if nothing is asked for, an option has no such value, ids do not name each node once or mix the graphs
            of a batch, or the graph has several node types and is given no mapping.
        IdError, ShapeError, DtypeError, DeviceError: if ids or parts do not fit the graph.
        FeatureError: if there is no such node type.
        MissingExtraError: if "rcm" is asked for and SciPy is not installed.

    *Source* of "rcm": George and Liu (1981), Computer Solution of Large Sparse Positive Definite Systems, as SciPy has it.

    *Cost* "degree" and `parts` sort the nodes; "rcm" is serial, and takes a copy of the edges in both directions; then
    two passes over the edges, and one over the features.

    >>> graph = Graph([0, 1, 1, 3], [1, 2, 3, 1])
    >>> found = reorder(graph, "degree")
    >>> found.node_ids["node"], found.graph.adjacency.source
    (tensor([1, 3, 0, 2]), tensor([2, 0, 0, 1]))
    >>> reorder(graph, parts=[1, 0, 1, 0]).node_ids["node"]
    tensor([1, 3, 0, 2])
    """
    where = "reorder"
    if order is None and parts is None and sort_edges is None:
        raise OptionError(message(where, "`order`, `parts` or `sort_edges`", "none of them"))
    if sort_edges not in (None, "source", "target"):
        raise OptionError(message(where, '`sort_edges` of "source", "target" or None', repr(sort_edges)))
    node_ids = _ordered(graph, order)
    for name, given in by_node_type(where, "parts", graph, given={} if parts is None else parts).items():
        part, count = as_ids(given, "parts", where=where).to(graph.device), graph.node_sets[name].count
        if part.shape[0] != count:
            raise ShapeError(message(where, f"`parts` of shape ({count},)", str(tuple(part.shape))))
        before = node_ids.get(name)
        node_ids[name] = _stable(part) if before is None else before[_stable(part[before])]
    if order is None or isinstance(order, str):
        for name, ids in node_ids.items():
            offsets = graph.node_sets[name].offsets
            if offsets is not None:
                node_ids[name] = ids[_stable(torch.searchsorted(offsets, ids, right=True))]
    counts, adjacencies = renumbered(graph, node_ids)
    edge_ids: dict[EdgeType, Tensor | None] = dict.fromkeys(adjacencies)
    if sort_edges is not None:
        for edge_type, found in adjacencies.items():
            adjacencies[edge_type], edge_ids[edge_type] = _sorted(found, sort_edges)
    return derive(
        where,
        graph,
        counts,
        adjacencies,
        node_ids={**dict.fromkeys(counts), **node_ids},
        edge_ids=edge_ids,
        features=features,
    )


def _ordered(graph: Graph, order: Ids | Mapping[str, Ids] | None) -> dict[str, Tensor]:
    """The nodes of each type in the order that is asked for; a type that it leaves alone is missing."""
    if order is None:
        return {}
    if isinstance(order, str):
        if order not in ("degree", "rcm"):
            raise OptionError(message("reorder", '`order` of "degree", "rcm" or ids of nodes', repr(order)))
        return _by_degree(graph) if order == "degree" else _by_bandwidth(graph)
    found = {}
    for name, given in by_node_type("reorder", "order", graph, given=order).items():
        count = graph.node_sets[name].count
        ids = found[name] = chosen_ids("reorder", "order", given, count=count, device=graph.device)
        times = degree(ids, count)
        if ids.shape[0] != count or bool((times != 1).any()):
            wrong = f"node {int((times != 1).to(torch.uint8).argmax())} {int(times[times != 1][0])} times"
            raise OptionError(message("reorder", f"`order` to name each {quoted(name)} node once", wrong))
    return found


def _by_degree(graph: Graph) -> dict[str, Tensor]:
    degrees = {
        name: torch.zeros(nodes.count, dtype=torch.int64, device=graph.device)
        for name, nodes in graph.node_sets.items()
    }
    for name, edges in graph.edge_sets.items():
        degrees[name[0]] += edges.adjacency.out_degrees()
        degrees[name[2]] += edges.adjacency.in_degrees()
    return {name: _stable(-found) for name, found in degrees.items()}


def _by_bandwidth(graph: Graph) -> dict[str, Tensor]:
    """The reverse Cuthill-McKee order of the nodes of all types together, by type."""
    csgraph = require("scipy.sparse.csgraph", "convert")
    joined = joined_adjacency(graph)
    if joined.num_sources == 0:
        return {}
    matrix = to_scipy(joined).tocsr()  # parallel entries add up
    order = torch.from_numpy(csgraph.reverse_cuthill_mckee(matrix).astype("int64")).to(graph.device)
    found, begin = {}, 0
    for name, nodes in graph.node_sets.items():
        end = begin + nodes.count
        found[name] = order[(order >= begin) & (order < end)] - begin
        begin = end
    return found


def _sorted(found: Adjacency, end: Literal["source", "target"]) -> tuple[Adjacency, Tensor]:
    """The edges sorted by one end, and which they were."""
    if end == "target":
        turned, order = _sorted(found.reversed(), "source")
        return turned.reversed(), order
    source, target = found._ends()
    indptr, target, order = coo_to_csc(source, target, found.num_sources)
    return Adjacency._sorted_by_source(indptr, target, found.num_targets, found.source.dtype), order.long()


def _stable(keys: Tensor) -> Tensor:
    return torch.argsort(keys, stable=True)
