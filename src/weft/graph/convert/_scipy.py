"""Graphs from and to sparse matrices of SciPy."""

from typing import TYPE_CHECKING, get_args

import torch
from torch import Tensor

from ...errors import DtypeError, ShapeError, check_choice, message
from ...settings import require
from .._adjacency import Adjacency
from .._block import Block
from .._graph import Graph
from .._naming import EdgeType, counted
from ._entries import Layout, graph_of_entries, weighted_edges

if TYPE_CHECKING:
    import scipy.sparse


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
        DtypeError: if it is no sparse matrix.
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
    # SciPy may hand out the arrays of the matrix itself, which its owner may change.
    source, target, values = (torch.tensor(part) for part in (entries.row, entries.col, entries.data))
    graph = graph_of_entries("from_scipy", (source, target), entries.shape, edge_type=edge_type)
    if weight is not None:
        graph.edges[weight] = values
    return graph


def to_scipy(
    graph: Graph | Adjacency | Block, *, weight: Tensor | str | None = None, layout: Layout = "coo"
) -> "scipy.sparse.sparray":
    """Make a sparse matrix with an entry at (source, target) for every edge.

    Parallel edges stay entries of their own. In COO form entries stand in the order of the edges, in CSR form by source
    and in CSC form by target, in the order of the edges for each. Names of types, and features but for one, are left
    behind.

    *Shapes* `weight: (num_edges,)` -> `(num_sources, num_targets)`.

    Args:
        weight: values of the entries, or the name of the edge feature that holds them; 1.0 if not given.
        layout: "coo", "csr" or "csc".

    Raises:
        ShapeError: if there is not one weight for every edge.
        FeatureError: if there is no such feature, or the graph has several edge types.
        OptionError: if `layout` is none, or a feature is named where there are none.
        MissingExtraError: if SciPy is not installed.

    >>> to_scipy(Graph([0, 1], [1, 2])).shape
    (3, 3)
    """
    sparse = require("scipy.sparse", "convert")
    check_choice("to_scipy", "layout", layout, get_args(Layout))
    adjacency, weight = weighted_edges("to_scipy", graph, weight)
    if weight.dim() != 1:
        expected = f"one weight for each of {counted(adjacency.num_edges, 'edge')}"
        raise ShapeError(message("to_scipy", expected, str(tuple(weight.shape))))
    shape = adjacency.num_sources, adjacency.num_targets
    values = weight.detach().cpu()
    if layout == "coo":
        ends = [part.detach().cpu().numpy() for part in (adjacency.source, adjacency.target)]
        return sparse.coo_array((values.numpy(), ends), shape=shape)
    rows = adjacency.by_source if layout == "csr" else adjacency.by_target
    ordered = values if rows.edge is None else values[rows.edge.cpu()]
    make = sparse.csr_array if layout == "csr" else sparse.csc_array
    return make((ordered.numpy(), rows.source.cpu().numpy(), rows.indptr.cpu().numpy()), shape=shape)
