"""Samplers of weft for a graph of DGL's interface, made once for its edges, weights and options."""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor

from ...errors import FeatureError, OptionError, ShapeError, check_choice, message
from ...graph import EdgeType, Graph
from .._graph import DGLGraph
from ..transforms._made import refuse_block

WEIGHT = "weight"
DIRECTIONS = ("in", "out")
_MOST_KEPT = 8
_T = TypeVar("_T")
_lock = threading.Lock()

Weights = Mapping[EdgeType, Tensor]


def prepared(g: DGLGraph, key: Hashable, weights: Weights, make: Callable[[], _T]) -> _T:
    """What was made for these edges, weights and options before, or what is made now; the graph keeps the last few."""
    read = (*g._adjacencies, *weights.values())
    versions = tuple((name, id(weight), _version(weight)) for name, weight in weights.items())
    full = key, tuple(id(adjacency) for adjacency in g._adjacencies), versions
    with _lock:
        if full in g._prepared:
            found: _T = g._prepared[full][1]
            return found
    made = make()
    with _lock:
        while len(g._prepared) >= _MOST_KEPT:
            del g._prepared[next(iter(g._prepared))]
        g._prepared[full] = read, made  # what was read stays, so that its id is that of nothing else
    return made


def _version(weight: Tensor) -> int:
    return 0 if weight.is_inference() else weight._version


def weft_graph(g: DGLGraph, weights: Weights, direction: str) -> Graph:
    """The edges as a graph of weft on the CPU, with weights; turned round where nodes draw edges that leave them."""
    edges = {}
    for name, adjacency in zip(g._types.edges, g._adjacencies, strict=True):
        adjacency = adjacency.to("cpu")
        _ = adjacency.by_target  # which the turned one shares
        edges[turned(name, direction)] = adjacency if direction == "in" else adjacency.reversed()
    counts = {name: frame.count for name, frame in zip(g._types.nodes, g._nodes, strict=True)}
    made = Graph(edges, num_nodes=counts)
    for name, weight in weights.items():
        made.edge_sets[turned(name, direction)][WEIGHT] = weight.detach().cpu()
    return made


def turned(name: EdgeType, direction: str) -> EdgeType:
    """What an edge type is called among those that nodes draw against."""
    return name if direction == "in" else (name[2], name[1], name[0])


def check_direction(where: str, g: DGLGraph, direction: str) -> None:
    """Refuse blocks, and words that are no direction.

    Raises:
        OptionError: if it is so.
    """
    refuse_block(where, g)
    check_choice(where, "edge_dir", direction, DIRECTIONS)


def weights_of(where: str, g: DGLGraph, prob: Any) -> dict[EdgeType, Tensor]:
    """Weights by edge type: a column, for the types that have it, a tensor, or tensors by edge type.

    Raises:
        FeatureError: if no type has the column.
        ShapeError: if there is not one weight for each edge.
    """
    if prob is None:
        return {}
    types = g._types
    if isinstance(prob, str):
        named = {name: frame[prob] for name, frame in zip(types.edges, g._edges, strict=True) if prob in frame}
        if not named:
            raise FeatureError(message(where, "the name of a column of edges", f'"{prob}"'))
    else:
        given = prob if isinstance(prob, Mapping) else {None: prob}
        named = {types.edges[types.edge(name)]: torch.as_tensor(weight) for name, weight in given.items()}
    for name, weight in named.items():
        count = g.num_edges(name)
        if weight.shape != (count,):
            raise ShapeError(message(where, f"a weight for each of {count} edges", f"shape {tuple(weight.shape)}"))
    return named


def ids_by_type(where: str, g: DGLGraph, nodes: Any) -> dict[str, Tensor]:
    """Ids of nodes, or masks, by node type, on the CPU.

    Raises:
        OptionError: if there are several types, and none is named.
        FeatureError: if there is no such type.
    """
    if not isinstance(nodes, Mapping):
        if len(g._types.nodes) != 1:
            raise OptionError(message(where, "a mapping from node types to ids, since there are several", "ids"))
        nodes = {g._types.nodes[0]: nodes}
    return {g._types.nodes[g._types.node_frame(name)]: g._as_ids(ids).cpu() for name, ids in nodes.items()}


def edges_by_type(g: DGLGraph, edges: Any) -> dict[EdgeType, Tensor]:
    """Ids of edges by edge type, on the CPU."""
    given = edges if isinstance(edges, Mapping) else {None: edges}
    return {g._types.edges[g._types.edge(name)]: g._as_ids(ids).cpu() for name, ids in given.items()}


def fanouts_of(where: str, g: DGLGraph, fanout: Any) -> dict[EdgeType, int]:
    """A number for each edge type.

    Raises:
        OptionError: if a mapping leaves a type out, or a number is none.
    """
    names = g._types.edges
    if not isinstance(fanout, Mapping):
        return dict.fromkeys(names, _whole(where, fanout))
    found = {names[g._types.edge(name)]: _whole(where, number) for name, number in fanout.items()}
    missing = [name for name in names if name not in found]
    if missing:
        raise OptionError(message(where, "a fan-out for each edge type", f"none for {missing}", "0 draws none"))
    return {name: found[name] for name in names}


def _whole(where: str, number: Any) -> int:
    try:
        return operator.index(number)
    except TypeError as error:
        raise OptionError(message(where, "whole numbers as fan-outs, -1 for all edges", repr(number))) from error
