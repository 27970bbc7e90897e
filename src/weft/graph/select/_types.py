"""Parts of a graph that consist of whole types."""

from collections.abc import Iterable

from ...errors import OptionError, message
from .._by_type import edge_type_of, node_type_of
from .._graph import Graph
from .._naming import EdgeType, listed
from .._rows import Features
from .._subgraph import Subgraph, derive


def type_subgraph(
    graph: Graph,
    *,
    node_types: Iterable[str] | None = None,
    edge_types: Iterable[str | EdgeType] | None = None,
    features: Features = "copy",
) -> Subgraph:
    """Take node types and edge types whole.

    Types, nodes and edges keep their order, and structures and features are those of the graph itself, not copies.

    Args:
        node_types: all that the edge types touch if not given.
        edge_types: types or relations; all between the node types if not given.
        features: "none" leaves them behind.

    Raises:
        FeatureError: if a type is not there, or a relation is that of several.
        OptionError: if neither is given, or an edge type has an end that is not among the node types.

    >>> shop = Graph({("user", "rates", "item"): ([0], [1]), ("user", "follows", "user"): ([0], [1])})
    >>> type_subgraph(shop, node_types=["user"]).graph
    Graph(1 node type, 1 edge type, on cpu)
      "user": 2 nodes
      ("user", "follows", "user"): 1 edge
    >>> type_subgraph(shop, edge_types=["rates"]).graph.node_types
    ('user', 'item')
    """
    where = "type_subgraph"
    if node_types is None and edge_types is None:
        raise OptionError(message(where, "`node_types`, `edge_types` or both", "neither"))
    nodes = None if node_types is None else {node_type_of(where, graph, name) for name in node_types}
    if edge_types is None:
        edges = {name for name in graph.edge_types if nodes is not None and {name[0], name[2]} <= nodes}
    else:
        edges = {edge_type_of(where, graph, name) for name in edge_types}
    ends = {end for name in edges for end in (name[0], name[2])}
    if nodes is None:
        nodes = ends
    if not ends <= nodes:
        lacking = next(name for name in graph.edge_types if name in edges and not {name[0], name[2]} <= nodes)
        raise OptionError(
            message(where, f"both ends of {listed([lacking])} among the node types", listed(sorted(nodes)))
        )
    counts = {name: found.count for name, found in graph.node_sets.items() if name in nodes}
    adjacencies = {name: found.adjacency for name, found in graph.edge_sets.items() if name in edges}
    return derive(
        where,
        graph,
        counts,
        adjacencies,
        node_ids=dict.fromkeys(counts),
        edge_ids=dict.fromkeys(adjacencies),
        features=features,
    )
