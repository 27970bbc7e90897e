"""Arguments that all algorithms share: which edges, which way, from which nodes."""

from typing import Literal, TypeAlias

import torch
from torch import Tensor

from ...errors import OptionError, ShapeError, message
from ...ops import Structure, coalesce, coo_to_csc
from .._adjacency import Adjacency, Ids
from .._block import Block
from .._by_type import chosen_ids, edge_type_of
from .._graph import Graph
from .._naming import EdgeType
from .._resolve import edges_of

Direction: TypeAlias = Literal["out", "in", "both"]
"""Along the edges, against them, or either way."""


def inner_edges(where: str, graph: Graph | Adjacency | Block, edge_type: str | EdgeType | None) -> Adjacency:
    """The edges of the type that was named, or of the only one, which have to run within one set of nodes.

    Raises:
        FeatureError: if there is no such type, or several and none was named.
        OptionError: if a type was named where there are none.
        ShapeError: if sources and targets are two sets of nodes.
    """
    found = edges_of(where, graph, edge_type)
    is_bipartite = isinstance(graph, Block) or found.num_sources != found.num_targets
    if isinstance(graph, Graph):
        first, _, last = edge_type_of(where, graph, edge_type)
        is_bipartite = first != last
    if is_bipartite:
        hint = "a view of the graph with one type of nodes has them all in one set"
        raise ShapeError(message(where, "edges within one set of nodes", repr(found), hint))
    return found


def seeds_of(where: str, seeds: Ids, adjacency: Adjacency) -> Tensor:
    """Nodes to begin at, int64: one id, ids, or a mask.

    Raises:
        IdError, ShapeError, DtypeError, DeviceError: if they are no nodes of the graph.
    """
    given = [seeds] if isinstance(seeds, int) else seeds
    return chosen_ids(where, "seeds", given, adjacency.num_sources, adjacency.device)


def checked_direction(where: str, direction: str) -> None:
    """Refuse a word that names no direction.

    Raises:
        OptionError: if it is none of the three.
    """
    if direction not in ("out", "in", "both"):
        raise OptionError(message(where, '`direction` of "out", "in" or "both"', repr(direction)))


def checked_weight(where: str, weight: Tensor, adjacency: Adjacency) -> Tensor:
    """Weights of edges that are no obstacle to walk along.

    Raises:
        ShapeError: if there is not one for every edge.
        OptionError: if one is negative or NaN.
    """
    if weight.shape != (adjacency.num_edges,):
        expected = f"`weight` of shape ({adjacency.num_edges},)"
        raise ShapeError(message(where, expected, str(tuple(weight.shape))))
    wrong = ~(weight >= 0)
    if bool(wrong.any()):
        edge = int(wrong.to(torch.uint8).argmax())
        raise OptionError(message(where, "`weight` of at least 0", f"{weight[edge].item()} at edge {edge}"))
    return weight


def leaving(adjacency: Adjacency, direction: Direction) -> Structure:
    """Where one can go from each node; in "both" edges turned round follow the others, with ids from num_edges on."""
    if direction != "both":
        return adjacency.by_source if direction == "out" else adjacency.by_target
    return Structure(*coo_to_csc(*both_ways(adjacency), adjacency.num_sources))


def both_ways(adjacency: Adjacency) -> tuple[Tensor, Tensor]:
    """Sources and targets of all edges, then of all edges turned round."""
    source, target = (ends.to(adjacency._id_dtype) for ends in (adjacency.source, adjacency.target))
    return torch.cat((source, target)), torch.cat((target, source))


def neighbors_of(adjacency: Adjacency) -> tuple[Tensor, Tensor]:
    """Compressed neighbours of every node, ascending: those that an edge joins with it either way, each once, not itself.

    *Shapes* -> `(num_nodes + 1,)`, int64; `(num_pairs,)`, int32 or int64.
    """
    row, column = both_ways(adjacency)
    joins = row != column
    if not bool(joins.all()):
        row, column = row[joins], column[joins]
    found = coalesce(row, column, num_rows=adjacency.num_sources, num_columns=adjacency.num_sources).matrix
    return found.indptr, found.column
