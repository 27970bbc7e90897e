"""Graphs from and to igraph."""

from typing import TYPE_CHECKING

from ...errors import DtypeError, message
from ...settings import require
from .._adjacency import Adjacency
from .._block import Block
from .._graph import Graph
from ._records import Names, Records, Types, both_ways, graph_of_records, one_way, records_of

if TYPE_CHECKING:
    import igraph


def from_igraph(
    graph: "igraph.Graph",
    *,
    node_features: Names = (),
    edge_features: Names = (),
    node_type: str | None = None,
    edge_type: str | None = None,
) -> Graph:
    """Make a graph of an igraph graph; nodes and edges keep their order.

    An edge of an undirected graph becomes two: first all in their order, then all the other way round. A self loop
    stays one. Names of nodes are left behind (`graph.vs["name"]` lists them in order), as are attributes of the graph.

    Args:
        node_features: attributes of vertices to take along, which are numbers, or lists of numbers of one length; a
            mapping from types to names if there are several types, or "all" that the first node of each type has, but
        for its name. edge_features: attributes of edges, likewise. node_type: the attribute that tells the type of a
        node; without it there is one. edge_type: the attribute that tells the relation of an edge; without it there is
        one.

    Raises:
        FeatureError: if a node or an edge lacks an attribute.
        DtypeError: if the values of an attribute do not make a tensor, or the graph is of another package.
        OptionError: if names of features are no list, or not by type where there are several; if an undirected graph is
            wanted of one of several edge types.
        MissingExtraError: if igraph is not installed.

    >>> import igraph
    >>> from_igraph(igraph.Graph.Ring(3))
    Graph(3 nodes, 6 edges, on cpu)
    """
    ig = require("igraph", "convert")
    if not isinstance(graph, ig.Graph):
        raise DtypeError(message("from_igraph", "an igraph graph", type(graph).__name__))
    nodes = [{name: value for name, value in node.attributes().items() if name != "name"} for node in graph.vs]
    edges = [edge.attributes() for edge in graph.es]
    records = Records(nodes, graph.get_edgelist(), edges, range(len(nodes)))
    if not graph.is_directed():
        records = both_ways(records)
    types = Types(node_type, edge_type)
    made, _ = graph_of_records("from_igraph", records, types, node_features=node_features, edge_features=edge_features)
    return made


def to_igraph(
    graph: Graph | Adjacency | Block,
    *,
    node_features: Names = (),
    edge_features: Names = (),
    directed: bool = True,
) -> "igraph.Graph":
    """Make an igraph graph; nodes and edges keep their order.

    Nodes of several types stand one type after another; the attribute `type` tells the type of a node and the relation
    of an edge. What features cannot keep is their dtype: integers come back as int64 and floating numbers as float32.
    Left behind are the types without edges or nodes, and where graphs of a batch begin.

    Args:
        node_features: features to set as attributes of vertices: numbers, or lists where a row has several; a mapping
            from types to names if there are several types, or "all".
        edge_features: likewise for edges.
        directed: False for an undirected graph, which takes each edge once, with the features of the one to the higher
            node.

    Raises:
        FeatureError: if there is no such feature.
        ShapeError: if the edges run between two sets of nodes without types.
        StructureError: if an undirected graph is wanted, and the edges do not all run both ways.
        OptionError: if names of features are no list, or not by type where there are several.
        MissingExtraError: if igraph is not installed.

    >>> to_igraph(Graph([0, 1], [1, 2])).get_edgelist()
    [(0, 1), (1, 2)]
    """
    ig = require("igraph", "convert")
    records = records_of("to_igraph", graph, node_features, edge_features)
    rows = range(len(records.ends)) if directed else one_way("to_igraph", graph, records)
    made = ig.Graph(n=len(records.nodes), edges=[records.ends[at] for at in rows], directed=directed)
    for elements, found in ((made.vs, records.nodes), (made.es, [records.edges[at] for at in rows])):
        for name in dict.fromkeys(name for attributes in found for name in attributes):
            elements[name] = [attributes.get(name) for attributes in found]
    return made
