"""Results that differ in form but not in meaning, brought into one form."""

from __future__ import annotations

import torch
from torch import Tensor


def entries(row: Tensor, column: Tensor, value: Tensor, num_columns: int) -> dict[str, Tensor]:
    """Give a sparse matrix as its places in ascending order and their values."""
    place = row.long() * num_columns + column.long()
    place, order = place.sort()
    return {"place": place, "value": value[order]}


def rows_of(indptr: Tensor) -> Tensor:
    """Give the row of each entry of a compressed matrix."""
    return torch.repeat_interleave(torch.arange(len(indptr) - 1), indptr.long().diff())


def neighbors(points: Tensor, point: Tensor, query: Tensor) -> dict[str, Tensor]:
    """Give edges to neighbours as squared distances, by query and ascending: of equally far points any may be found."""
    distance = (points[point.long()].double() - points[query.long()].double()).square().sum(1)
    distance, order = distance.sort()
    query, by_query = query[order].long().sort(stable=True)
    return {"query": query, "distance": distance[by_query].float()}


def spread(points: Tensor, row: Tensor) -> dict[str, Tensor]:
    """Give chosen points by where they lie."""
    return {"point": points[row.long()]}


def edges(source: Tensor, target: Tensor, num_nodes: int) -> dict[str, Tensor]:
    """Give edges as their places in ascending order, parallel ones each for itself."""
    return {"place": (target.long() * num_nodes + source.long()).sort().values}


def size(num_nodes: int, num_edges: int) -> dict[str, Tensor]:
    """Give a graph whose nodes and edges may stand in any order by how many they are."""
    return {"size": torch.tensor([num_nodes, num_edges])}


def groups(label: Tensor) -> dict[str, Tensor]:
    """Give nodes that are grouped by the lowest node of their group, whatever groups are called."""
    label = label.long()
    lowest = torch.full((int(label.max()) + 1,), len(label)).scatter_reduce(0, label, torch.arange(len(label)), "amin")
    return {"lowest": lowest[label]}
