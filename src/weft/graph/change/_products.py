"""Graphs whose edges are walks of another."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from ...errors import OptionError, message
from ...ops import Compressed, sparse_product
from .._adjacency import Adjacency
from .._by_type import edge_type_of
from .._graph import Graph
from .._naming import EdgeType, quoted
from .._subgraph import derive
from ._edge_sets import types_within


@dataclass(frozen=True, eq=False)
class Walks:
    """A graph with an edge wherever there is a walk, and how many walks each edge stands for.

    *Shapes* `counts: (num_edges,)`, float64, which is exact up to 2^53 and does not overflow where numbers of walks do.
    """

    graph: Graph
    counts: Tensor

    def __repr__(self) -> str:
        return f"Walks({self.graph!r})"


def khop_graph(graph: Graph, k: int, *, edge_type: str | EdgeType | None = None) -> Walks:
    """Make the graph of walks of k edges: an edge from i to j wherever one leads from i to j.

    `counts[e] = (A^k)[i, j]`, where `A[i, j]` is the number of edges from i to j

    The graph has the nodes of the edge type, with their features, and edges sorted by source, then by target, without
    features. With k = 0 each node has a self loop.

    Args:
        edge_type: the edges to walk along, which run within one node type, if the graph has several types.

    Raises:
        OptionError: if k is negative, or the edge type runs between two node types.
        FeatureError: if there is no such edge type, or it is needed to choose one.
        MemoryError: if the edges cannot be allocated.

    *Cost* k sparse products: of the last, one step for each pair of a walk of k - 1 edges (walks between the same nodes
    counted once) and an edge that follows it.

    >>> found = khop_graph(Graph([0, 0, 1, 2], [1, 2, 3, 3]), 2)
    >>> found.graph.adjacency.source, found.graph.adjacency.target, found.counts
    (tensor([0]), tensor([3]), tensor([2.], dtype=torch.float64))
    """
    if k < 0:
        raise OptionError(message("khop_graph", "k of at least 0", str(k)))
    name = edge_type_of("khop_graph", graph, edge_type)
    types_within("khop_graph", graph, name)
    return _walks("khop_graph", graph, [name] * k, name)


def metapath_graph(graph: Graph, metapath: Sequence[str | EdgeType], *, relation: str | None = None) -> Walks:
    """Make the graph of walks along a sequence of edge types: an edge wherever one leads from i to j.

    `counts[e] = (A_1 A_2 ... A_n)[i, j]`, where `A_k[i, j]` is the number of edges of the k-th type from i to j

    The graph has the node types where such walks begin and end, with their features, and one edge type, whose edges are
    sorted by source, then by target, and have no features. `add_edges` puts them into the first graph.

    Args:
        metapath: edge types or relations, each of which begins where the one before ends.
        relation: of the new edge type; the relations of the metapath with points between them if not given.

    Raises:
        OptionError: if the metapath is empty, or an edge type begins elsewhere.
        FeatureError: if there is no such edge type, or a relation is that of several.
        MemoryError: if the edges cannot be allocated.

    *Cost* a sparse product for each edge type: one step for each pair of a walk up to there (walks between the same nodes
    counted once) and an edge that follows it.

    >>> graph = Graph({("user", "likes", "item"): ([0, 1, 1], [0, 0, 1]), ("item", "is", "kind"): ([0, 1], [0, 0])})
    >>> found = metapath_graph(graph, ["likes", "is"])
    >>> found.graph["user", "likes.is", "kind"].adjacency.source, found.counts
    (tensor([0, 1]), tensor([1., 2.], dtype=torch.float64))
    """
    where = "metapath_graph"
    if isinstance(metapath, str) or not metapath:
        raise OptionError(message(where, "a list of at least one edge type", repr(metapath)))
    names = [edge_type_of(where, graph, name) for name in metapath]
    for before, name in pairwise(names):
        if before[2] != name[0]:
            expected = f"an edge type that begins at {quoted(before[2])} after {quoted(before)}"
            raise OptionError(message(where, expected, quoted(name)))
    joined = ".".join(name[1] for name in names) if relation is None else relation
    return _walks(where, graph, names, (names[0][0], joined, names[-1][2]))


def _walks(where: str, graph: Graph, steps: Sequence[EdgeType], name: EdgeType) -> Walks:
    """The graph of walks along steps, whose edges have the type `name`."""
    counts = {node_type: graph.node_sets[node_type].count for node_type in dict.fromkeys((name[0], name[2]))}
    rows = [graph.edge_sets[step].adjacency.by_source for step in steps]
    ids = torch.int64 if any(row.source.dtype is torch.int64 for row in rows) else torch.int32
    here = torch.arange(counts[name[0]], device=graph.device)
    pointers, ones = torch.arange(here.shape[0] + 1, device=graph.device), torch.ones_like(here, dtype=torch.float64)
    walks = Compressed(pointers, here.to(ids), ones, here.shape[0])
    for step, row in zip(steps, rows, strict=True):
        edges = Compressed(row.indptr, row.source.to(ids), None, graph.edge_sets[step].adjacency.num_targets)
        walks = sparse_product(walks, edges)
    assert walks.value is not None, "a product has values"
    dtype = graph.edge_sets[steps[0]].adjacency.source.dtype if steps else torch.int64
    adjacency = Adjacency._sorted_by_source(walks.indptr, walks.column, walks.num_columns, dtype)
    made = derive(where, graph, counts, {name: adjacency}, node_ids=dict.fromkeys(counts), edge_ids={}).graph
    return Walks(made, walks.value)
