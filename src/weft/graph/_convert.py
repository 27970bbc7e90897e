"""Graphs from and to what other packages call a graph; edges keep their order wherever the other side has one."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..errors import DtypeError, FeatureError, ShapeError, message
from ..settings import require
from ._adjacency import Adjacency
from ._block import Block
from ._graph import Graph
from ._naming import EDGE, EdgeType, checked_edge_type, counted, listed, quoted
from ._resolve import adjacency_of

if TYPE_CHECKING:
    import networkx as nx
    import scipy.sparse


def from_edge_list(edges: Iterable[tuple[int, int]], num_nodes: int | None = None) -> Graph:
    """Make a graph of (source, target) pairs.

    Raises:
        ShapeError, DtypeError, IdError: if they are no pairs of ids.

    >>> from_edge_list([(0, 1), (1, 2)])
    Graph(3 nodes, 2 edges, on cpu)
    """
    pairs = list(edges)
    wrong = next((at for at, pair in enumerate(pairs) if len(pair) != 2), None)
    if wrong is not None:
        got = f"{len(pairs[wrong])} values at edge {wrong}"
        raise ShapeError(message("from_edge_list", "(source, target) for every edge", got))
    return Graph([pair[0] for pair in pairs], [pair[1] for pair in pairs], num_nodes)


def to_edge_list(graph: Graph | Adjacency | Block) -> list[tuple[int, int]]:
    """List the edges of one type as (source, target), in their order.

    >>> to_edge_list(Graph([0, 1], [1, 2]))
    [(0, 1), (1, 2)]
    """
    adjacency = adjacency_of(graph)
    return list(zip(adjacency.source.tolist(), adjacency.target.tolist(), strict=True))


def from_edge_index(edge_index: Tensor, num_nodes: int | None = None) -> Graph:
    """Make a graph of sources above targets, the form that PyG calls `edge_index`.

    *Shapes* `edge_index: (2, num_edges)`.

    Raises:
        ShapeError, DtypeError, IdError: if it is of another kind.

    >>> from_edge_index(torch.tensor([[0, 1], [1, 2]]), num_nodes=4)
    Graph(4 nodes, 2 edges, on cpu)
    """
    if not isinstance(edge_index, Tensor):
        raise DtypeError(message("from_edge_index", "a tensor", type(edge_index).__name__))
    if edge_index.dim() != 2 or edge_index.shape[0] != 2:
        hint = "edge_index.T turns a list of pairs round" if edge_index.dim() == 2 and edge_index.shape[1] == 2 else ""
        raise ShapeError(message("from_edge_index", "shape (2, num_edges)", str(tuple(edge_index.shape)), hint))
    return Graph(edge_index[0], edge_index[1], num_nodes)


def to_edge_index(graph: Graph | Adjacency | Block) -> Tensor:
    """Stack sources above targets: (2, num_edges), int64.

    >>> to_edge_index(Graph([0, 1], [1, 2]))
    tensor([[0, 1],
            [1, 2]])
    """
    adjacency = adjacency_of(graph)
    return torch.stack([adjacency.source.long(), adjacency.target.long()])


def from_scipy(
    matrix: "scipy.sparse.spmatrix | scipy.sparse.sparray",
    *,
    weight: str | None = None,
    edge_type: EdgeType | None = None,
) -> Graph:
    """Make a graph of a sparse matrix, whose entry at (i, j) is an edge from i to j.

    Entries keep the order of the matrix in COO form; stored zeros and repeated entries are edges too.

    Args:
        weight: name of the edge feature that takes the values; without it they are dropped.
        edge_type: names the edges and both ends; a matrix that is not square needs it, with two node types.

    Raises:
        ShapeError: if the matrix is not square and `edge_type` does not name two node types.
        MissingExtraError: if SciPy is not installed.

    >>> import scipy.sparse
    >>> graph = from_scipy(scipy.sparse.csr_array([[0.0, 2.0], [3.0, 0.0]]), weight="w")
    >>> graph.edges["w"]
    tensor([2., 3.], dtype=torch.float64)
    """
    sparse = require("scipy.sparse", "convert")
    if not sparse.issparse(matrix) or matrix.ndim != 2:
        raise DtypeError(message("from_scipy", "a sparse matrix of two dimensions", type(matrix).__name__))
    entries = matrix.tocoo()
    rows, columns = entries.shape
    first, _, last = name = EDGE if edge_type is None else checked_edge_type("from_scipy", edge_type)
    if rows != columns and first == last:
        hint = 'name both ends, as in edge_type=("user", "rates", "item")'
        raise ShapeError(message("from_scipy", "a square matrix", f"{rows} rows and {columns} columns", hint))
    # SciPy may hand out the arrays of the matrix itself, which its owner may change.
    source, target, values = (torch.tensor(part) for part in (entries.row, entries.col, entries.data))
    if first == last and rows == columns:
        sizes = {first: rows}
    else:
        sizes = {first: rows, last: columns}
    graph = Graph(source, target, rows) if edge_type is None else Graph({name: (source, target)}, num_nodes=sizes)
    if weight is not None:
        graph.edges[weight] = values
    return graph


def to_scipy(graph: Graph | Adjacency | Block, *, weight: Tensor | None = None) -> "scipy.sparse.coo_array":
    """Make a sparse matrix with an entry at (source, target) for every edge, in COO form and in the order of the edges.

    Parallel edges are repeated entries, which SciPy adds up in most other forms.

    *Shapes* `weight: (num_edges,)` -> `(num_sources, num_targets)`.

    Args:
        weight: values of the entries, 1.0 if not given.

    Raises:
        ShapeError: if there is not one weight for every edge.
        MissingExtraError: if SciPy is not installed.

    >>> to_scipy(Graph([0, 1], [1, 2])).shape
    (3, 3)
    """
    sparse = require("scipy.sparse", "convert")
    adjacency = adjacency_of(graph)
    if weight is None:
        weight = torch.ones(adjacency.num_edges)
    if weight.shape != (adjacency.num_edges,):
        expected = f"one weight for each of {counted(adjacency.num_edges, 'edge')}"
        raise ShapeError(message("to_scipy", expected, str(tuple(weight.shape))))
    ends = [part.detach().cpu().numpy() for part in (adjacency.source, adjacency.target)]
    return sparse.coo_array((weight.detach().cpu().numpy(), ends), shape=(adjacency.num_sources, adjacency.num_targets))


def from_networkx(graph: "nx.Graph", *, node_features: Sequence[str] = (), edge_features: Sequence[str] = ()) -> Graph:
    """Make a graph of a NetworkX graph; node i is the i-th of `list(graph)`, edges come in the order of `graph.edges`.

    An edge of an undirected graph becomes two: first all in the order of the edges, then all the other way round. A
    self loop stays one.

    Args:
        node_features: attributes of nodes to take along: numbers, or lists of numbers of one length.
        edge_features: attributes of edges, likewise.

    Raises:
        FeatureError: if a node or an edge lacks an attribute.
        DtypeError: if the values of an attribute do not make a tensor.
        MissingExtraError: if NetworkX is not installed.

    >>> import networkx
    >>> from_networkx(networkx.path_graph(3))
    Graph(3 nodes, 4 edges, on cpu)
    """
    nx = require("networkx", "convert")
    if not isinstance(graph, nx.Graph):
        raise DtypeError(message("from_networkx", "a NetworkX graph", type(graph).__name__))
    ids: dict[Hashable, int] = {node: at for at, node in enumerate(graph)}
    edges = [(ids[first], ids[last], attributes) for first, last, attributes in graph.edges(data=True)]
    if not graph.is_directed():
        edges += [(last, first, attributes) for first, last, attributes in edges if first != last]
    made = Graph([edge[0] for edge in edges], [edge[1] for edge in edges], len(ids))
    for name in node_features:
        made.nodes[name] = _column("node", name, graph.nodes(data=True))
    for name in edge_features:
        made.edges[name] = _column("edge", name, (((edge[0], edge[1]), edge[2]) for edge in edges))
    return made


def to_networkx(
    graph: Graph | Adjacency | Block, *, node_features: Sequence[str] = (), edge_features: Sequence[str] = ()
) -> "nx.MultiDiGraph":
    """Make a directed NetworkX graph that may have parallel edges; nodes are numbered as in the graph.

    Args:
        node_features: features to set as attributes of nodes: numbers, or lists where a row has several.
        edge_features: likewise for edges.

    Raises:
        FeatureError: if there is no such feature.
        ShapeError: if the edges run between two sets of nodes, which have the same numbers.
        MissingExtraError: if NetworkX is not installed.

    >>> to_networkx(Graph([0, 1], [1, 2])).number_of_edges()
    2
    """
    nx = require("networkx", "convert")
    adjacency = adjacency_of(graph)
    is_bipartite = isinstance(graph, Block) or (isinstance(graph, Graph) and len(graph.node_types) != 1)
    if is_bipartite or adjacency.num_sources != adjacency.num_targets:
        hint = "to_edge_list gives the edges, to_scipy a matrix"
        raise ShapeError(message("to_networkx", "edges within one set of nodes", repr(graph), hint))
    made = nx.MultiDiGraph()
    made.add_nodes_from(range(adjacency.num_sources))
    keys = made.add_edges_from(to_edge_list(adjacency))
    nodes, edges = (graph.nodes, graph.edges) if isinstance(graph, Graph) else ({}, {})
    for name in node_features:
        for node, value in enumerate(_feature("node", nodes, name)):
            made.nodes[node][name] = value
    for name in edge_features:
        for ends, key, value in zip(to_edge_list(adjacency), keys, _feature("edge", edges, name), strict=True):
            made.edges[ends[0], ends[1], key][name] = value
    return made


def _column(thing: str, name: str, attributes: Iterable[tuple[Any, Mapping[str, Any]]]) -> Tensor:
    """The values of one attribute as a tensor, with a row for each node or edge."""
    rows = []
    for key, found in attributes:
        if name not in found:
            raise FeatureError(
                f"from_networkx: {thing} {quoted(key)} has no attribute {quoted(name)}; known: {listed(found)}"
            )
        rows.append(found[name])
    try:
        return torch.as_tensor(rows)
    except (TypeError, ValueError, RuntimeError) as error:
        expected = f"numbers for the attribute {quoted(name)} of every {thing}, or lists of one length"
        raise DtypeError(message("from_networkx", expected, str(error))) from error


def _feature(thing: str, features: Mapping[str, Tensor], name: str) -> list[Any]:
    """The rows of a feature as Python values."""
    if name not in features:
        raise FeatureError(f"to_networkx: there is no {thing} feature {quoted(name)}; known: {listed(features)}")
    rows: list[Any] = features[name].tolist()
    return rows
