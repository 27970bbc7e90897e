"""Arguments that name types, or bring something for each: alone where a graph has one type, a mapping where it has several."""

from collections.abc import Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor

from ..errors import DeviceError, FeatureError, IdError, OptionError, ShapeError, message
from ._adjacency import Ids, as_ids, can_read
from ._feature_set import EdgeSet, NodeSet
from ._graph import Graph
from ._naming import EdgeType, counted, listed, quoted

_V = TypeVar("_V")


def node_type_of(where: str, graph: Graph, name: str | None = None) -> str:
    """The node type of that name, or the only one.

    Raises:
        FeatureError: if there is none of that name, or several and no name.
    """
    if name is None and len(graph.node_types) == 1:
        return graph.node_types[0]
    if name is None or name not in graph.node_sets:
        raise FeatureError(message(where, f"one of the node types {listed(graph.node_types)}", quoted(name)))
    return name


def edge_type_of(where: str, graph: Graph, name: str | EdgeType | None = None) -> EdgeType:
    """The edge type of that name, or with that relation alone, or the only one.

    Raises:
        FeatureError: if there is none of that name, or several.
    """
    if name is None and len(graph.edge_types) == 1:
        return graph.edge_types[0]
    found = [edge_type for edge_type in graph.edge_types if name in (edge_type, edge_type[1])]
    if len(found) != 1:
        hint = "name the edge type in full" if found else ""
        raise FeatureError(message(where, f"one of the edge types {listed(graph.edge_types)}", quoted(name), hint))
    return found[0]


def set_of(where: str, option: str, graph: Graph, name: str | EdgeType | None) -> NodeSet | EdgeSet:
    """The node set or edge set of that name; the nodes, where there is one node type and no name.

    Raises:
        FeatureError: if there is none of that name, or several node types and no name.
    """
    if name is not None:
        return graph[name]
    if len(graph.node_types) != 1:
        hint = f"choose one, as in {option}={quoted(graph.node_types[0])}" if graph.node_types else ""
        expected = f"`{option}` for a graph of several node types"
        raise FeatureError(message(where, expected, listed(graph.node_types), hint))
    return graph.nodes


def by_node_type(where: str, argument: str, graph: Graph, *, given: Mapping[str, _V] | _V) -> dict[str, _V]:
    """What was given for each node type: a mapping, or a value for a graph of one node type.

    Raises:
        FeatureError: if a type is not there.
        OptionError: if a graph of several types is given one value.
    """
    if isinstance(given, Mapping):
        return {node_type_of(where, graph, name): value for name, value in given.items()}
    _refuse_several(where, argument, "node", graph.node_types)
    return {graph.node_types[0]: given}


def by_edge_type(
    where: str, argument: str, graph: Graph, *, given: Mapping[str | EdgeType, _V] | _V
) -> dict[EdgeType, _V]:
    """What was given for each edge type: a mapping, also from relations, or a value for a graph of one edge type.

    Raises:
        FeatureError: if a type is not there or is named twice, or a relation is that of several.
        OptionError: if a graph of several types is given one value.
    """
    if isinstance(given, Mapping):
        found: dict[EdgeType, _V] = {}
        for name, value in given.items():
            edge_type = edge_type_of(where, graph, name)
            if edge_type in found:
                raise FeatureError(message(where, f"`{argument}` to name each edge type once at most", quoted(name)))
            found[edge_type] = value
        return found
    _refuse_several(where, argument, "edge", graph.edge_types)
    return {graph.edge_types[0]: given}


def chosen_ids(where: str, argument: str, given: Ids, *, count: int, device: torch.device) -> Tensor:
    """Ids below `count`, int64, of ids in any order or of a mask, which gives them ascending.

    Raises:
        IdError: if one is negative or not below `count`.
        ShapeError, DtypeError, DeviceError: if it is neither a list of ids nor a mask of `count` values.
    """
    if isinstance(given, Tensor) and given.dtype is torch.bool:
        if given.shape != (count,):
            raise ShapeError(message(where, f"`{argument}` as a mask of shape ({count},)", str(tuple(given.shape))))
        ids = given.nonzero().squeeze(1)
    else:
        ids = as_ids(given, argument, where=where, device=device).long()
    if ids.device != device:
        raise DeviceError(message(where, f"`{argument}` on {device}, where the graph is", str(ids.device)))
    if can_read(ids) and ids.numel():
        lowest, highest = (int(end) for end in ids.aminmax())
        if lowest < 0 or highest >= count:
            wrong = lowest if lowest < 0 else highest
            known = f"ids are 0 to {count - 1}" if count else "there are none"
            raise IdError(message(where, f"`{argument}` within the graph", f"{wrong}, but {known}"))
    return ids


def _refuse_several(where: str, argument: str, kind: str, types: tuple[Any, ...]) -> None:
    if len(types) != 1:
        example = f"{{{quoted(types[0])}: ...}}" if types else "{}"
        got = f"one value for a graph of {counted(len(types), f'{kind} type')}"
        raise OptionError(message(where, f"`{argument}` for each {kind} type", got, f"name the types, as in {example}"))
