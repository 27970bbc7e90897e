"""Encodings of nodes by degrees and by distances to anchors."""

from typing import Literal, get_args

import torch
from torch import Tensor

from ...errors import OptionError, check_choice, message
from .._adjacency import Ids
from .._by_type import edge_type_of
from .._graph import Graph
from .._naming import EdgeType
from ..algorithms import bfs
from ..algorithms._edges import Direction
from ._columns import Places, places_of
from ._ranks import ranks
from ._with_features import inner_edge_type, rows_chosen, with_features


def encode_degrees(
    graph: Graph,
    direction: Literal["in", "out"] = "in",
    name: str = "degree",
    *,
    largest: int | None = None,
    edge_type: str | EdgeType | None = None,
) -> Graph:
    """Write how many edges enter or leave each node, as a number or one-hot.

    *Shapes* -> `(num_nodes, 1)`, or `(num_nodes, largest + 1)`, torch's default float.

    Args:
        direction: count the edges that enter ("in") the targets of the edge type, or that leave ("out") its sources.
        largest: one-hot with so many columns and one for 0; degrees above count as this one. Numbers if None.
        edge_type: the edge type; its target nodes get the feature, or its sources for "out".

    Raises:
        FeatureError: if there is no such edge type, or several and no name.
        OptionError: if `direction` is another word, or `largest` is negative.

    >>> encode_degrees(Graph([0, 1, 2], [2, 2, 0]), largest=2).nodes["degree"].tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    chosen = edge_type_of("encode_degrees", graph, edge_type)
    adjacency = graph.edge_sets[chosen].adjacency
    check_choice("encode_degrees", "direction", direction, ("in", "out"))
    degree, of = (adjacency.in_degrees(), chosen[2]) if direction == "in" else (adjacency.out_degrees(), chosen[0])
    if largest is None:
        return with_features(graph, {of: {name: degree[:, None].to(torch.get_default_dtype())}})
    if largest < 0:
        raise OptionError(message("encode_degrees", "`largest` of at least 0", str(largest)))
    one_hot = torch.zeros((degree.shape[0], largest + 1), device=graph.device)
    return with_features(graph, {of: {name: one_hot.scatter_(1, degree.clamp(max=largest)[:, None], 1.0)}})


def encode_distances(
    graph: Graph,
    anchors: int | Ids,
    name: str = "distance",
    *,
    direction: Direction = "both",
    furthest: int | None = None,
    edge_type: str | EdgeType | None = None,
    seed: int = 0,
) -> Graph:
    """Write how many edges lie between anchors and each node, as a feature of nodes.

    `out[i, a]` is the length of a shortest path between anchor a of the graph of node i and that node, inf where there
    is none; `1 / (1 + out)` makes a closeness of it, 0 where there is none

    *Shapes* -> `(num_nodes, num_anchors)`, torch's default float.

    Args:
        anchors: a number of anchors to draw in each graph of a batch, or nodes: ids, or a mask. Graphs with fewer than
            others have inf in the columns that are left; the a-th anchor of each graph, as given, has column a.
        direction: paths from anchors along edges ("out"), against them ("in"), or along edges in either direction
            ("both").
        furthest: look no further than so many edges; nodes beyond get inf.
        edge_type: an edge type within one node type, whose nodes get the feature.
        seed: draws the anchors, without repetition, if a number is given.

    Raises:
        FeatureError: if there is no such edge type, or several and no name.
        OptionError: if the edge type joins two node types, there is no such direction, or a number is negative.
        IdError, ShapeError, DtypeError, DeviceError: if `anchors` are neither ids nor a mask.

    *Source* You, Ying and Leskovec, 2019, Position-aware Graph Neural Networks, arXiv:1906.04817.

    *Cost* E x anchors.

    >>> encode_distances(Graph([0, 1], [1, 2], 4), [0]).nodes["distance"].squeeze(1)
    tensor([0., 1., 2., inf])
    """
    where = "encode_distances"
    chosen = inner_edge_type(where, graph, edge_type)
    check_choice(where, "direction", direction, get_args(Direction))
    if furthest is not None and furthest < 0:
        raise OptionError(message(where, "`furthest` of at least 0", str(furthest)))
    nodes = graph.node_sets[chosen[0]]
    places = places_of(nodes)
    if isinstance(anchors, int):
        if anchors < 0:
            raise OptionError(message(where, "`anchors` of at least 0", str(anchors)))
        ids, columns = _drawn(places, anchors, seed)
        width = anchors
    else:
        ids = rows_chosen(where, "anchors", nodes, anchors)
        columns = ranks(places.graph[ids])[0]
        width = int(columns.max()) + 1 if columns.numel() else 0
    adjacency = graph.edge_sets[chosen].adjacency
    distance = torch.full((nodes.count, width), torch.inf, device=graph.device)
    for column in range(width):
        # Anchors with one column lie in different graphs, which no path joins, so that one search serves them all.
        level = bfs(adjacency, ids[columns == column], direction=direction, max_level=furthest).level
        distance[:, column] = level.where(level >= 0, torch.inf)
    return with_features(graph, {chosen[0]: {name: distance}})


def _drawn(places: Places, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """So many nodes of each graph, or all that there are, and the column of each."""
    device = places.offsets.device
    order = torch.randperm(places.local.shape[0], generator=torch.Generator().manual_seed(seed)).to(device)
    columns = ranks(places.graph[order])[0]
    return order[columns < count], columns[columns < count]
