"""Encodings of nodes by what comes back to them: random walks and heat."""

from collections.abc import Sequence

import torch

from ...errors import OptionError, message
from ...ops import spmm
from .._graph import Graph
from .._naming import EdgeType
from ._columns import places_of, unit_columns
from ._encode_spectra import symmetric_edges
from ._kernels import Heat
from ._normalise_edges import normalised, transition_edges, weighted_degrees
from ._with_features import inner_edge_type, with_features


def encode_walks(
    graph: Graph,
    steps: int,
    name: str = "walk",
    *,
    weight: str | None = None,
    edge_type: str | EdgeType | None = None,
) -> Graph:
    """Write how likely a random walk is back at each node after some steps.

    `out[i, k - 1] = (P^k)[i, i]` for k = 1 .. steps, where P[i, j] is the sum of the weights of the edges i -> j over
    that of all edges that leave i; a walk ends at a node that no edge leaves

    *Shapes* -> `(num_nodes, steps)`, torch's default float.

    Args:
        weight: the edge feature that holds weights; 1 for every edge if None.
        edge_type: an edge type within one node type, whose nodes get the feature.

    Raises:
        FeatureError: if there is no such edge type or feature, or several edge types and no name.
        OptionError: if the edge type joins two node types, or `steps` is below 1.

    *Source* Dwivedi, Luu, Laurent, Bengio and Bresson, 2022, Graph Neural Networks with Learnable Structural and
    Positional Representations, arXiv:2110.07875.

    *Cost* steps x E x the nodes of the largest graph of a batch, exact and without randomness; memory is some chunks of
    `settings.chunk_bytes`.

    >>> encode_walks(Graph([0, 1, 1, 2], [1, 0, 2, 1]), 2).nodes["walk"]
    tensor([[0.0000, 0.5000],
            [0.0000, 1.0000],
            [0.0000, 0.5000]])
    """
    if steps < 1:
        raise OptionError(message("encode_walks", "`steps` of at least 1", str(steps)))
    chosen = inner_edge_type("encode_walks", graph, edge_type)
    adjacency, w = transition_edges(
        "encode_walks", graph, chosen, "left", weight, self_loops=False, dtype=torch.float64
    )
    w = w.detach()
    places = places_of(graph.node_sets[chosen[0]])
    out = torch.zeros((places.local.shape[0], steps), dtype=torch.float64, device=graph.device)
    for x, rows, columns, _ in unit_columns(places):
        for step in range(steps):
            x = spmm(adjacency.by_target, x, w)
            out[rows, step] = x[rows, columns]
    return with_features(graph, {chosen[0]: {name: out.to(torch.get_default_dtype())}})


def encode_heat(
    graph: Graph,
    times: Sequence[float],
    name: str = "heat",
    *,
    weight: str | None = None,
    edge_type: str | EdgeType | None = None,
) -> Graph:
    """Write how much heat of each node is still there after some times.

    `out[i, t] = exp(-times[t] * L)[i, i]`, the diagonal of the heat kernel, where L is the Laplacian of norm "both" as
    `encode_laplacian` has it

    *Shapes* -> `(num_nodes, len(times))`, torch's default float.

    Args:
        weight: the edge feature that holds weights, not negative; 1 for every edge if None.
        edge_type: an edge type within one node type, whose nodes get the feature.

    Raises:
        FeatureError: if there is no such edge type or feature, or several edge types and no name.
        OptionError: if the edge type joins two node types, or a time is negative.

    *Source* Sun, Ovsjanikov and Guibas, 2009, A Concise and Provably Informative Multi-Scale Signature Based on Heat
    Diffusion.

    *Cost* E x the nodes of the largest graph of a batch for each of about t + 8 sqrt(t) + 10 powers, t the longest
    time; no eigenvectors.

    >>> encode_heat(Graph([0], [1]), [0.0, 1.0]).nodes["heat"]
    tensor([[1.0000, 0.5677],
            [1.0000, 0.5677]])
    """
    chosen = inner_edge_type("encode_heat", graph, edge_type)
    series = [list(Heat(float(t)).coefficients(1e-12)) for t in times]
    adjacency, w = symmetric_edges("encode_heat", graph, chosen, weight)
    degree = weighted_degrees(adjacency.by_target, w)
    w = normalised(adjacency, w, w, "both")
    places = places_of(graph.node_sets[chosen[0]])
    out = torch.zeros((places.local.shape[0], len(series)), dtype=torch.float64, device=graph.device)
    for x, rows, columns, _ in unit_columns(places):
        for power in range(max(map(len, series), default=0)):
            x = spmm(adjacency.by_target, x, w) if power else x
            for at, coefficients in enumerate(series):
                if power < len(coefficients):
                    out[rows, at] += coefficients[power] * x[rows, columns]
    out = out.where((degree > 0)[:, None], 1.0)
    return with_features(graph, {chosen[0]: {name: out.to(torch.get_default_dtype())}})
