"""Algebra of sparse matrices; results are matrices."""

from __future__ import annotations

import numpy as np

from benchmarks.graphs import EdgeList

from .operator import NO_GRADIENT, Draw, Inputs, Operator

MOST_PATHS = 2**25  # pairs of entries that meet in a product


def compressed(edges: EdgeList) -> tuple[np.ndarray, np.ndarray]:
    """Give the places of a graph's edges by target, each once, as pointers and columns."""
    place = np.unique(edges.target * edges.num_nodes + edges.source)
    row, column = place // edges.num_nodes, place % edges.num_nodes
    return np.append(0, np.cumsum(np.bincount(row, minlength=edges.num_nodes))), column


def thinned(edges: EdgeList) -> EdgeList:
    """Keep the first half of the edges, again and again, until the square of the matrix is not too large."""
    source, target = edges.source, edges.target
    while np.dot(*(np.bincount(end, minlength=edges.num_nodes) for end in (source, target))) > MOST_PATHS:
        source, target = source[: len(source) // 2], target[: len(target) // 2]
    return EdgeList(source, target, edges.num_nodes)


def _matrix(draw: Draw, edges: EdgeList, suffix: str = "") -> Inputs:
    indptr, column = compressed(edges)
    return {f"indptr{suffix}": indptr, f"column{suffix}": column, f"values{suffix}": draw.normal(len(column))}


def _one(draw: Draw) -> Inputs:
    return _matrix(draw, draw.edges)


def _square(draw: Draw) -> Inputs:
    return _matrix(draw, thinned(draw.edges))


def _two(draw: Draw) -> Inputs:
    """The graph's matrix, and the one that the ids of its nodes, counted from behind, give."""
    edges, last = draw.edges, draw.edges.num_nodes - 1
    return {**_one(draw), **_matrix(draw, EdgeList(last - edges.source, last - edges.target, last + 1), "_other")}


def _rows(draw: Draw) -> Inputs:
    """Half of the rows, in random order."""
    return {**_one(draw), "rows": draw.generator.permutation(draw.edges.num_nodes)[: (draw.edges.num_nodes + 1) // 2]}


def _entries(draw: Draw) -> Inputs:
    """Edges in their order, among them parallel ones."""
    edges = draw.edges
    return {"row": edges.target, "column": edges.source, "values": draw.normal(edges.num_edges)}


_DRAWN = {"sparse_product": _square, "sparse_sum": _two, "transpose": _one, "select_rows": _rows, "coalesce": _entries}
OPERATORS = {name: Operator(inputs, NO_GRADIENT, None, ("float32",)) for name, inputs in _DRAWN.items()}
