"""Graphs of sparse matrices of SciPy."""

from __future__ import annotations

from typing import Any

import torch

from .. import graph as graphs
from ..errors import OptionError
from ._create import graph, heterograph
from ._graph import DGLGraph


def from_scipy(
    sp_mat: Any, eweight_name: str | None = None, idtype: torch.dtype | None = None, device: Any = None
) -> DGLGraph:
    """Make a graph of a square sparse matrix, whose entry at (i, j) is an edge from i to j, in the order of its COO form.

    Args:
        eweight_name: the edge column that takes the values; without it they are dropped.
        idtype: torch.int64 if not given.

    Raises:
        OptionError: if the matrix is not square.
        DtypeError: if it is no sparse matrix.
        MissingExtraError: if SciPy is not installed.

    >>> import scipy.sparse, weft.dgl as dgl
    >>> dgl.from_scipy(scipy.sparse.csr_matrix([[0.0, 2.0], [3.0, 0.0]]), "w").edata["w"]
    tensor([2., 3.], dtype=torch.float64)
    """
    rows, columns = getattr(sp_mat, "shape", (0, 0))
    if rows != columns:
        raise OptionError(
            f"from_scipy: expected a square matrix, got {rows} rows and {columns} columns; "
            "hint: bipartite_from_scipy takes others"
        )
    found = graphs.from_scipy(sp_mat, weight=eweight_name)
    ends = found.adjacency.source, found.adjacency.target
    made = graph(ends, num_nodes=rows, idtype=idtype or torch.int64, device=device)
    if eweight_name is not None:
        made.edata[eweight_name] = found.edges[eweight_name].to(made.device)
    return made


def bipartite_from_scipy(
    sp_mat: Any,
    utype: str,
    etype: str,
    vtype: str,
    eweight_name: str | None = None,
    idtype: torch.dtype | None = None,
    device: Any = None,
) -> DGLGraph:
    """Make a graph of one edge type of a sparse matrix, whose rows are sources and whose columns are targets.

    Args:
        eweight_name: the edge column that takes the values; without it they are dropped.
        idtype: torch.int64 if not given.

    Raises:
        OptionError: if both types are one, and the matrix is not square.
        DtypeError: if it is no sparse matrix.
        MissingExtraError: if SciPy is not installed.
    """
    found = graphs.from_scipy(sp_mat, weight=eweight_name, edge_type=("source", "edge", "target"))
    adjacency, edges = found.adjacency, found["source", "edge", "target"]
    counts = {utype: adjacency.num_sources, vtype: adjacency.num_targets}
    if utype == vtype and adjacency.num_sources != adjacency.num_targets:
        raise OptionError(
            f'bipartite_from_scipy: expected a square matrix for edges within "{utype}", got {tuple(sp_mat.shape)}'
        )
    ends = adjacency.source, adjacency.target
    made = heterograph({(utype, etype, vtype): ends}, counts, idtype=idtype or torch.int64, device=device)
    if eweight_name is not None:
        made.edata[eweight_name] = edges[eweight_name].to(made.device)
    return made
