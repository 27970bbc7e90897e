"""Encodings of nodes by random walks, eigenvectors and singular vectors."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ...errors import OptionError, message
from ...graph import Adjacency, to_scipy
from ...graph import transforms as transforms_of_weft
from ...settings import require
from .._graph import DGLGraph
from ..base import dgl_warning
from ._made import only_adjacency

DENSE = 1000
"""Graphs of so many nodes at most are solved densely."""


def random_walk_pe(g: DGLGraph, k: int, eweight_name: str | None = None) -> Tensor:
    """Tell how likely a random walk is back at each node after 1 to k steps: (num_nodes, k).

    Args:
        eweight_name: the column of weights of the edges; 1 for each if None.

    Raises:
        OptionError: if the graph has several types, or k is below 1.
        FeatureError: if there is no such column.

    *Source* Dwivedi, Luu, Laurent, Bengio and Bresson, 2022, arXiv:2110.07875.

    >>> from weft.dgl import graph
    >>> random_walk_pe(graph(([0, 1, 1], [1, 1, 0])), 2)
    tensor([[0.0000, 0.5000],
            [0.5000, 0.7500]])
    """
    only_adjacency("random_walk_pe", g)
    found = transforms_of_weft.encode_walks(g._as_weft(), k, "walk", weight=eweight_name)
    return found.node_sets[g._types.nodes[0]]["walk"]


def lap_pe(g: DGLGraph, k: int, padding: bool = False, return_eigval: bool = False) -> Any:
    """Take the eigenvectors of the Laplacian after the first, by rising eigenvalue: (num_nodes, k).

    `L = I - D^(-1/2) A D^(-1/2)`, D the numbers of edges that enter each node, at least 1. Signs are drawn.

    Args:
        padding: accepted: what is missing where k is not below the number of nodes is 0 in any case.
        return_eigval: also give the eigenvalues, (k,), NaN for what is missing.

    Raises:
        OptionError: if the graph has several types.
        MissingExtraError: if the graph has more than 1,000 nodes and SciPy is not installed.

    *Source* Dwivedi, Joshi, Luu, Laurent, Bengio and Bresson, 2020, arXiv:2003.00982.

    *Cost* nodes^3 up to 1,000 nodes, some hundred products with the matrix above.

    >>> from weft.dgl import graph
    >>> lap_pe(graph(([0, 1], [1, 0])), 1).abs()
    tensor([[0.7071],
            [0.7071]])
    """
    adjacency = only_adjacency("lap_pe", g)
    count = adjacency.num_sources
    values, vectors = _lowest(adjacency, min(k + 1, count))
    kept = max(min(k, count - 1), 0)
    signs = (2 * torch.randint(2, (kept,)) - 1).to(g.device)
    encoding = torch.zeros(count, k, device=g.device)
    encoding[:, :kept] = (vectors[:, 1 : kept + 1] * signs).float()
    if not return_eigval:
        return encoding
    missing = torch.full((k - kept,), torch.nan, device=g.device)
    return encoding, torch.cat((values[1 : kept + 1].float(), missing))


def laplacian_pe(g: DGLGraph, k: int, padding: bool = False, return_eigval: bool = False) -> Any:
    """Take the eigenvectors of the Laplacian: an older name of `lap_pe`."""
    dgl_warning("laplacian_pe is the older name of lap_pe")
    return lap_pe(g, k, padding, return_eigval)


def svd_pe(g: DGLGraph, k: int, padding: bool = False, random_flip: bool = True) -> Tensor:
    """Take the first k singular vectors of the adjacency, times the roots of their values: (num_nodes, 2 k).

    The left vectors come first, then the right ones.

    Args:
        padding: let k be above the number of nodes; what is missing is 0, behind what is there.
        random_flip: draw the sign of each pair of vectors; otherwise the largest entry of the left one is positive.

    Raises:
        OptionError: if k is below 1, or too large and not to be padded, or the graph has several types.

    *Source* Hussain, Zaki and Subramanian, 2022, arXiv:2108.03348.

    >>> from weft.dgl import graph
    >>> svd_pe(graph(([0, 0], [1, 2])), 1, random_flip=False)
    tensor([[1.1892, 0.0000],
            [0.0000, 0.8409],
            [0.0000, 0.8409]])
    """
    count = only_adjacency("svd_pe", g).num_sources
    if k > count and not padding:
        raise OptionError(message("svd_pe", f"`k` of at most {count}, the number of nodes", str(k), "padding=True"))
    kept = min(k, count)
    if kept == 0:
        return torch.zeros(count, 2 * k, device=g.device)
    found = transforms_of_weft.encode_svd(g._bare(), kept, "svd").node_sets[g._types.nodes[0]]["svd"]
    if random_flip:
        found = found * (2 * torch.randint(2, (kept,)) - 1).to(found).repeat(2)
    return torch.nn.functional.pad(found, (0, 2 * (k - kept)))


def laplacian_lambda_max(g: DGLGraph) -> list[float]:
    """Find the largest eigenvalue of the Laplacian of each graph of a batch.

    `L = I - D^(-1/2) A D^(-1/2)` as for `lap_pe`; the real part, where the adjacency is not symmetric

    Raises:
        OptionError: if the graph has several types.

    *Cost* as `lap_pe`, for each graph.

    >>> from weft.dgl import graph
    >>> [round(value, 6) for value in laplacian_lambda_max(graph(([0, 1], [1, 0])))]
    [2.0]
    """
    adjacency = only_adjacency("laplacian_lambda_max", g)
    parts, begin = [], 0
    for count in g.batch_num_nodes().tolist():
        inside = ((adjacency.source >= begin) & (adjacency.source < begin + count)).nonzero().squeeze(1)
        ends = adjacency.source[inside] - begin, adjacency.target[inside] - begin
        parts.append(Adjacency(*ends, num_sources=count, num_targets=count))
        begin += count
    return [_largest(part) for part in parts if part.num_sources]


def _propagation(adjacency: Adjacency) -> Tensor:
    """D^(-1/2) A D^(-1/2) by source and target, dense, float64."""
    root = adjacency.in_degree_powers(-0.5, torch.float64)
    source, target = adjacency.source.long(), adjacency.target.long()
    out = torch.zeros(adjacency.num_sources, adjacency.num_targets, dtype=torch.float64, device=adjacency.device)
    return out.index_put_((source, target), root[source] * root[target], accumulate=True)


def _sparse_propagation(adjacency: Adjacency) -> Any:
    """The same as a matrix of SciPy."""
    root = adjacency.in_degree_powers(-0.5, torch.float64).cpu().numpy()
    diagonal = require("scipy.sparse", "convert").diags_array(root)
    return diagonal @ to_scipy(adjacency).astype("float64") @ diagonal


def _lowest(adjacency: Adjacency, count: int) -> tuple[Tensor, Tensor]:
    """Eigenvalues of the Laplacian from the lowest on, and their vectors, real parts."""
    if adjacency.num_sources <= DENSE or count + 1 >= adjacency.num_sources:
        matrix = torch.eye(adjacency.num_sources, dtype=torch.float64, device=adjacency.device) - _propagation(
            adjacency
        )
        if adjacency.is_symmetric:
            values, vectors = torch.linalg.eigh(matrix)
        else:
            values, vectors = (part.real for part in torch.linalg.eig(matrix))
    else:
        linalg = require("scipy.sparse.linalg", "convert")
        # The largest values of A are found sooner than the lowest of I - A, and have the same vectors.
        solve, which = (linalg.eigsh, "LA") if adjacency.is_symmetric else (linalg.eigs, "LR")
        found = solve(_sparse_propagation(adjacency), k=count, which=which)
        values, vectors = 1 - torch.from_numpy(found[0].real.copy()), torch.from_numpy(found[1].real.copy())
    order = torch.argsort(values, stable=True)[:count]
    return values[order].to(adjacency.device), vectors[:, order].to(adjacency.device)


def _largest(adjacency: Adjacency) -> float:
    count = adjacency.num_sources
    if count <= DENSE:
        matrix = torch.eye(count, dtype=torch.float64, device=adjacency.device) - _propagation(adjacency)
        values = torch.linalg.eigvals(matrix)
        return float(values[values.abs().argmax()].real)
    linalg, sparse = require("scipy.sparse.linalg", "convert"), require("scipy.sparse", "convert")
    matrix = sparse.eye_array(count) - _sparse_propagation(adjacency)
    return float(linalg.eigs(matrix, k=1, which="LM", return_eigenvectors=False)[0].real)
