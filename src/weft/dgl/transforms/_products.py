"""Graphs whose edges are walks, or pairs of edges, of others: line graphs, hops, metapaths, products and sums."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import torch
from torch import Tensor

from ... import graph as graphs
from ...errors import OptionError, ShapeError, message
from ...graph import Adjacency
from ...ops import Compressed, sparse_product, sparse_sum
from .._frames import Frame
from .._graph import DGLGraph
from .._types import EDGE, Types
from ._made import made_like, made_of_one_type, node_frames, only_adjacency, refuse_block


def line_graph(g: DGLGraph, backtracking: bool = True, shared: bool = False) -> DGLGraph:
    """Make the graph whose nodes are the edges of another, with an edge from each to those that follow it.

    Args:
        backtracking: whether an edge is followed by those that lead back to where it begins.
        shared: whether nodes have the columns of the edges, as the same tensors.

    Raises:
        OptionError: if the graph has several types.

    An edge does not follow itself, even if it is a loop.

    >>> from weft.dgl import graph
    >>> line_graph(graph(([0, 1, 1], [1, 0, 2]))).edges()
    (tensor([0, 0, 1]), tensor([1, 2, 0]))
    """
    found = only_adjacency("line_graph", g)
    followers = graphs.line_graph(g._bare(), backtracking=backtracking, features="none").adjacency
    if found.has_self_loops:
        kept = (followers.source != followers.target).nonzero().squeeze(1)
        count = found.num_edges
        followers = Adjacency(followers.source[kept], followers.target[kept], num_sources=count, num_targets=count)
    return made_of_one_type(followers, g.idtype, nodes=g._edges[0].copied() if shared else None)


def khop_adj(g: DGLGraph, k: int) -> Tensor:
    """Count the walks of k edges between each two nodes: (num_nodes, num_nodes), float32, by source and target.

    Raises:
        OptionError: if the graph has several types, or k is negative.

    >>> from weft.dgl import graph
    >>> khop_adj(graph(([0, 0, 1], [1, 1, 2])), 2)
    tensor([[0., 0., 2.],
            [0., 0., 0.],
            [0., 0., 0.]])
    """
    only_adjacency("khop_adj", g)
    walks = graphs.khop_graph(g._bare(), k)
    found = walks.graph.adjacency
    out = torch.zeros(found.num_sources, found.num_targets, device=g.device)
    return out.index_put_((found.source, found.target), walks.counts.float())


def khop_graph(g: DGLGraph, k: int, copy_ndata: bool = True) -> DGLGraph:
    """Make the graph of walks of k edges, with as many edges between two nodes as there are walks.

    Edges are sorted by source, then by target (for k = 1 they stay as they are), and have no columns.

    Raises:
        OptionError: if the graph has several types, or k is negative.

    >>> from weft.dgl import graph
    >>> khop_graph(graph(([0, 0, 1], [1, 1, 2])), 2).edges()
    (tensor([0, 0]), tensor([2, 2]))
    """
    adjacency = only_adjacency("khop_graph", g)
    if k == 1:
        return made_like(g, [adjacency], nodes=node_frames(g, copy_ndata))
    walks = graphs.khop_graph(g._bare(), k)
    found, times = walks.graph.adjacency, walks.counts.long()
    source, target = found.source.repeat_interleave(times), found.target.repeat_interleave(times)
    made = Adjacency(source, target, num_sources=found.num_sources, num_targets=found.num_targets)
    return made_like(g, [made], nodes=node_frames(g, copy_ndata))


def metapath_reachable_graph(g: DGLGraph, metapath: Sequence[Any]) -> DGLGraph:
    """Make the graph of walks along edge types: one edge wherever such a walk leads from one node to another.

    The result has the nodes at both ends with their columns, and edges of one type "_E", sorted by source, then target.

    Raises:
        OptionError: if an edge type begins elsewhere than the one before ends, or there is none.
        FeatureError: if there is no such edge type.

    >>> from weft.dgl import heterograph
    >>> g = heterograph({("user", "buys", "item"): ([0, 1], [0, 1]), ("item", "is", "kind"): ([0, 1], [0, 0])})
    >>> metapath_reachable_graph(g, ["buys", "is"]).edges()
    (tensor([0, 1]), tensor([0, 0]))
    """
    refuse_block("metapath_reachable_graph", g)
    names = [g.to_canonical_etype(name) for name in metapath]
    found = graphs.metapath_graph(g._bare(), names, relation=EDGE).graph
    first, last = names[0][0], names[-1][2]
    types = Types([(first, EDGE, last)], sorted({first, last}))
    nodes = [g._nodes[g._types.node_frame(name)].copied() for name in types.source]
    return made_like(g, [found.adjacency], types=types, nodes=nodes)


def adj_product_graph(A: DGLGraph, B: DGLGraph, weight_name: str, etype: str = "_E") -> DGLGraph:  # noqa: N803
    """Multiply the weighted adjacencies of two graphs: the weights of the result are sums over walks of two edges.

    `out[i, j] = sum over k of A[i, k] * B[k, j]`, with an edge wherever a walk leads; gradients go to both weights

    Args:
        weight_name: the column of both graphs, and of the result: (num_edges,).
        etype: the relation of the result, from the sources of A to the targets of B.

    Raises:
        ShapeError: if B has not as many sources as A has targets.
        OptionError: if a graph has several edge types, or both ends of the result have one name and different nodes.
        FeatureError: if there is no such column.

    Edges are sorted by source, then by target, and parallel edges add up.

    >>> from weft.dgl import graph
    >>> g = graph(([0, 1], [1, 0]))
    >>> g.edata["w"] = torch.tensor([2.0, 3.0])
    >>> adj_product_graph(g, g, "w").edata["w"]
    tensor([6., 6.])
    """
    left, right = (_matrix("adj_product_graph", graph, weight_name) for graph in (A, B))
    if left.num_columns != right.num_rows:
        got = f"{left.num_columns} and {right.num_rows}"
        raise ShapeError(message("adj_product_graph", "as many targets of A as sources of B", got))
    first, last = A._types.edges[0][0], B._types.edges[0][2]
    return _of_matrix(A, sparse_product(left, right), weight_name, (first, etype, last))


def adj_sum_graph(graphs: Sequence[DGLGraph], weight_name: str) -> DGLGraph:
    """Add the weighted adjacencies of graphs on the same nodes; gradients go to all weights.

    Args:
        weight_name: the column of all graphs, and of the result: (num_edges,).

    Raises:
        OptionError: if there is no graph, or one has several edge types.
        ShapeError: if numbers of nodes differ.
        FeatureError: if there is no such column.

    Edges are sorted by source, then by target, and parallel edges add up.

    >>> from weft.dgl import graph
    >>> g = graph(([0, 1, 0], [1, 0, 1]))
    >>> g.edata["w"] = torch.tensor([1.0, 2.0, 3.0])
    >>> adj_sum_graph([g, g], "w").edata["w"]
    tensor([8., 4.])
    """
    if not graphs:
        raise OptionError("adj_sum_graph: expected at least one graph, got none")
    matrices = [_matrix("adj_sum_graph", graph, weight_name) for graph in graphs]
    sizes = {(matrix.num_rows, matrix.num_columns) for matrix in matrices}
    if len(sizes) > 1:
        raise ShapeError(message("adj_sum_graph", "graphs on as many nodes", str(sorted(sizes))))
    first = matrices[0]
    nothing = Compressed(torch.zeros_like(first.indptr), first.column[:0], first.filled()[:0], first.num_columns)
    total = reduce(sparse_sum, matrices, nothing)
    return _of_matrix(graphs[0], total, weight_name, graphs[0]._types.edges[0])


def _matrix(where: str, g: DGLGraph, weight: str) -> Compressed:
    """The weights by source and target."""
    if len(g._types.edges) != 1:
        raise OptionError(message(where, "graphs of one edge type", str(g.canonical_etypes)))
    rows, w = g._adjacencies[0].by_source, g._edges[0][weight]
    if w.dim() != 1:
        raise ShapeError(message(where, f"one weight for each edge in {weight!r}", str(tuple(w.shape))))
    column = rows.source.long()
    return Compressed(rows.indptr, column, w if rows.edge is None else w[rows.edge], g._adjacencies[0].num_targets)


def _of_matrix(g: DGLGraph, matrix: Compressed, weight: str, name: tuple[str, str, str]) -> DGLGraph:
    count = {name[0]: matrix.num_rows}
    if count.setdefault(name[2], matrix.num_columns) != matrix.num_columns:
        raise OptionError(
            f"The product has {matrix.num_rows} sources and {matrix.num_columns} targets, both called {name[0]!r}"
        )
    made = Adjacency(matrix.rows(), matrix.column, num_sources=matrix.num_rows, num_targets=matrix.num_columns)
    types = Types([name], sorted(count))
    edges = Frame(made.num_edges, g.device, {weight: matrix.filled()})
    return made_like(g, [made], types=types, nodes=[Frame(count[n], g.device) for n in types.source], edges=[edges])
