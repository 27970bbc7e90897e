"""Graphs from and to sparse tensors of torch."""

import warnings
from typing import get_args

import torch
from torch import Tensor

from ...errors import DtypeError, StructureError, check_choice, message
from ...ops import Structure
from .._adjacency import Adjacency
from .._block import Block
from .._graph import Graph
from .._naming import EdgeType
from ._entries import Layout, graph_of_entries, weighted_edges


def from_torch_sparse(matrix: Tensor, *, weight: str | None = None, edge_type: EdgeType | None = None) -> Graph:
    """Make a graph of a sparse tensor in COO, CSR or CSC form, whose entry at (i, j) is an edge from i to j.

    Entries keep the order of the tensor; stored zeros and, in COO form, repeated entries are edges too.

    *Shapes* `matrix: (num_sources, num_targets, *F)`, sparse in the first two dimensions.

    Args:
        weight: name of the edge feature that takes the values, (num_edges, *F); without it they are dropped.
        edge_type: names the edges and both ends; a matrix that is not square needs it, with two node types.

    Raises:
        ShapeError: if the matrix is not square and `edge_type` does not name two node types.
        DtypeError: if it is not sparse in this way.

    >>> graph = from_torch_sparse(torch.tensor([[0.0, 2.0], [3.0, 0.0]]).to_sparse(), weight="w")
    >>> graph.edges["w"]
    tensor([2., 3.])
    """
    if not isinstance(matrix, Tensor):
        raise DtypeError(message("from_torch_sparse", "a sparse tensor", type(matrix).__name__))
    if matrix.layout is torch.sparse_coo and matrix.sparse_dim() == 2:
        source, target = matrix._indices()
        values = matrix._values()
    elif matrix.layout is torch.sparse_csr and matrix.crow_indices().dim() == 1:
        target, values = matrix.col_indices(), matrix.values()
        source = Structure(matrix.crow_indices().long(), target).targets().to(target.dtype)
    elif matrix.layout is torch.sparse_csc and matrix.ccol_indices().dim() == 1:
        source, values = matrix.row_indices(), matrix.values()
        target = Structure(matrix.ccol_indices().long(), source).targets().to(source.dtype)
    else:
        expected = "two dimensions in the layout torch.sparse_coo, torch.sparse_csr or torch.sparse_csc"
        got = f"{tuple(matrix.shape)} in {matrix.layout}"
        raise DtypeError(message("from_torch_sparse", expected, got, "matrix.to_sparse() makes one of a dense matrix"))
    shape = matrix.shape[0], matrix.shape[1]
    graph = graph_of_entries("from_torch_sparse", (source, target), shape, edge_type=edge_type)
    if weight is not None:
        graph.edges[weight] = values
    return graph


def to_torch_sparse(
    graph: Graph | Adjacency | Block, *, weight: Tensor | str | None = None, layout: Layout = "coo"
) -> Tensor:
    """Make a sparse tensor with an entry at (source, target) for every edge; gradients go through to the weights.

    In COO form entries stand in the order of the edges, parallel edges among them. CSR form has them by source and CSC
    form by target, then in ascending order, and no parallel edges. Names of types, and features but for one, are left
    behind.

    *Shapes* `weight: (num_edges, *F)` -> `(num_sources, num_targets, *F)`.

    Args:
        weight: values of the entries, or the name of the edge feature that holds them; 1.0 if not given.
        layout: "coo", "csr" or "csc".

    Raises:
        ShapeError: if there is not one weight for every edge.
        FeatureError: if there is no such feature, or the graph has several edge types.
        StructureError: if there are parallel edges, and the layout has no place for them.
        OptionError: if `layout` is none, or a feature is named where there are none.

    *Cost* CSR and CSC form sort the edges; CSC form keeps them so for the graph.

    >>> to_torch_sparse(Graph([1, 0], [2, 1]), layout="csr").crow_indices()
    tensor([0, 1, 2, 2])
    """
    check_choice("to_torch_sparse", "layout", layout, get_args(Layout))
    adjacency, weight = weighted_edges("to_torch_sparse", graph, weight)
    shape = (adjacency.num_sources, adjacency.num_targets, *weight.shape[1:])
    if layout == "coo":
        ends = torch.stack((adjacency.source.long(), adjacency.target.long()))
        return torch.sparse_coo_tensor(ends, weight, shape, check_invariants=False)
    if adjacency.has_parallel_edges:
        hint = 'merge parallel edges before, or take layout="coo"'
        raise StructureError(message("to_torch_sparse", f"one edge at each place for {layout}", "parallel edges", hint))
    rows = (adjacency.reversed() if layout == "csr" else adjacency).by_target_and_source
    values = weight if rows.edge is None else weight[rows.edge.long()]
    make = torch.sparse_csr_tensor if layout == "csr" else torch.sparse_csc_tensor
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CS[RC] tensor support is in beta", UserWarning)
        return make(rows.indptr, rows.source.long(), values, shape, check_invariants=False)
