"""Cases drawn by GraphBolt, layer by layer as its own data pipes do, without the pipes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from benchmarks.serving import UnsupportedError

from .cases import FIRST, NUM_TYPES, Case, Question, Walks, relation_of, times_of, type_of, typed_nodes, weights_of
from .library import Drawer, Library


class GraphBolt(Library):
    """`dgl.graphbolt` on a FusedCSCSamplingGraph that keeps original ids of edges; ids are int32 where types allow it."""

    packages = ("dgl",)

    def neighbors(self, case: Case) -> Drawer:
        """Draw each layer and compact it; with times nodes are not joined, so that every seed has its own."""
        if case.form != "blocks":
            raise UnsupportedError("GraphBolt draws blocks")
        graph = self.keep(case.kind, lambda: self._make(case.kind))
        if case.kind == "temporal":
            return Drawer(lambda question, batch: _temporal(graph, case.fanouts, question), _edges)
        fanouts = [torch.tensor([each] * (NUM_TYPES**2 if case.kind == "typed" else 1)) for each in case.fanouts]
        probs = "weight" if case.kind == "weighted" else None
        nothing = torch.zeros(0, dtype=torch.int64)
        others = {type_of(at): nothing for at in range(NUM_TYPES)}

        def draw(question: Question, batch: int) -> Any:
            seeds = {**others, FIRST: question.ids} if case.kind == "typed" else question.ids
            return _joined(graph, fanouts, seeds, probs)

        return Drawer(draw, _edges)

    def links(self, case: Case) -> Drawer:
        """Nothing yet."""
        raise UnsupportedError("GraphBolt's links are not in this benchmark")

    def walks(self, case: Walks) -> Drawer:
        """Nothing."""
        raise UnsupportedError("GraphBolt 2.1.0 has no walks")

    def _make(self, kind: str) -> Any:
        import dgl.graphbolt as gb

        source, target = torch.from_numpy(self.edges.source), torch.from_numpy(self.edges.target)
        more: dict[str, Any] = {}
        ids = torch.arange(self.edges.num_edges)
        if kind == "typed":
            relation = source % NUM_TYPES * NUM_TYPES + target % NUM_TYPES
            ids, offset = _numbers_within(relation), _offsets(typed_nodes(self.edges))
            source, target = (end // NUM_TYPES + offset[end % NUM_TYPES] for end in (source, target))
            names = [":".join(relation_of(at // NUM_TYPES, at % NUM_TYPES)) for at in range(NUM_TYPES**2)]
            more = {
                "node_type_offset": offset,
                "node_type_to_id": {type_of(at): at for at in range(NUM_TYPES)},
                "edge_type_to_id": {name: at for at, name in enumerate(names)},
            }
        order = target.argsort(stable=True)
        if kind == "typed":
            order = order[(target[order] * NUM_TYPES**2 + relation[order]).argsort(stable=True)]
            more["type_per_edge"] = relation[order].to(torch.uint8)
        attributes = {gb.ORIGINAL_EDGE_ID: ids[order]}
        if kind == "weighted":
            attributes["weight"] = weights_of(self.edges)[order]
        if kind == "temporal":
            attributes["time"] = times_of(self.edges)[order]
        pointers = torch.zeros(self.edges.num_nodes + 1, dtype=torch.int64)
        torch.cumsum(torch.bincount(target, minlength=self.edges.num_nodes), 0, out=pointers[1:])
        return gb.fused_csc_sampling_graph(pointers, source[order], edge_attributes=attributes, **more)


def _joined(graph: Any, fanouts: list[Tensor], seeds: Any, probs: str | None) -> list[Any]:
    from dgl.graphbolt import unique_and_compact_csc_formats

    layers = []
    for fanout in fanouts:
        drawn = graph.sample_neighbors(seeds, fanout, False, probs)
        rows, compacted = unique_and_compact_csc_formats(drawn.sampled_csc, seeds)
        layers.append((compacted, rows, drawn.original_edge_ids))
        seeds = rows
    return layers


def _temporal(graph: Any, fanouts: tuple[int, ...], question: Question) -> list[Any]:
    from dgl.graphbolt import compact_csc_format

    layers, seeds, times = [], question.ids, question.times
    for fanout in fanouts:
        drawn = graph.temporal_sample_neighbors(seeds, times, torch.tensor([fanout]), edge_timestamp_attr_name="time")
        rows, compacted, times = compact_csc_format(drawn.sampled_csc, seeds, times)
        layers.append((compacted, rows, drawn.original_edge_ids))
        seeds = rows
    return layers


def _edges(layers: list[Any]) -> int:
    parts = [layer[0] for layer in layers]
    return sum(len(each.indices) for part in parts for each in (part.values() if isinstance(part, dict) else [part]))


def _numbers_within(kind: Tensor) -> Tensor:
    """The number of each edge among those of its type."""
    order = kind.argsort(stable=True)
    first = _offsets(dict(enumerate(torch.bincount(kind).tolist())))
    numbers = torch.empty_like(order)
    numbers[order] = torch.arange(len(kind)) - first[kind[order]]
    return numbers


def _offsets(counts: dict[Any, int]) -> Tensor:
    return torch.tensor([0, *counts.values()]).cumsum(0)
