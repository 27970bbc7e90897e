"""A graph of many types as a graph of one type, and back; the types themselves as a graph."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, TypeVar

import torch
from torch import Tensor

from ._adjacency import Adjacency
from ._feature_set import FeatureSet
from ._graph import Graph
from ._refill import refilled

_Set = TypeVar("_Set", bound=FeatureSet)


@dataclass(frozen=True, eq=False)
class Homogeneous:
    """A graph of one type that was made of one of several, and what it takes to go back.

    Nodes stand type after type and so do edges, those of a type in their order: node i of the type at position t is
    node `node_offsets[t] + i`.

    *Shapes* `node_type: (num_nodes,)`, `edge_type: (num_edges,)`, positions in `typed.node_types` and
    `typed.edge_types`; `node_offsets: (num_node_types + 1,)`, `edge_offsets: (num_edge_types + 1,)`; all int64.

    Attributes:
        graph: all nodes and edges, with the features that all types share.
        typed: the graph as it was, with the other features alone.

    >>> shop = Graph({("user", "rates", "item"): ([0, 1], [2, 0]), ("user", "follows", "user"): ([0], [1])})
    >>> found = to_homogeneous(shop)
    >>> found.node_type.tolist(), found.node_offsets.tolist(), found.edge_type.tolist()
    ([0, 0, 1, 1, 1], [0, 2, 5], [0, 0, 1])
    """

    graph: Graph
    typed: Graph
    node_type: Tensor
    edge_type: Tensor
    node_offsets: Tensor
    edge_offsets: Tensor

    def __repr__(self) -> str:
        return f"Homogeneous({self.graph!r} of {self.typed!r})"


def to_homogeneous(graph: Graph) -> Homogeneous:
    """Join the nodes of all types, and the edges of all types, to a graph of one type.

    A feature that all node types have, of one dtype and row shape, is joined, and so for edges. Features that only some
    types have, or that differ, stay in `typed`, so that `to_heterogeneous` gives everything back. The joined graph of a
    batch is no batch, since its nodes do not stand graph after graph; on the way back it is one again.

    *Cost* copies ids and the features that are joined.

    >>> shop = Graph({("user", "rates", "item"): ([0, 1], [2, 0])})
    >>> shop["user"]["x"], shop["item"]["x"], shop["item"]["price"] = torch.ones(2, 4), torch.zeros(3, 4), [5, 7, 9]
    >>> found = to_homogeneous(shop)
    >>> found.graph
    Graph(5 nodes, 2 edges, on cpu; nodes: x (5, 4) float32)
    >>> found.graph.adjacency.source.tolist(), found.graph.adjacency.target.tolist()
    ([0, 1], [4, 2])
    """
    joined = Graph(joined_adjacency(graph))
    rest: dict[Any, dict[str, Tensor]] = {}
    for made, sets in ((joined.nodes, graph.node_sets), (joined.edges, graph.edge_sets)):
        shared = _shared_names(sets)
        for name in shared:
            made[name] = torch.cat([found[name] for found in sets.values()])
        for key, found in sets.items():
            rest[key] = {name: feature for name, feature in found.items() if name not in shared}
    node_type, node_offsets = _types_and_offsets(graph.node_sets, graph.device)
    edge_type, edge_offsets = _types_and_offsets(graph.edge_sets, graph.device)
    return Homogeneous(joined, refilled(graph, features=rest), node_type, edge_type, node_offsets, edge_offsets)


def to_heterogeneous(homogeneous: Homogeneous) -> Graph:
    """Take apart what `to_homogeneous` joined.

    All types, nodes, edges and features come back as they were. A feature that was assigned to the joined graph since
    goes to all types, in place of one of that name.

    *Cost* none to speak of: features that were joined are views, and structures are those of the first graph.

    >>> shop = Graph({("user", "rates", "item"): ([0, 1], [2, 0])})
    >>> found = to_homogeneous(shop)
    >>> found.graph.nodes["h"] = torch.arange(5)
    >>> to_heterogeneous(found)["item"]["h"]
    tensor([2, 3, 4])
    """
    typed = homogeneous.typed
    features: dict[Any, dict[str, Tensor]] = {}
    for joined, sets in ((homogeneous.graph.nodes, typed.node_sets), (homogeneous.graph.edges, typed.edge_sets)):
        counts = [found.count for found in sets.values()]
        parts = {name: feature.split(counts) for name, feature in joined.items()}
        for at, (key, found) in enumerate(sets.items()):
            features[key] = {**found, **{name: part[at] for name, part in parts.items()}}
    return refilled(typed, features=features)


def metagraph(graph: Graph) -> Graph:
    """Make a graph of the types of a graph: which sends to which, and how many there are of each.

    Node i stands for `graph.node_types[i]` and edge i for `graph.edge_types[i]`; the feature `count` of both is the number
    of nodes and edges. Features stay behind.

    >>> shop = Graph({("user", "rates", "item"): ([0, 1], [2, 0]), ("user", "follows", "user"): ([0], [1])})
    >>> found = metagraph(shop)
    >>> found.adjacency.source.tolist(), found.adjacency.target.tolist(), found.edges["count"].tolist()
    ([0, 0], [1, 0], [2, 1])
    """
    place = {name: at for at, name in enumerate(graph.node_types)}
    source, target = (
        torch.tensor([place[name[end]] for name in graph.edge_types], dtype=torch.int64, device=graph.device)
        for end in (0, 2)
    )
    made = Graph(source, target, len(place))
    for counts, sets in ((made.nodes, graph.node_sets), (made.edges, graph.edge_sets)):
        counts["count"] = torch.tensor([found.count for found in sets.values()], dtype=torch.int64, device=graph.device)
    return made


def joined_adjacency(graph: Graph) -> Adjacency:
    """The edges of all types, type after type, among the nodes of all types; of a graph of one type its own."""
    if len(graph.node_types) == len(graph.edge_types) == 1:
        return graph.adjacency
    begins = dict(
        zip(graph.node_types, accumulate((nodes.count for nodes in graph.node_sets.values()), initial=0), strict=False)
    )
    found = [(name, edges.adjacency) for name, edges in graph.edge_sets.items()]
    is_wide = graph.num_nodes >= 2**31 or any(adjacency.source.dtype is torch.int64 for _, adjacency in found)
    none = torch.empty(0, dtype=torch.int64 if is_wide else torch.int32, device=graph.device)
    source = torch.cat([none, *(adjacency.source.to(none.dtype) + begins[name[0]] for name, adjacency in found)])
    target = torch.cat([none, *(adjacency.target.to(none.dtype) + begins[name[2]] for name, adjacency in found)])
    return Adjacency._trusted(source, target, graph.num_nodes, graph.num_nodes)


def _shared_names(sets: Mapping[Any, _Set]) -> list[str]:
    """Features of the first set that all others have, of its dtype and row shape."""
    if not sets:
        return []
    first, *others = sets.values()
    return [
        name
        for name, feature in first.items()
        if all(
            name in found and (found[name].dtype, found[name].shape[1:]) == (feature.dtype, feature.shape[1:])
            for found in others
        )
    ]


def _types_and_offsets(sets: Mapping[Any, _Set], device: torch.device) -> tuple[Tensor, Tensor]:
    counts = torch.tensor([0, *(found.count for found in sets.values())], dtype=torch.int64, device=device)
    return torch.repeat_interleave(counts[1:]), counts.cumsum(0)
