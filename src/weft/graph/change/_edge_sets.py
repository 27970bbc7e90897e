"""What changes of a graph share: edge sets among those that stay, what remains of a set, and rows that are added to one."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ...errors import DtypeError, OptionError, ShapeError, message
from ...ops import gather_rows
from .._adjacency import Adjacency, dtype_like
from .._by_type import edge_type_of
from .._feature_set import FeatureSet
from .._graph import Graph
from .._naming import EdgeType, listed, quoted
from .._rows import Features
from .._subgraph import NOTHING, Given, derive


def with_edges(
    where: str,
    graph: Graph,
    changed: Mapping[EdgeType, Adjacency],
    *,
    edge_ids: Mapping[EdgeType, Tensor | None] = NOTHING,
    features: Features = "copy",
    given: Given = NOTHING,
) -> Graph:
    """A graph of the same nodes, some of whose edge sets are others, or new; further arguments as for `derive`."""
    counts = {name: nodes.count for name, nodes in graph.node_sets.items()}
    adjacencies = {name: edges.adjacency for name, edges in graph.edge_sets.items()}
    return derive(
        where,
        graph,
        counts,
        {**adjacencies, **changed},
        node_ids=dict.fromkeys(counts),
        edge_ids={**dict.fromkeys(adjacencies), **edge_ids},
        features=features,
        given=given,
    ).graph


def types_within(where: str, graph: Graph, edge_type: str | EdgeType | None) -> list[EdgeType]:
    """The edge types that run within one node type, or the one that is asked for.

    Raises:
        FeatureError: if there is none of that name, or several.
        OptionError: if that one runs between two.
    """
    if edge_type is None:
        return [name for name in graph.edge_types if name[0] == name[2]]
    name = edge_type_of(where, graph, edge_type)
    if name[0] != name[2]:
        raise OptionError(message(where, "an edge type within one node type", quoted(name)))
    return [name]


def checked_names(where: str, option: str, given: Mapping[str, object], sets: Mapping[EdgeType, FeatureSet]) -> None:
    """Refuse an option by feature that names one which none of the sets has.

    Raises:
        OptionError: if there is no such feature.
    """
    known = list(dict.fromkeys(name for found in sets.values() for name in found))
    for name in given:
        if name not in known:
            raise OptionError(message(where, f"`{option}` for edge features among {listed(known)}", quoted(name)))


def remaining(gone: Tensor, count: int) -> Tensor:
    """Ids, ascending, of the rows that remain of `count` when those of the ids `gone` go."""
    return torch.ones(count, dtype=torch.bool, device=gone.device).index_fill_(0, gone, False).nonzero().squeeze(1)


def straight(adjacency: Adjacency) -> Tensor:
    """Ids of the edges that are no self loops."""
    return (adjacency.source != adjacency.target).nonzero().squeeze(1)


def edges_at(adjacency: Adjacency, ids: Tensor) -> Adjacency:
    """Some edges, by id, between the same nodes."""
    source, target = gather_rows(adjacency.source, ids), gather_rows(adjacency.target, ids)
    return Adjacency._trusted(source, target, adjacency.num_sources, adjacency.num_targets)


def edges_after(adjacency: Adjacency, source: Tensor, target: Tensor) -> Adjacency:
    """The edges, and others after them."""
    counts = adjacency.num_sources, adjacency.num_targets
    source = torch.cat([adjacency.source, source.to(dtype_like(adjacency.source, counts[0]))])
    target = torch.cat([adjacency.target, target.to(dtype_like(adjacency.target, counts[1]))])
    return Adjacency._trusted(source, target, *counts)


def rows_after(where: str, old: FeatureSet, new: FeatureSet) -> dict[str, Tensor]:
    """The features of two sets of one type, those of the second after those of the first; 0 where one lacks a feature.

    Raises:
        DtypeError, ShapeError: if a feature has another dtype, or rows of another shape, in the second.
    """
    joined = {}
    for name in dict.fromkeys([*old, *new]):
        like = old[name] if name in old else new[name]
        first, last = (
            found[name] if name in found else like.new_zeros((found.count, *like.shape[1:])) for found in (old, new)
        )
        if first.dtype is not last.dtype:
            expected = f"{quoted(name)} of {first.dtype}, which it has in the graph"
            raise DtypeError(message(where, expected, str(last.dtype), f"convert it with .to({first.dtype})"))
        if first.shape[1:] != last.shape[1:]:
            expected = f"{quoted(name)} with rows of shape {tuple(first.shape[1:])}, which it has in the graph"
            raise ShapeError(message(where, expected, str(tuple(last.shape[1:]))))
        joined[name] = torch.cat([first, last])
    return joined
