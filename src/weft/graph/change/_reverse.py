"""Edges turned round, alone or beside those they come from."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ...errors import OptionError, message
from ...ops import gather_rows
from .._adjacency import Adjacency
from .._graph import Graph
from .._naming import EdgeType, quoted
from .._rows import Features
from .._subgraph import derive, graph_after_graph
from ._edge_sets import edges_after, straight, with_edges


def reverse(graph: Graph, *, prefix: str = "", features: Features = "copy") -> Graph:
    """Turn every edge round; nodes and edges keep their ids.

    Args:
        prefix: put before the relation of each edge type: with "rev_" the edges ("user", "rates", "item") become
            ("item", "rev_rates", "user").
        features: those of nodes and edges are shared, or left behind ("none").

    *Cost* none: ids, features and what was compressed are shared.

    >>> reverse(Graph([0, 0], [1, 2])).adjacency.source
    tensor([1, 2])
    """
    counts = {name: nodes.count for name, nodes in graph.node_sets.items()}
    names = {name: _turned(name, prefix) for name in graph.edge_types}
    return derive(
        "reverse",
        graph,
        counts,
        {names[name]: edges.adjacency.reversed() for name, edges in graph.edge_sets.items()},
        node_ids=dict.fromkeys(counts),
        edge_ids={},
        features=features,
        given={} if features == "none" else {names[name]: dict(edges) for name, edges in graph.edge_sets.items()},
    ).graph


@dataclass(frozen=True, eq=False)
class Reversible:
    """A graph with the reverse of each edge, and which is the reverse of which.

    Edge e of type t goes where edge `reverse_ids[t][e]` of type `reverse_types[t]` comes from. That holds for the edges
    that were there and for those that were added; a self loop in an edge type that has both is its own reverse.

    *Shapes* `reverse_ids[type]: (num_edges,)`, int64.
    """

    graph: Graph
    reverse_types: Mapping[EdgeType, EdgeType]
    reverse_ids: Mapping[EdgeType, Tensor]

    def __repr__(self) -> str:
        return f"Reversible({self.graph!r})"


def add_reverse_edges(
    graph: Graph, *, prefix: str = "rev_", separate: bool = False, features: Features = "copy"
) -> Reversible:
    """Add the reverse of each edge.

    Edges within one node type get their reverse edges behind them, in the same type and in their order; self loops get
    none. Edges between two node types get a new type of reverse edges: with ("user", "rates", "item") comes ("item",
    "rev_rates", "user"), whose edge i is the reverse of edge i. Edges that are there keep their ids; in a batch the
    reverse edges of each graph stand behind its others. A reverse edge has the features of its edge.

    Args:
        prefix: put before the relation of a new type.
        separate: make a new type of the reverse edges within a node type, too, self loops among them.
        features: copied ("copy"), copied at the first look ("lazy"), or left behind ("none").

    Raises:
        OptionError: if a new type has the name of another.

    *Cost* copies the ids and features of edges within a node type; between two, everything is shared.

    >>> both = add_reverse_edges(Graph([0, 0], [0, 1]))
    >>> both.graph.adjacency.source.tolist(), both.reverse_ids["node", "edge", "node"].tolist()
    ([0, 0, 1], [0, 2, 1])
    """
    adjacencies: dict[EdgeType, Adjacency] = {}
    edge_ids: dict[EdgeType, Tensor] = {}
    given: dict[EdgeType, dict[str, Tensor]] = {}
    types: dict[EdgeType, EdgeType] = {}
    reverse_ids: dict[EdgeType, Tensor] = {}
    for name, edges in graph.edge_sets.items():
        found, other = edges.adjacency, _turned(name, prefix)
        if name[0] == name[2] and not separate:
            joined, ids, places = _with_reverse(found, graph.node_sets[name[0]].offsets)
            adjacencies[name], edge_ids[name], reverse_ids[name], types[name] = joined, ids, places, name
            continue
        if other in graph.edge_sets or other in adjacencies:
            hint = "choose another prefix"
            raise OptionError(message("add_reverse_edges", f"a new edge type for {quoted(name)}", quoted(other), hint))
        adjacencies[other], given[other] = found.reversed(), {} if features == "none" else dict(edges)
        types[name], types[other] = other, name
        reverse_ids[name] = reverse_ids[other] = torch.arange(edges.count, device=graph.device)
    made = with_edges("add_reverse_edges", graph, adjacencies, edge_ids=edge_ids, features=features, given=given)
    return Reversible(made, types, reverse_ids)


def _turned(name: EdgeType, prefix: str) -> EdgeType:
    return name[2], prefix + name[1], name[0]


def _with_reverse(found: Adjacency, offsets: Tensor | None) -> tuple[Adjacency, Tensor, Tensor]:
    """Edges within a node type and their reverse edges, graph after graph; the edges they come from; their reverse."""
    turned, count = straight(found), found.num_edges
    joined = edges_after(found, gather_rows(found.target, turned), gather_rows(found.source, turned))
    ids = torch.arange(joined.num_edges, device=found.device)
    come_from = torch.cat([ids[:count], turned])
    places = come_from.index_copy(0, turned, ids[count:])
    if offsets is not None:
        joined, order, _ = graph_after_graph(joined, offsets)
        if order is not None:
            place = torch.empty_like(order).index_copy_(0, order, torch.arange(order.shape[0], device=found.device))
            come_from, places = come_from[order], place[places[order]]
    return joined, come_from, places
