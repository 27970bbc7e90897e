"""Arguments that all algorithms share: which edges, which way, from which nodes."""

from typing import Literal, TypeAlias

import torch
from torch import Tensor

from ...errors import DtypeError, OptionError, ShapeError, message
from ...ops import Structure, coalesce, coo_to_csc, mirror_pairs
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
    return chosen_ids(where, "seeds", given, count=adjacency.num_sources, device=adjacency.device)


def check_weight(where: str, weight: Tensor, adjacency: Adjacency, *, may_be_negative: bool = False) -> None:
    """Refuse what are no weights of edges.

    Raises:
        ShapeError: if there is not one for every edge.
        OptionError: if one is NaN, or negative where that makes no sense.
    """
    if weight.shape != (adjacency.num_edges,):
        expected = f"`weight` of shape ({adjacency.num_edges},)"
        raise ShapeError(message(where, expected, str(tuple(weight.shape))))
    wrong = weight.isnan() if may_be_negative else ~(weight >= 0)
    if bool(wrong.any()):
        edge = int(wrong.to(torch.uint8).argmax())
        expected = "numbers as `weight`" if may_be_negative else "`weight` of at least 0"
        raise OptionError(message(where, expected, f"{weight[edge].item()} at edge {edge}"))


def numbers_of_nodes(where: str, argument: str, numbers: Tensor, adjacency: Adjacency) -> Tensor:
    """An integer for every node, as int64.

    Raises:
        ShapeError, DtypeError: if they are of another kind.
    """
    if numbers.is_floating_point() or numbers.is_complex() or numbers.dtype is torch.bool:
        raise DtypeError(message(where, f"integers as `{argument}`", str(numbers.dtype)))
    if numbers.shape != (adjacency.num_sources,):
        expected = f"`{argument}` of shape ({adjacency.num_sources},)"
        raise ShapeError(message(where, expected, str(tuple(numbers.shape))))
    return numbers.long()


def leaving(adjacency: Adjacency, direction: Direction) -> Structure:
    """Where one can go from each node; in "both" edges turned round follow the others, with ids from num_edges on."""
    if direction != "both":
        return adjacency.by_source if direction == "out" else adjacency.by_target
    return Structure(*coo_to_csc(*both_ways(adjacency), adjacency.num_sources))


def both_ways(adjacency: Adjacency) -> tuple[Tensor, Tensor]:
    """Sources and targets of all edges, then of all edges turned round."""
    source, target = adjacency._ends()
    return torch.cat((source, target)), torch.cat((target, source))


def neighbors_of(adjacency: Adjacency) -> tuple[Tensor, Tensor]:
    """Compressed neighbours of every node, ascending: those that an edge joins with it either way, each once, not itself.

    *Shapes* -> `(num_nodes + 1,)`, int64; `(num_pairs,)`, int32 or int64.
    """
    source, target = adjacency._ends()
    if adjacency.has_self_loops:
        joins = source != target
        source, target = source[joins], target[joins]
    low, high, num = torch.minimum(source, target), torch.maximum(source, target), adjacency.num_sources
    pairs = coalesce(low, high, num_rows=num, num_columns=num).matrix
    return mirror_pairs(pairs.indptr, pairs.column, 2 * pairs.num_entries)[:2]
