"""A node that hears from all nodes of its graph, and speaks to them."""

import torch
from torch import Tensor

from ...errors import OptionError, message
from .._adjacency import Adjacency, dtype_like
from .._graph import Graph
from .._naming import EdgeType, listed, quoted
from .._subgraph import derive
from ._columns import places_of
from ._with_features import inner_edge_type


def add_virtual_nodes(graph: Graph, node_type: str | None = None, *, edge_type: str | EdgeType | None = None) -> Graph:
    """Add a node to each graph of a batch, with edges from and to all its nodes.

    Without `node_type` it becomes the last node of its graph, so that `nodes.offsets[1:] - 1` are the virtual nodes of
    a batch: its edges, first those to it, then those from it, stand behind the others of their type, graph by graph.
    With a `node_type` of its own, the nodes are of that type, node g for graph g, and for every other node type there
    are new edge types `(type, "to_virtual", node_type)` and `(node_type, "from_virtual", type)`; edge i there is that
    of node i.

    Features of what is new are 0; a type that is new has none.

    Args:
        node_type: the name of a new type for the virtual nodes; they join that of `edge_type` if None.
        edge_type: without `node_type`, an edge type within one node type, which the edges join.

    Raises:
        FeatureError: if there is no such edge type, or several and no name.
        OptionError: if the edge type joins two node types, or `node_type` is there already.

    *Source* Gilmer, Schoenholz, Riley, Vinyals and Dahl, 2017, Neural Message Passing for Quantum Chemistry,
    arXiv:1704.01212, section 5.2.

    *Cost* copies the features of the nodes and edges that are joined; with a type of their own, none.

    >>> add_virtual_nodes(Graph([0, 1], [1, 2]))
    Graph(4 nodes, 8 edges, on cpu)
    >>> add_virtual_nodes(Graph([0, 1], [1, 2]), "virtual")["to_virtual"].adjacency
    Adjacency(3 edges from 3 sources to 1 target, int64 on cpu)
    """
    if node_type is None:
        return _joined(graph, inner_edge_type("add_virtual_nodes", graph, edge_type))
    if node_type in graph.node_types or edge_type is not None:
        got = f"{quoted(node_type)}, which is there" if node_type in graph.node_types else "an `edge_type` too"
        expected = f"a `node_type` besides {listed(graph.node_types)}, or an `edge_type`"
        raise OptionError(message("add_virtual_nodes", expected, got))
    counts, adjacencies = {}, {name: edges.adjacency for name, edges in graph.edge_sets.items()}
    begins = {}
    for name, nodes in graph.node_sets.items():
        graph_of_node = places_of(nodes).graph
        own = torch.arange(nodes.count, device=graph.device)
        counts[name] = nodes.count
        to_virtual = Adjacency._trusted(own, graph_of_node, nodes.count, graph.num_graphs)
        adjacencies[name, "to_virtual", node_type] = to_virtual
        adjacencies[node_type, "from_virtual", name] = to_virtual.reversed()
        if nodes.offsets is not None:
            begins[node_type] = torch.arange(graph.num_graphs + 1, device=graph.device)
    return derive(
        "add_virtual_nodes",
        graph,
        {**counts, node_type: graph.num_graphs},
        adjacencies,
        node_ids=dict.fromkeys(counts),
        edge_ids=dict.fromkeys(graph.edge_types),
        offsets=begins,
    ).graph


def _joined(graph: Graph, edge_type: EdgeType) -> Graph:
    """Virtual nodes among those of the edge type."""
    joined = edge_type[0]
    nodes = graph.node_sets[joined]
    (offsets, graph_of_node, _), graphs = places_of(nodes), graph.num_graphs
    place = torch.arange(nodes.count, device=graph.device) + graph_of_node
    virtual = offsets[1:] + torch.arange(graphs, device=graph.device)
    count = nodes.count + graphs
    node_ids: dict[str, Tensor | None] = dict.fromkeys(graph.node_types)
    node_ids[joined] = torch.full((count,), -1, device=graph.device).index_copy(0, place, place - graph_of_node)
    edge_ids: dict[EdgeType, Tensor | None] = dict.fromkeys(graph.edge_types)
    counts = {name: found.count for name, found in graph.node_sets.items()} | {joined: count}
    adjacencies = {}
    for name, edges in graph.edge_sets.items():
        source, target = edges.adjacency.source, edges.adjacency.target
        source = place[source].to(dtype_like(source, count)) if name[0] == joined else source
        target = place[target].to(dtype_like(target, count)) if name[2] == joined else target
        if name == edge_type:
            new = torch.full((2 * nodes.count,), -1, device=graph.device)
            edge_ids[name] = torch.cat((torch.arange(edges.count, device=graph.device), new))
            source = torch.cat((source, place.to(source.dtype), virtual[graph_of_node].to(source.dtype)))
            target = torch.cat((target, virtual[graph_of_node].to(target.dtype), place.to(target.dtype)))
        adjacencies[name] = Adjacency._trusted(source, target, counts[name[0]], counts[name[2]])
    begins = {} if nodes.offsets is None else {joined: offsets + torch.arange(graphs + 1, device=graph.device)}
    return derive(
        "add_virtual_nodes", graph, counts, adjacencies, node_ids=node_ids, edge_ids=edge_ids, offsets=begins
    ).graph
