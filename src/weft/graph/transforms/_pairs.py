"""Pairs of nodes that edges join, and pairs that no edge joins."""

import torch
from torch import Tensor

from ...errors import OptionError, message
from ...ops import coalesce
from .._graph import Graph
from .._naming import EdgeType
from ..change._merge import pair_groups
from ..generators._pair_table import distinct_places
from ._columns import Places
from ._with_features import inner_edge_type, with_features


def number_pairs(graph: Graph, name: str = "pair", *, edge_type: str | EdgeType | None = None) -> Graph:
    """Write the number of the pair of nodes that each edge joins.

    Directions do not count: an edge, its reverse and all parallel to either have one number, so that `split_random(...,
    groups="pair")` keeps them in one part. Numbers follow the lower node, then the higher.

    *Shapes* -> `(num_edges,)`, int64.

    Args:
        edge_type: an edge type within one node type.

    Raises:
        FeatureError: if there is no such edge type, or several and no name.
        OptionError: if it joins two node types.

    *Cost* a sort of the edges.

    >>> number_pairs(Graph([0, 1, 2], [1, 0, 0])).edges["pair"]
    tensor([0, 0, 1])
    """
    chosen = inner_edge_type("number_pairs", graph, edge_type)
    return with_features(graph, {chosen: {name: pair_groups(graph.edge_sets[chosen].adjacency).slots().long()}})


def sample_non_edges(
    edges: tuple[Tensor, Tensor],
    count: int,
    ends: tuple[Places, Places],
    *,
    is_within: bool,
    is_directed: bool,
    generator: torch.Generator,
) -> Tensor:
    """Draw pairs of nodes of one graph that no edge joins, all different.

    Each set of so many pairs is as likely. Pairs are numbered, and of the numbers without those of edges some are
    drawn: a free number of rank r is r plus the numbers of edges before it, which a binary search finds. So dense
    graphs cost no more than others.

    *Shapes* `edges`: source and target, `(num_edges,)` each -> `(count, 2)`, int64, in random order.

    Args:
        is_within: both ends are of one node type; no node is paired with itself, then.
        is_directed: else, within one type, an edge joins a pair in either direction, and the order of a pair is drawn.

    Raises:
        OptionError: if there are fewer such pairs.
    """
    row, column = (end.long() for end in edges)
    sources, targets = ends
    is_unordered = is_within and not is_directed
    # The numbers of a row are those of its columns: all of its graph, or for unordered pairs those before it.
    if is_unordered:
        row, column = torch.maximum(row, column), torch.minimum(row, column)
        row, column = row[row != column], column[row != column]
        width, first = sources.local, sources.begin
    else:
        width, first = targets.offsets.diff()[sources.graph], targets.offsets[sources.graph]
        if is_within:
            own = torch.arange(sources.local.shape[0], device=row.device)
            row, column = torch.cat((row, own)), torch.cat((column, own))
    begin = width.cumsum(0) - width
    joined = coalesce(row, column - first[row], num_rows=width.shape[0], num_columns=targets.widest).matrix
    taken = begin[joined.rows().long()] + joined.column
    free = int(width.sum()) - taken.shape[0]
    if count > free:
        hint = "ask for fewer `negatives`"
        raise OptionError(message("split_links", f"{count} pairs that no edge joins", f"{free} such pairs", hint))
    rank = distinct_places(free, count, generator)[torch.randperm(count, generator=generator)].to(row.device)
    number = rank + torch.searchsorted(taken - torch.arange(taken.shape[0], device=row.device), rank, right=True)
    row = torch.searchsorted(begin, number, right=True) - 1
    found = torch.stack((row, number - begin[row] + first[row]), 1)
    if not is_unordered:
        return found
    turns = (torch.rand(count, generator=generator) < 0.5).to(row.device)
    return torch.where(turns[:, None], found.flip(1), found)
