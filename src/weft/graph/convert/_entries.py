"""Graphs as entries of a sparse matrix: the entry at (i, j) is an edge from i to j."""

from typing import Literal, TypeAlias

import torch
from torch import Tensor

from ...errors import OptionError, ShapeError, message
from .._adjacency import Adjacency
from .._block import Block
from .._graph import Graph
from .._naming import EDGE, EdgeType, checked_edge_type, counted
from .._resolve import adjacency_of

Layout: TypeAlias = Literal["coo", "csr", "csc"]


def graph_of_entries(
    where: str, ends: tuple[Tensor, Tensor], shape: tuple[int, int], *, edge_type: EdgeType | None
) -> Graph:
    """The graph whose edges are the entries of a matrix.

    Raises:
        ShapeError: if the matrix is not square and `edge_type` does not name two node types.
    """
    rows, columns = shape
    first, _, last = name = EDGE if edge_type is None else checked_edge_type(where, edge_type)
    if rows != columns and first == last:
        hint = 'name both ends, as in edge_type=("user", "rates", "item")'
        raise ShapeError(message(where, "a square matrix", f"{rows} rows and {columns} columns", hint))
    return Graph({name: ends}, num_nodes={first: rows, last: columns})


def weighted_edges(
    where: str, graph: Graph | Adjacency | Block, weight: Tensor | str | None
) -> tuple[Adjacency, Tensor]:
    """The edges of a graph of one edge type, and a value for each: those given, a feature, or ones.

    Raises:
        ShapeError: if there is not one weight for every edge.
        OptionError: if the weight is the name of a feature, and there are no features.
    """
    adjacency = adjacency_of(graph)
    if isinstance(weight, str):
        if not isinstance(graph, Graph):
            hint = "pass the weights themselves"
            raise OptionError(message(where, "a Graph for the name of a feature", type(graph).__name__, hint))
        weight = graph.edges[weight]
    if weight is None:
        weight = torch.ones(adjacency.num_edges, device=adjacency.device)
    if weight.shape[:1] != (adjacency.num_edges,):
        expected = f"one weight for each of {counted(adjacency.num_edges, 'edge')}"
        raise ShapeError(message(where, expected, str(tuple(weight.shape))))
    return adjacency, weight
