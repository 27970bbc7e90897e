"""Draws of each type from a graph in which all types are one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ...errors import OptionError, ShapeError, message
from ...graph import Adjacency, EdgeType, Graph
from ...sampling import NeighborSampler
from .._draws import next_draws
from .._graph import DGLGraph
from ..transforms._made import only_adjacency
from ._drawn import Found
from ._prepared import WEIGHT, Weights, prepared


def draw_by_relation(
    g: DGLGraph, seeds: Mapping[str, Tensor], etype_offset: Any, fanout: Sequence[int] | Tensor, *,
    direction: str, weights: Weights, replace: bool,
) -> Found:  # fmt: skip
    """What each node draws of the edges of each type; types are ranges of ids."""
    where = "sample_etype_neighbors"
    adjacency = only_adjacency(where, g)
    ends = [int(end) for end in torch.as_tensor(etype_offset).tolist()]
    numbers = [int(number) for number in torch.as_tensor(fanout).reshape(-1).tolist()]
    if ends[:1] != [0] or ends[-1] != adjacency.num_edges or sorted(ends) != ends:
        expected = f"`etype_offset` to rise from 0 to {adjacency.num_edges}, the number of edges"
        raise OptionError(message(where, expected, str(ends)))
    if len(numbers) != len(ends) - 1:
        raise ShapeError(message(where, f"a fan-out for each of {len(ends) - 1} types", str(len(numbers))))
    kind = g._types.nodes[0]
    names: list[EdgeType] = [(kind, str(at), kind) for at in range(len(numbers))]

    def make() -> NeighborSampler:
        source, target = adjacency.source.cpu(), adjacency.target.cpu()
        if direction == "out":
            source, target = target, source
        count = g._nodes[0].count
        parts = {}
        for name, first, last in zip(names, ends, ends[1:], strict=False):
            sizes = {"num_sources": count, "num_targets": count}
            parts[name] = Adjacency(source[first:last], target[first:last], **sizes)
        graph = Graph(parts, num_nodes={kind: count})
        for weight in weights.values():
            for name, first, last in zip(names, ends, ends[1:], strict=False):
                graph.edge_sets[name][WEIGHT] = weight.detach().cpu()[first:last]
        fanouts: list[Any] = [dict(zip(names, numbers, strict=True))]
        return NeighborSampler(graph, fanouts, weight=WEIGHT if weights else None, replace=replace)

    sampler = prepared(g, ("types", tuple(ends), tuple(numbers), direction, replace), weights, make)
    draws = next_draws()
    (block,) = sampler.sample(dict(seeds), epoch=draws.epoch, batch=draws.batch).blocks
    parts: list[tuple[Tensor, ...]] = []
    for name, first in zip(names, ends, strict=False):
        found, nodes = block.adjacencies[name], block.node_ids[kind]
        parts.append((found.target.long(), nodes[found.source.long()], block.edge_ids[name] + first))
    row, drawn, ids = (torch.cat(part) for part in zip(*parts, strict=True))
    order = row.argsort(stable=True)
    draws_of, drawn, ids = block.node_ids[kind][row[order]], drawn[order], ids[order]
    return (drawn, draws_of, ids) if direction == "in" else (draws_of, drawn, ids)
