"""Graphs from and to NetworkX."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ...errors import DtypeError, OptionError, ShapeError, StructureError, message
from ...settings import require
from .._adjacency import Adjacency
from .._block import Block
from .._graph import Graph
from .._naming import NODE
from ._records import Names, Records, Types, both_ways, graph_of_records, one_way, records_of

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True, eq=False)
class NamedGraph:
    """A graph, and for each node type the names that its nodes had, in order, with their ids.

    >>> import networkx
    >>> found = from_networkx_with_names(networkx.Graph([("ann", "bob"), ("bob", "cy")]))
    >>> found
    NamedGraph(Graph(3 nodes, 4 edges, on cpu))
    >>> found.node_ids["node"]["cy"], list(found.node_ids["node"])
    (2, ['ann', 'bob', 'cy'])
    """

    graph: Graph
    node_ids: Mapping[str, Mapping[Hashable, int]]

    def __repr__(self) -> str:
        return f"NamedGraph({self.graph!r})"


def from_networkx(
    graph: "nx.Graph",
    *,
    node_features: Names = (),
    edge_features: Names = (),
    node_type: str | None = None,
    edge_type: str | None = None,
) -> Graph:
    """Make a graph of a NetworkX graph of any class; node i is the i-th of `list(graph)`.

    Edges come in the order of `graph.edges`, or of their keys if these number all edges of a multigraph from 0, as
    those of `to_networkx` do. An edge of an undirected graph becomes two: first all in their order, then all the other
    way round. A self loop stays one. Names of nodes are left behind: `from_networkx_with_names` has them; so are
    attributes of the graph.

    Args:
        node_features: attributes of nodes to take along, which are numbers, or lists of numbers of one length; a mapping
            from types to names if there are several types, or "all" for those of the first node of each type.
        edge_features: attributes of edges, likewise.
        node_type: the attribute that tells the type of a node; without it there is one.
        edge_type: the attribute that tells the relation of an edge; without it there is one.

    Raises:
        FeatureError: if a node or an edge lacks an attribute.
        DtypeError: if the values of an attribute do not make a tensor, or the graph is of another package.
        OptionError: if names of features are no list, or not by type where there are several.
        MissingExtraError: if NetworkX is not installed.

    >>> import networkx
    >>> from_networkx(networkx.path_graph(3))
    Graph(3 nodes, 4 edges, on cpu)
    """
    return _from_networkx(graph, Types(node_type, edge_type), node_features, edge_features).graph


def from_networkx_with_names(
    graph: "nx.Graph",
    *,
    node_features: Names = (),
    edge_features: Names = (),
    node_type: str | None = None,
    edge_type: str | None = None,
) -> NamedGraph:
    """Make a graph of a NetworkX graph as `from_networkx` does, and keep the names of its nodes.

    Args:
        node_features: as for `from_networkx`.
        edge_features: as for `from_networkx`.
        node_type: as for `from_networkx`.
        edge_type: as for `from_networkx`.

    Raises:
        FeatureError, DtypeError, OptionError, MissingExtraError: as `from_networkx`.

    >>> import networkx
    >>> found = from_networkx_with_names(networkx.DiGraph([("b", "a")]))
    >>> to_networkx(found.graph, names=found.node_ids["node"]).edges
    OutMultiEdgeView([('b', 'a', 0)])
    """
    return _from_networkx(graph, Types(node_type, edge_type), node_features, edge_features)


def to_networkx(
    graph: Graph | Adjacency | Block,
    *,
    node_features: Names = (),
    edge_features: Names = (),
    names: Sequence[Hashable] | Mapping[str, Sequence[Hashable]] | Mapping[Any, Any] | None = None,
    kind: Literal["MultiDiGraph", "DiGraph", "MultiGraph", "Graph"] = "MultiDiGraph",
) -> "nx.Graph":
    """Make a NetworkX graph, by default a directed one that may have parallel edges.

    Nodes are named by their numbers, in a graph of several types (type, number). There the attribute `type` tells the
    type of a node and the relation of an edge. Keys of edges of a multigraph number them. What features cannot keep is
    their dtype: integers come back as int64 and floating numbers as float32. Left behind are the types without edges or
    nodes, and where graphs of a batch begin.

    Args:
        node_features: features to set as attributes of nodes: numbers, or lists where a row has several; a mapping from
            types to names if there are several types, or "all".
        edge_features: likewise for edges.
        names: a name for each node, in order, such as `node_ids` of a `NamedGraph`; for several types a mapping from
            types.
        kind: the class. "Graph" and "MultiGraph" are undirected and take each edge once, with the features of the one to
            the higher node; "Graph" and "DiGraph" have no parallel edges.

    Raises:
        FeatureError: if there is no such feature.
        ShapeError: if the edges run between two sets of nodes without types, or there is not one name for each node.
        StructureError: if an undirected graph is wanted of one whose edges do not all run both ways, or one without
            parallel edges of one that has some.
        OptionError: if `kind` is no class, or it is undirected for several edge types; if names of features are no list,
            or names of nodes come twice.
        MissingExtraError: if NetworkX is not installed.

    >>> to_networkx(Graph([0, 1], [1, 2])).number_of_edges()
    2
    """
    nx = require("networkx", "convert")
    if kind not in ("MultiDiGraph", "DiGraph", "MultiGraph", "Graph"):
        raise OptionError(message("to_networkx", "`kind` as a class of NetworkX", repr(kind)))
    records = records_of("to_networkx", graph, node_features, edge_features)
    called = list(records.names) if names is None else _checked_names(graph, names)
    made = getattr(nx, kind)()
    made.add_nodes_from(zip(called, records.nodes, strict=True))
    rows: Sequence[int] = range(len(records.ends))
    if not made.is_directed():
        rows = one_way("to_networkx", graph, records)
    ends = [(called[records.ends[at][0]], called[records.ends[at][1]]) for at in rows]
    attributes = [records.edges[at] for at in rows]
    if made.is_multigraph():
        made.add_edges_from((*pair, key, found) for key, (pair, found) in enumerate(zip(ends, attributes, strict=True)))
        return made
    made.add_edges_from((*pair, found) for pair, found in zip(ends, attributes, strict=True))
    if made.number_of_edges() != len(ends):
        got = f"{len(ends) - made.number_of_edges()} more"
        hint = f'kind="Multi{kind}" has room for them'
        raise StructureError(message("to_networkx", f"one edge between two nodes for a {kind}", got, hint))
    return made


def _from_networkx(graph: "nx.Graph", types: Types, node_features: Names, edge_features: Names) -> NamedGraph:
    nx = require("networkx", "convert")
    if not isinstance(graph, nx.Graph):
        raise DtypeError(message("from_networkx", "a NetworkX graph", type(graph).__name__))
    names = list(graph)
    ids = {name: at for at, name in enumerate(names)}
    if graph.is_multigraph():
        keyed = list(graph.edges(keys=True, data=True))
        if {key for _, _, key, _ in keyed} == set(range(len(keyed))):
            keyed.sort(key=lambda edge: edge[2])
        edges = [(ids[first], ids[last], attributes) for first, last, _, attributes in keyed]
    else:
        edges = [(ids[first], ids[last], attributes) for first, last, attributes in graph.edges(data=True)]
    nodes = [attributes for _, attributes in graph.nodes(data=True)]
    records = Records(nodes, [edge[:2] for edge in edges], [edge[2] for edge in edges], names)
    if not graph.is_directed():
        records = both_ways(records)
    made, rows = graph_of_records(
        "from_networkx", records, types, node_features=node_features, edge_features=edge_features
    )
    return NamedGraph(made, {name: {names[at]: place for place, at in enumerate(of)} for name, of in rows.items()})


def _checked_names(graph: Graph | Adjacency | Block, names: Any) -> list[Hashable]:
    """A name for each node, one type after another."""
    counts = {name: nodes.count for name, nodes in graph.node_sets.items()} if isinstance(graph, Graph) else {}
    if isinstance(graph, Adjacency):
        counts = {NODE: graph.num_sources}
    # The names of one type may be given alone, also as a mapping from them to ids.
    is_alone = len(counts) == 1 and not (
        isinstance(names, Mapping) and not isinstance(names.get(*counts), (int, type(None)))
    )
    by_type = {next(iter(counts)): names} if is_alone else names
    called: list[Hashable] = []
    for node_type, count in counts.items():
        given = list(by_type.get(node_type, ())) if isinstance(by_type, Mapping) else []
        if len(given) != count:
            expected = f"a name for each of {count} nodes {node_type!r}"
            raise ShapeError(
                message("to_networkx", expected, f"{len(given)} names", "for several types map types to names")
            )
        called += given
    if len(set(called)) != len(called):
        raise OptionError(message("to_networkx", "names that differ", f"{len(called) - len(set(called))} twice"))
    return called
