"""The same graph with other features, and whose features a transform means."""

import torch
from torch import Tensor

from ...errors import DtypeError, OptionError, message
from .._adjacency import Ids
from .._by_type import chosen_ids, edge_type_of
from .._feature_set import EdgeSet, NodeSet
from .._graph import Graph
from .._naming import EdgeType, listed, quoted
from .._refill import refilled
from .._subgraph import Given


def with_features(graph: Graph, features: Given) -> Graph:
    """The same nodes and edges, shared, with some features assigned."""
    made = refilled(graph)
    for name, found in features.items():
        (made.edge_sets[name] if isinstance(name, tuple) else made.node_sets[name]).update(found)
    return made


def inner_edge_type(where: str, graph: Graph, edge_type: str | EdgeType | None) -> EdgeType:
    """The edge type of that name, or the only one, if it joins nodes of one type.

    Raises:
        FeatureError: if there is none, or there are several and no name.
        OptionError: if it joins two node types.
    """
    found = edge_type_of(where, graph, edge_type)
    if found[0] != found[2]:
        inner = [name for name in graph.edge_types if name[0] == name[2]]
        hint = f"those of this graph: {listed(inner)}; a path there and back makes one more"
        raise OptionError(message(where, "an edge type that joins nodes of one type", quoted(found), hint))
    return found


def floats_of(where: str, found: NodeSet | EdgeSet, name: str) -> Tensor:
    """A feature in floating point; integers and bools in torch's default dtype.

    Raises:
        FeatureError: if there is none of that name.
        DtypeError: if it is complex.
    """
    feature = found[name]
    if feature.dtype.is_complex:
        raise DtypeError(message(where, f"real numbers in {quoted(name)}", str(feature.dtype)))
    return feature if feature.dtype.is_floating_point else feature.to(torch.get_default_dtype())


def rows_chosen(where: str, argument: str, found: NodeSet | EdgeSet, given: str | Ids) -> Tensor:
    """Ids of rows, int64: given as ids, as a mask, or by the name of a feature that is a mask."""
    return chosen_ids(
        where, argument, found[given] if isinstance(given, str) else given, count=found.count, device=found.device
    )
