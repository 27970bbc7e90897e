"""Graphs without parallel edges, and symmetric graphs."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Tensor

from ...errors import OptionError, check_choice, message
from ...ops import Coalesced, coalesce, gather_rows, mirror_pairs
from .._adjacency import Adjacency
from .._by_type import edge_type_of
from .._graph import Graph
from .._naming import EdgeType, listed
from .._rows import Features
from .._subgraph import AtFirstLook
from ._edge_sets import edges_after, types_within, with_edges
from ._reduce import Reducers, checked_reducers, reduced


@dataclass(frozen=True, eq=False)
class Simplified:
    """A graph without parallel edges, and which edges became which of its edges.

    *Shapes* `counts[type]: (num_edges,)`, int64, how many edges became each edge; `merged_ids[type]`, int64, for each
    edge of the graph before, the edge that it became, which is computed at the first look.
    """

    graph: Graph
    counts: Mapping[EdgeType, Tensor]
    merged_ids: Mapping[EdgeType, Tensor]

    def __repr__(self) -> str:
        return f"Simplified({self.graph!r})"


def simplify(
    graph: Graph,
    edge_type: str | EdgeType | None = None,
    *,
    reduce: Reducers = "first",
    features: Features = "copy",
) -> Simplified:
    """Merge parallel edges: one edge remains for each source and target that occur together.

    The edges that remain are sorted by source, then by target; nodes keep their features. Self loops are edges like
    others.

    Args:
        edge_type: the edge type whose edges are merged; without it those of every type.
        reduce: the features of a merged edge: "first" takes those of its first edge; "sum", "mean", "max", "min", "mul",
            "var" and "std" reduce numbers as `weft.ops.segment_reduce` does. One word for all features of edges, or
            words by name, and "first" for other names.
        features: "none" leaves the features of nodes and edges behind; "lazy" takes those of first edges, and of nodes,
            at the first look.

    Raises:
        OptionError: if there is no such reducer, or no edges have a feature that `reduce` names.
        FeatureError: if there is no such edge type.
        DtypeError: if a feature cannot be reduced so.

    *Cost* that of `weft.ops.coalesce`, and one pass over each feature.

    >>> graph = Graph([0, 1, 0], [1, 0, 1])
    >>> graph.edges["w"] = [1.0, 2.0, 4.0]
    >>> found = simplify(graph, reduce="sum")
    >>> found.graph.edges["w"], found.counts["node", "edge", "node"], found.merged_ids["node", "edge", "node"]
    (tensor([5., 2.]), tensor([2, 1]), tensor([0, 1, 0]))
    """
    names = graph.edge_types if edge_type is None else [edge_type_of("simplify", graph, edge_type)]
    sets = {name: graph.edge_sets[name] for name in names}
    checked_reducers("simplify", reduce, sets)
    adjacencies, first, given, counts, merged_ids = {}, {}, {}, {}, {}
    for name, edges in sets.items():
        found = edges.adjacency
        places = edge_groups(found)
        indptr, column, _, num_targets = places.matrix
        facts = {"has_parallel_edges": False}
        adjacencies[name] = Adjacency._sorted_by_source(indptr, column, num_targets, found.source.dtype, facts)
        if edges and features != "none":
            first[name] = _firsts(places)
            given[name] = reduced(edges, places.segments, places.order, reduce)
        counts[name], merged_ids[name] = places.segments.diff(), partial(_became, places)
    made = with_edges("simplify", graph, adjacencies, edge_ids=first, features=features, given=given)
    return Simplified(made, counts, AtFirstLook(merged_ids))


def to_bidirected(
    graph: Graph,
    edge_type: str | EdgeType | None = None,
    *,
    parallel: Literal["merge", "keep"] = "merge",
    reduce: Reducers = "first",
    features: Features = "copy",
) -> Graph:
    """Make a graph symmetric: with each edge it has one the other way round.

    With "merge", one edge goes from i to j, and one from j to i, wherever edges go from i to j or from j to i; both have
    the features of all these edges reduced to one row, a self loop counting once. The edges are sorted by source, then by
    target. With "keep", all edges stay what they are, and reverse edges are added behind them, in a batch behind those of
    their graph, as few as make as many edges go from j to i as from i to j: the last ones of the direction that has more
    are turned round, with their features.

    Args:
        edge_type: the edge type that becomes symmetric; without it all, which must run within one node type each.
        parallel: whether parallel edges are merged.
        reduce: the features of merged edges, as for `simplify`.
        features: "none" leaves the features of nodes and edges behind; "lazy" takes those of first edges, and of nodes,
            at the first look.

    Raises:
        OptionError: if an edge type runs between two node types, or an option has no such value.
        FeatureError: if there is no such edge type.
        DtypeError: if a feature cannot be reduced so.

    *Cost* that of `weft.ops.coalesce` and `weft.ops.mirror_pairs`, and one pass over each feature.

    >>> graph = Graph([0, 1, 1], [1, 0, 2])
    >>> graph.edges["w"] = [1.0, 2.0, 4.0]
    >>> both = to_bidirected(graph, reduce="sum")
    >>> both.adjacency.source.tolist(), both.adjacency.target.tolist(), both.edges["w"].tolist()
    ([0, 1, 1, 2], [1, 0, 2, 1], [3.0, 3.0, 4.0, 4.0])
    """
    where = "to_bidirected"
    check_choice(where, "parallel", parallel, ("merge", "keep"))
    names = types_within(where, graph, edge_type)
    if edge_type is None and len(names) != len(graph.edge_types):
        between = listed(name for name in graph.edge_types if name not in names)
        hint = "choose an edge type; add_reverse_edges adds types for the other direction"
        raise OptionError(message(where, "edge types within one node type", between, hint))
    sets = {name: graph.edge_sets[name] for name in names}
    checked_reducers(where, reduce, sets)
    adjacencies, edge_ids, given = {}, {}, {}
    for name, edges in sets.items():
        found = edges.adjacency
        if parallel == "keep":
            adjacencies[name], edge_ids[name] = _evened(found)
            continue
        pairs = pair_groups(found)
        adjacencies[name], pair = _both_ways(pairs, found)
        if edges and features != "none":
            edge_ids[name] = gather_rows(_firsts(pairs), pair)
            rows = reduced(edges, pairs.segments, pairs.order, reduce)
            given[name] = {feature: gather_rows(row, pair) for feature, row in rows.items()}
    return with_edges(where, graph, adjacencies, edge_ids=edge_ids, features=features, given=given)


def _became(places: Coalesced) -> Tensor:
    """The place of each edge."""
    return places.slots().long()


def _firsts(places: Coalesced) -> Tensor:
    """The first edge of each place."""
    return gather_rows(places.order, places.segments[:-1]).long()


def edge_groups(found: Adjacency) -> Coalesced:
    """Edges grouped by source and target: the source is the row."""
    return _groups(found, *found._ends())


def pair_groups(found: Adjacency) -> Coalesced:
    """Edges grouped by the two nodes that they join, whatever their direction: the lower node is the row."""
    source, target = found._ends()
    return _groups(found, torch.minimum(source, target), torch.maximum(source, target))


def _groups(found: Adjacency, row: Tensor, column: Tensor) -> Coalesced:
    return coalesce(row, column, num_rows=found.num_sources, num_columns=found.num_targets)


def _both_ways(pairs: Coalesced, found: Adjacency) -> tuple[Adjacency, Tensor]:
    """An edge in each direction between the nodes of each pair, sorted, and the pair of each edge."""
    indptr, column = pairs.matrix.indptr, pairs.matrix.column
    total = 2 * column.shape[0]
    if found.has_self_loops:
        rows = indptr.diff().nonzero().squeeze(1)
        total -= int((gather_rows(column, indptr[rows]) == rows).sum())  # the lowest column of a row is not below it
    indptr, neighbor, pair = mirror_pairs(indptr, column, total)
    facts = {"is_symmetric": True, "has_parallel_edges": False, "has_self_loops": found.has_self_loops}
    return Adjacency._sorted_by_source(indptr, neighbor, found.num_targets, found.source.dtype, facts), pair


def _evened(found: Adjacency) -> tuple[Adjacency, Tensor]:
    """The edges and, behind them, the reverse edges that are missing; the edges they come from."""
    pairs = pair_groups(found)
    begin, end = pairs.segments[:-1], pairs.segments[1:]
    rises = gather_rows(found.source < found.target, pairs.order)
    falls = gather_rows(found.source > found.target, pairs.order)
    is_alone = torch.zeros_like(rises)
    for here, there in ((rises, falls), (falls, rises)):
        # Of a pair with n edges there, all edges here have a partner until the n-th.
        count, others = _counted_upto(here), _counted_upto(there)
        partnered = count[begin] + others[end] - others[begin]
        is_alone |= here & (count[1:] > partnered.repeat_interleave(end - begin, output_size=here.shape[0]))
    turned = torch.zeros_like(rises).index_fill_(0, pairs.order[is_alone].long(), True).nonzero().squeeze(1)
    ids = torch.arange(found.num_edges, device=found.device)
    return edges_after(found, gather_rows(found.target, turned), gather_rows(found.source, turned)), torch.cat(
        [ids, turned]
    )


def _counted_upto(mask: Tensor) -> Tensor:
    return torch.cat([mask.new_zeros(1, dtype=torch.int64), mask.cumsum(0)])
