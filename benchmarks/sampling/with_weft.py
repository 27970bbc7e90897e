"""Cases drawn by weft."""

from __future__ import annotations

from typing import Any

import torch

from .cases import FIRST, Case, Question, Walks, metapath, times_of, typed_edges, typed_nodes, weights_of
from .library import Drawer, Library


class Weft(Library):
    """`weft.sampling`."""

    packages = ("weft",)

    def neighbors(self, case: Case) -> Drawer:
        """Use NeighborSampler, whose batches of edges with times are trees."""
        from weft.sampling import NeighborSampler

        options: dict[str, Any] = {
            "weighted": {"weight": "weight"},
            "temporal": {"time": "time", "strict": True},
        }.get(case.kind, {})
        sampler = NeighborSampler(self._graph_for(case.kind), case.fanouts, form=case.form, **options)  # type: ignore[arg-type]
        is_typed = case.kind == "typed"

        def draw(question: Question, batch: int) -> Any:
            seeds = {FIRST: question.ids} if is_typed else question.ids
            return sampler.sample(seeds, batch=batch, times=question.times)

        return Drawer(draw, _edges)

    def links(self, case: Case) -> Drawer:
        """Use LinkSampler: the links and their reverses are left out, and negatives are not looked up."""
        from weft.sampling import LinkSampler, Negatives, NeighborSampler

        around = NeighborSampler(self._graph_for("links"), case.fanouts)
        sampler = LinkSampler(around, negatives=Negatives(avoid_edges=False))
        return Drawer(lambda question, batch: sampler.sample(question.ids, batch=batch), _edges)

    def walks(self, case: Walks) -> Drawer:
        """Use RandomWalks."""
        from weft.sampling import RandomWalks

        way: dict[str, Any] = {"path": metapath(case.length)} if case.metapath else {"length": case.length}
        graph = self._graph_for("typed" if case.metapath else "weighted" if case.weighted else "neighbors")
        weight = "weight" if case.weighted else None
        walks = RandomWalks(graph, **way, weight=weight, p=case.p, q=case.q, stop=case.stop)
        return Drawer(
            lambda question, batch: walks.draw(question.ids, batch=batch).nodes,
            lambda nodes: int((nodes[:, 1:] >= 0).sum()),
        )

    def _graph_for(self, kind: str) -> Any:
        key = kind if kind in ("typed", "temporal", "weighted") else "plain"
        return self.keep(key, lambda: self._make(key))

    def _make(self, key: str) -> Any:
        import weft

        if key == "typed":
            return weft.Graph(typed_edges(self.edges), num_nodes=typed_nodes(self.edges))
        ends = torch.from_numpy(self.edges.source), torch.from_numpy(self.edges.target)
        graph = weft.Graph(*ends, self.edges.num_nodes)
        if key == "temporal":
            graph.edges["time"] = times_of(self.edges)
        if key == "weighted":
            graph.edges["weight"] = weights_of(self.edges)
        assert graph.adjacency.by_target.indptr.shape[0] == self.edges.num_nodes + 1
        return graph


def _edges(batch: Any) -> int:
    parts = [batch.graph] if batch.graph is not None else batch.blocks
    return sum(part.num_edges for part in parts)
