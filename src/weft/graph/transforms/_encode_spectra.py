"""Encodings of nodes by eigenvectors and singular vectors, whose signs are fixed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor

from ...errors import OptionError, check_choice, message
from ...settings import require
from .._adjacency import Adjacency
from .._by_type import edge_type_of
from .._graph import Graph
from .._naming import EdgeType
from ..algorithms._edges import both_ways
from ._columns import Places, dense_matrices, places_of
from ._normalise_edges import edge_weights, normalised, weighted_degrees
from ._with_features import inner_edge_type, with_features

if TYPE_CHECKING:
    import scipy.sparse

_TIE = 1 - 1e-6
_PRECISION = 1e-7  # of an eigenvalue, as float32 has it


def encode_laplacian(
    graph: Graph,
    k: int,
    name: str = "laplacian",
    *,
    norm: Literal["both", "none"] = "both",
    weight: str | None = None,
    edge_type: str | EdgeType | None = None,
    dense: int = 1000,
    seed: int = 0,
) -> Graph:
    """Write the eigenvectors of the Laplacian after the first, by rising eigenvalue.

    `L = D - A`, or `D^(-1/2) (D - A) D^(-1/2)` for norm "both", where A[i, j] is half the sum of the weights of all
    edges between i and j in either direction; D are the sums of its rows; the row of a node without edges is 0

    Signs: of the entries whose absolute value is the largest of a vector (up to 1e-6 of it) the one of the lowest node
    is positive. Vectors of one eigenvalue may still be any basis of their space. Each graph of a batch has its own
    vectors.

    *Shapes* -> `(num_nodes, k)`, torch's default float; 0 where a graph has fewer than k + 1 nodes.

    Args:
        weight: the edge feature that holds weights; 1 for every edge if None.
        edge_type: an edge type within one node type, whose nodes get the feature.
        dense: graphs of so many nodes at most are solved densely, larger ones by SciPy's Lanczos method.
        seed: draws the vector that the Lanczos method starts with, which changes nothing beyond its precision.

    Raises:
        FeatureError: if there is no such edge type or feature, or several edge types and no name.
        OptionError: if the edge type joins two node types, or options do not exist.
        MissingExtraError: if a graph is large and SciPy is not installed.

    *Source* Dwivedi, Joshi, Luu, Laurent, Bengio and Bresson, 2020, Benchmarking Graph Neural Networks,
    arXiv:2003.00982.

    *Cost* for a dense graph nodes^3 in time and nodes^2 in memory; for others some hundred products with the matrix.

    >>> encode_laplacian(Graph([0, 1, 2], [1, 2, 3]), 1).nodes["laplacian"].squeeze(1)
    tensor([ 0.5774,  0.4082, -0.4082, -0.5774])
    """
    check_choice("encode_laplacian", "norm", norm, ("both", "none"))
    _check_k("encode_laplacian", k)
    chosen = inner_edge_type("encode_laplacian", graph, edge_type)
    adjacency, w = symmetric_edges("encode_laplacian", graph, chosen, weight)
    degree = weighted_degrees(adjacency.by_target, w)
    diagonal = degree
    if norm == "both":
        w, diagonal = normalised(adjacency, w, w, "both"), (degree > 0).double()
    places = places_of(graph.node_sets[chosen[0]])
    out = torch.zeros((places.local.shape[0], k), dtype=torch.float64, device=graph.device)
    # No eigenvalue is above this, and so vectors that belong to no node come last.
    above = 2 * float(diagonal.max()) + 1 if diagonal.numel() else 1.0
    small, large = _by_size(places, places, dense, k + 1)
    for nodes, _, matrix in dense_matrices(places, places, adjacency, w, small):
        own = diagonal[nodes].where(nodes >= 0, above)
        vectors = torch.linalg.eigh(torch.diag_embed(own) - matrix).eigenvectors[:, :, 1 : k + 1]
        sizes = (nodes >= 0).sum(1)
        is_own = torch.arange(1, 1 + vectors.shape[2], device=nodes.device) < sizes[:, None]
        vectors = vectors * _signs(vectors)[:, None] * is_own[:, None]
        out[nodes[nodes >= 0], : vectors.shape[2]] = vectors[nodes >= 0]
    for rows, _, matrix in _sparse_parts(places, places, adjacency, w, large):
        own = require("scipy.sparse", "convert").diags_array(above - diagonal[rows].cpu().numpy())
        linalg = require("scipy.sparse.linalg", "convert")
        _, vectors = linalg.eigsh(own + matrix, k + 1, which="LA", v0=_start(matrix, seed), tol=_PRECISION)
        vectors = torch.from_numpy(vectors[:, ::-1][:, 1:].copy()).to(graph.device)
        out[rows] = vectors * _signs(vectors[None])
    return with_features(graph, {chosen[0]: {name: out.to(torch.get_default_dtype())}})


def encode_svd(
    graph: Graph,
    k: int,
    name: str = "svd",
    *,
    weight: str | None = None,
    edge_type: str | EdgeType | None = None,
    dense: int = 1000,
    seed: int = 0,
) -> Graph:
    """Write the singular vectors of the adjacency, times the roots of their values.

    `A = U diag(s) V^T`, where A[i, j] is the sum of the weights of the edges i -> j; sources get the first k columns of
    `U diag(s)^(1/2)`, targets those of `V diag(s)^(1/2)`, whose products approximate A

    Signs: of the entries of a column of U whose absolute value is the largest (up to 1e-6 of it) the one of the lowest
    node is positive; V follows. Vectors of one singular value may still be any basis of their space. Each graph of a
    batch has its own.

    *Shapes* within one node type -> `(num_nodes, 2 k)`, as source, then as target; between two node types `(count, k)`
    for each; torch's default float. 0 where a graph has fewer than k nodes at one end.

    Args:
        weight: the edge feature that holds weights; 1 for every edge if None.
        edge_type: the edge type, whose nodes get the feature.
        dense: graphs of so many nodes at most at each end are solved densely, larger ones by SciPy's Lanczos method.
        seed: draws the vector that the Lanczos method starts with, which changes nothing beyond its precision.

    Raises:
        FeatureError: if there is no such edge type or feature, or several edge types and no name.
        OptionError: if `k` is below 1.
        MissingExtraError: if a graph is large and SciPy is not installed.

    *Source* Hussain, Zaki and Subramanian, 2022, Global Self-Attention as a Replacement for Graph Convolution,
    arXiv:2108.03348.

    *Cost* for a dense graph sources x targets x the smaller of both in time; for others some hundred products.

    >>> encode_svd(Graph([0, 0], [1, 2]), 1).nodes["svd"]
    tensor([[1.1892, 0.0000],
            [0.0000, 0.8409],
            [0.0000, 0.8409]])
    """
    _check_k("encode_svd", k)
    chosen = edge_type_of("encode_svd", graph, edge_type)
    adjacency = graph.edge_sets[chosen].adjacency
    w = edge_weights("encode_svd", graph, chosen, weight, torch.float64).detach()
    sources, targets = (places_of(graph.node_sets[chosen[end]]) for end in (0, 2))
    out = [
        torch.zeros((places.local.shape[0], k), dtype=torch.float64, device=w.device) for places in (sources, targets)
    ]
    small, large = _by_size(targets, sources, dense, k)
    for rows, columns, matrix in dense_matrices(targets, sources, adjacency, w, small):
        right, values, left = torch.linalg.svd(matrix, full_matrices=False)
        _place_vectors(out, (columns, rows), (left.mT, right), values, k)
    for rows, columns, matrix in _sparse_parts(targets, sources, adjacency, w, large):
        found = require("scipy.sparse.linalg", "convert").svds(matrix, k, v0=_start(matrix, seed), tol=_PRECISION)
        order = found[1].argsort()[::-1]
        right, values, left = (
            torch.from_numpy(part.copy()).to(w.device)[None]
            for part in (found[0][:, order], found[1][order], found[2][order])
        )
        _place_vectors(out, (columns[None], rows[None]), (left.mT, right), values, k)
    dtype = torch.get_default_dtype()
    if chosen[0] == chosen[2]:
        return with_features(graph, {chosen[0]: {name: torch.cat(out, 1).to(dtype)}})
    return with_features(graph, {chosen[0]: {name: out[0].to(dtype)}, chosen[2]: {name: out[1].to(dtype)}})


def symmetric_edges(where: str, graph: Graph, edge_type: EdgeType, weight: str | None) -> tuple[Adjacency, Tensor]:
    """All edges and their reverses, each of half the weight, float64."""
    adjacency = graph.edge_sets[edge_type].adjacency
    w = edge_weights(where, graph, edge_type, weight, torch.float64).detach() / 2
    count = adjacency.num_sources
    return Adjacency._trusted(*both_ways(adjacency), count, count), torch.cat((w, w))


def _check_k(where: str, k: int) -> None:
    if k < 1:
        raise OptionError(message(where, "`k` of at least 1", str(k)))


def _by_size(rows: Places, columns: Places, dense: int, least: int) -> tuple[Tensor, list[int]]:
    """Which graphs are solved densely: small ones, and those too narrow for Lanczos; and the others."""
    sizes = torch.stack((rows.offsets.diff(), columns.offsets.diff()))
    is_dense = (sizes.amax(0) <= dense) | (sizes.amin(0) <= least)
    return is_dense, (~is_dense).nonzero().squeeze(1).tolist()


def _sparse_parts(
    rows: Places, columns: Places, adjacency: Adjacency, w: Tensor, graphs: list[int]
) -> Iterator[tuple[Tensor, Tensor, "scipy.sparse.csr_array"]]:
    """Ids of rows and columns of each graph, and its matrix."""
    for graph in graphs:
        first, last = (
            torch.arange(*part.offsets[graph : graph + 2].tolist(), device=w.device) for part in (rows, columns)
        )
        inside = ((adjacency.target >= first[0]) & (adjacency.target <= first[-1])).nonzero().squeeze(1)
        ends = adjacency.target[inside] - first[0], adjacency.source[inside] - last[0]
        entries = w[inside].cpu().numpy(), tuple(end.cpu().numpy() for end in ends)
        shape = first.shape[0], last.shape[0]
        yield first, last, require("scipy.sparse", "convert").coo_array(entries, shape=shape).tocsr()


def _start(matrix: "scipy.sparse.csr_array", seed: int) -> Any:
    """The vector that Lanczos starts with."""
    return torch.rand(min(matrix.shape), dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).numpy()


def _place_vectors(
    out: list[Tensor], nodes: tuple[Tensor, Tensor], vectors: tuple[Tensor, Tensor], values: Tensor, k: int
) -> None:
    """Write singular vectors, signs fixed and scaled, to the rows of their nodes."""
    values = values.where(values > values.amax(1, keepdim=True) * 1e-12, 0)
    factor = (_signs(vectors[0]) * values.sqrt())[:, None, :k]
    for made, ids, found in zip(out, nodes, vectors, strict=True):
        scaled = found[:, :, :k] * factor
        made[ids[ids >= 0], : scaled.shape[2]] = scaled[ids >= 0] + 0.0  # no -0.0


def _signs(vectors: Tensor) -> Tensor:
    """The signs that make the first of the largest entries of each vector positive: (*, size, k) -> (*, k)."""
    lengths = vectors.abs()
    first = (lengths >= lengths.amax(1, keepdim=True) * _TIE).to(torch.uint8).argmax(1, keepdim=True)
    return 1 - 2 * (vectors.gather(1, first).squeeze(1) < 0).double()
