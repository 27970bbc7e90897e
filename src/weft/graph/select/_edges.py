"""Parts of a graph that consist of chosen edges, or of the edges at chosen nodes."""

from collections.abc import Mapping

from ...ops import IdSet
from .._adjacency import Ids
from .._by_type import by_edge_type, chosen_ids
from .._graph import Graph
from .._naming import EdgeType
from .._rows import Features
from .._subgraph import Subgraph
from ._part import Edges, Nodes, chosen_sets, edges_between, every, part_of


def edge_subgraph(
    graph: Graph, edges: Mapping[str | EdgeType, Ids] | Ids, *, keep_nodes: bool = False, features: Features = "copy"
) -> Subgraph:
    """Take edges, and the nodes that they touch.

    Edges come in the order given, those of a mask from low to high; one that is named twice comes twice. Nodes keep
    their order.

    Args:
        edges: ids or a mask. For several edge types a mapping; a type that is not named keeps no edges. All types stay.
        keep_nodes: keep nodes that no edge touches too, so that all keep their ids.
        features: those of the nodes and edges that stay come along: copied, copied at the first look, or left behind.

    Raises:
        IdError: if an edge is not there.
        FeatureError, OptionError: if types do not fit.
        ShapeError, DtypeError, DeviceError: if `edges` is neither ids nor a mask.

    *Cost* a pass over the edges that stay and, for the nodes that they touch, one over a byte for each node.

    >>> part = edge_subgraph(Graph([0, 1, 2, 3], [1, 2, 3, 3]), [3, 1])
    >>> part.graph.adjacency.source.tolist(), part.graph.adjacency.target.tolist()
    ([2, 0], [2, 1])
    >>> part.node_ids["node"].tolist(), part.edge_ids["node", "edge", "node"].tolist()
    ([1, 2, 3], [3, 1])
    """
    given = by_edge_type("edge_subgraph", "edges", graph, given=edges)
    chosen = {
        name: Edges.of(
            found.adjacency,
            chosen_ids("edge_subgraph", "edges", given.get(name, ()), count=found.count, device=graph.device),
        )
        for name, found in graph.edge_sets.items()
    }
    return _of_edges("edge_subgraph", graph, chosen, keep_nodes=keep_nodes, features=features)


def in_subgraph(graph: Graph, nodes: Nodes, *, keep_nodes: bool = True, features: Features = "copy") -> Subgraph:
    """Take all edges that enter chosen nodes.

    Edges and nodes keep their order.

    Args:
        nodes: ids or a mask; for several node types a mapping. One that is named twice counts once.
        keep_nodes: False leaves out nodes that no such edge touches, be they chosen or not.
        features: those of the nodes and edges that stay come along: copied, copied at the first look, or left behind.

    Raises:
        IdError: if a node is not there.
        FeatureError, OptionError: if types do not fit.
        ShapeError, DtypeError, DeviceError: if `nodes` is neither ids nor a mask.

    *Cost* few nodes: in proportion to their edges, once `by_target` is built; many: a pass over the edges.

    >>> part = in_subgraph(Graph([0, 1, 2], [1, 2, 1]), [1])
    >>> part, part.edge_ids["node", "edge", "node"].tolist()
    (Subgraph(Graph(3 nodes, 2 edges, on cpu)), [0, 2])
    """
    chosen = chosen_sets("in_subgraph", graph, nodes)
    edges = {name: edges_between(found.adjacency, None, chosen[name[2]]) for name, found in graph.edge_sets.items()}
    return _of_edges("in_subgraph", graph, edges, keep_nodes=keep_nodes, features=features)


def out_subgraph(graph: Graph, nodes: Nodes, *, keep_nodes: bool = True, features: Features = "copy") -> Subgraph:
    """Take all edges that leave chosen nodes.

    Arguments, errors and cost are those of `in_subgraph`, with `by_source` in place of `by_target`.

    >>> part = out_subgraph(Graph([0, 1, 2], [1, 2, 1]), [1], keep_nodes=False)
    >>> part, part.node_ids["node"].tolist()
    (Subgraph(Graph(2 nodes, 1 edge, on cpu)), [1, 2])
    """
    chosen = chosen_sets("out_subgraph", graph, nodes)
    edges = {name: edges_between(found.adjacency, chosen[name[0]], None) for name, found in graph.edge_sets.items()}
    return _of_edges("out_subgraph", graph, edges, keep_nodes=keep_nodes, features=features)


def _of_edges(
    where: str, graph: Graph, edges: Mapping[EdgeType, Edges], *, keep_nodes: bool, features: Features
) -> Subgraph:
    """The graph of these edges, on all nodes or on those that they touch."""
    if keep_nodes:
        return part_of(where, graph, dict.fromkeys(graph.node_types), edges, features=features)
    touched = {name: IdSet.none(nodes.count, device=graph.device) for name, nodes in graph.node_sets.items()}
    for edge_type, found in edges.items():
        for name, ids in zip((edge_type[0], edge_type[2]), found.ends(), strict=True):
            touched[name] |= IdSet.of(ids, graph.node_sets[name].count)
    return part_of(where, graph, {name: every(nodes) for name, nodes in touched.items()}, edges, features=features)
