"""Edge weights normalised by degrees, and self loops that have a weight."""

from typing import Literal, get_args

import torch
from torch import Tensor

from ...errors import ShapeError, check_choice, message
from ...ops import Structure, segment_reduce
from .._adjacency import Adjacency
from .._by_type import edge_type_of
from .._graph import Graph
from .._naming import EdgeType, quoted
from .._refill import refilled
from ..change import add_self_loops
from ._with_features import floats_of, with_features

Norm = Literal["both", "left", "right", "none"]


def normalise_edges(
    graph: Graph,
    norm: Norm = "both",
    name: str = "weight",
    *,
    weight: str | None = None,
    self_loops: bool = True,
    edge_type: str | EdgeType | None = None,
) -> Graph:
    """Write the weights of edges, normalised by degrees; GCN's are the default.

    `out[e] = w[e] * c(j, i)` for an edge e = j -> i, where, with d_out and d_in the sums of the weights of the edges
    that leave and enter a node,

        norm      c(j, i)
        "both"    1 / sqrt(d_out(j) * d_in(i))
        "left"    1 / d_out(j): the weights that leave a node add up to 1
        "right"   1 / d_in(i): the weights that enter a node add up to 1
        "none"    1

    A sum that is not positive gives 0. Without `weight`, `GraphConv(norm="none")` with the result as edge weights is
    `GraphConv(norm=norm)` on the new graph; that layer's degrees count edges, whatever weights it is given. Sums are those
    of each edge type by itself.

    Args:
        name: the edge feature that takes the result, (num_edges,).
        weight: the edge feature that holds w, (num_edges,); 1 for every edge if None.
        self_loops: give each node that has no self loop one of weight 1 first, behind the other edges, its other
            features 0; edge types that join two node types have none.
        edge_type: the edge type to normalise; all of them if None.

    Raises:
        FeatureError: if there is no such edge type or feature.
        ShapeError: if there is not one weight for each edge.
        OptionError: if `norm` is another word.

    *Source* Kipf and Welling, 2017, Semi-Supervised Classification with Graph Convolutional Networks, arXiv:1609.02907,
    equation 2.

    *Differs from the source* directed edges divide by the degree of each end that counts them; PyG takes d_in for both
    ends, which is the same for a symmetric graph.

    *Cost* some passes over the edges.

    >>> normalise_edges(Graph([0, 1], [1, 0])).edges["weight"]
    tensor([0.5000, 0.5000, 0.5000, 0.5000])
    """
    types = graph.edge_types if edge_type is None else (edge_type_of("normalise_edges", graph, edge_type),)
    for chosen in types:
        if self_loops and chosen[0] == chosen[2]:
            graph = with_self_loops("normalise_edges", graph, chosen, weight)
        w = normalised_weights("normalise_edges", graph, chosen, norm, weight)
        graph = with_features(graph, {chosen: {name: w}})
    return graph


def normalised_weights(
    where: str,
    graph: Graph,
    edge_type: EdgeType,
    norm: Norm,
    weight: str | None,
    dtype: torch.dtype | None = None,
) -> Tensor:
    """The normalised weight of each edge of one type, (num_edges,).

    Raises:
        OptionError, FeatureError, ShapeError: as `normalise_edges` says.
    """
    check_choice(where, "norm", norm, get_args(Norm))
    w = edge_weights(where, graph, edge_type, weight, dtype)
    return normalised(graph.edge_sets[edge_type].adjacency, w, None if weight is None else w, norm)


def normalised(adjacency: Adjacency, w: Tensor, counted: Tensor | None, norm: Norm) -> Tensor:
    """The weights of edges over powers of the degrees of their ends: sums of `counted`, or numbers of edges if None."""
    power = -0.5 if norm == "both" else -1.0
    if norm in ("both", "left"):
        w = w * _degree_powers(adjacency, counted, power, w.dtype, "out")[adjacency.source]
    if norm in ("both", "right"):
        w = w * _degree_powers(adjacency, counted, power, w.dtype, "in")[adjacency.target]
    return w


def transition_edges(
    where: str,
    graph: Graph,
    edge_type: EdgeType,
    norm: Norm,
    weight: str | None,
    *,
    self_loops: bool,
    dtype: torch.dtype,
) -> tuple[Adjacency, Tensor]:
    """The edges of one type and the normalised weight of each, for sums along them: other features are not looked at.

    Raises:
        OptionError, FeatureError, ShapeError: as `normalise_edges` says.
    """
    if self_loops:
        weights = {} if weight is None else {weight: graph.edge_sets[edge_type][weight]}
        graph = with_self_loops(where, refilled(graph, features={edge_type: weights}), edge_type, weight)
    return graph.edge_sets[edge_type].adjacency, normalised_weights(where, graph, edge_type, norm, weight, dtype)


def edge_weights(
    where: str, graph: Graph, edge_type: EdgeType, weight: str | None, dtype: torch.dtype | None = None
) -> Tensor:
    """The weights that a feature holds, or ones, (num_edges,).

    Raises:
        FeatureError: if there is no such feature.
        ShapeError: if there is not one weight for each edge.
    """
    edges = graph.edge_sets[edge_type]
    if weight is None:
        return torch.ones(edges.count, dtype=dtype or torch.get_default_dtype(), device=graph.device)
    w = floats_of(where, edges, weight)
    if w.dim() != 1:
        expected = f"one weight for each edge in {quoted(weight)}, ({edges.count},)"
        raise ShapeError(message(where, expected, str(tuple(w.shape))))
    return w if dtype is None else w.to(dtype)


def with_self_loops(where: str, graph: Graph, edge_type: EdgeType, weight: str | None) -> Graph:
    """Give each node without a self loop one of weight 1.

    Raises:
        FeatureError, ShapeError: if the feature holds no weights.
    """
    if weight is not None:
        edge_weights(where, graph, edge_type, weight)
    return add_self_loops(graph, edge_type, only_missing=True, fill={} if weight is None else {weight: 1.0})


def weighted_degrees(rows: Structure, w: Tensor) -> Tensor:
    """The sum of the weights of the edges of each row."""
    return segment_reduce(rows.indptr, w, rows.edge, "sum")


def _degree_powers(adjacency: Adjacency, weight: Tensor | None, power: float, dtype: torch.dtype, end: str) -> Tensor:
    """Powers of the degrees at one end of the edges, 0 where one is not positive; float32 at least, rounded once."""
    exact = torch.promote_types(dtype, torch.float32)
    if weight is None:
        degree = (adjacency.out_degrees() if end == "out" else adjacency.in_degrees()).to(exact)
    else:
        degree = weighted_degrees(adjacency.by_source if end == "out" else adjacency.by_target, weight.to(exact))
    return degree.where(degree > 0, torch.inf).pow(power).to(dtype)
