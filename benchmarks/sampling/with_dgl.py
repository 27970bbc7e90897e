"""Cases drawn by DGL."""

from __future__ import annotations

from typing import Any

import torch

from benchmarks.serving import UnsupportedError

from .cases import FIRST, Case, Question, Walks, metapath, typed_edges, typed_nodes, weights_of
from .library import Drawer, Library


class Dgl(Library):
    """`dgl.dataloading` and `dgl.sampling`, on int32."""

    packages = ("dgl",)
    dtype = torch.int32
    fused = False

    def neighbors(self, case: Case) -> Drawer:
        """Use NeighborSampler, which takes fan-outs from the first layer on."""
        import dgl

        if case.kind != "neighbors":
            self._refuse_fused()
        if case.form != "blocks":
            raise UnsupportedError("DGL draws blocks")
        if case.kind == "temporal":
            raise UnsupportedError("DGL's samplers know no times")
        prob = "weight" if case.kind == "weighted" else None
        sampler = dgl.dataloading.NeighborSampler(list(case.fanouts[::-1]), prob=prob, fused=self.fused)
        graph = self._graph_for(case.kind, "csc")
        is_typed = case.kind == "typed"

        def draw(question: Question, batch: int) -> Any:
            seeds = question.ids.to(self.dtype)
            return sampler.sample_blocks(graph, {FIRST: seeds} if is_typed else seeds)[2]

        return Drawer(draw, lambda blocks: sum(block.num_edges() for block in blocks))

    def links(self, case: Case) -> Drawer:
        """Leave out the links, but not their reverses, which DGL finds by a list of pairs only."""
        self._refuse_fused()
        import dgl

        sampler = dgl.dataloading.as_edge_prediction_sampler(
            dgl.dataloading.NeighborSampler(list(case.fanouts[::-1]), fused=False),
            exclude="self",
            negative_sampler=dgl.dataloading.negative_sampler.Uniform(1),
        )
        graph = self._graph_for("links", "csc", "coo")
        return Drawer(
            lambda question, batch: sampler.sample(graph, question.ids.to(self.dtype))[3],
            lambda blocks: sum(block.num_edges() for block in blocks),
        )

    def walks(self, case: Walks) -> Drawer:
        """Use random_walk or node2vec_random_walk."""
        self._refuse_fused()
        import dgl

        graph = self._graph_for("typed" if case.metapath else "weighted" if case.weighted else "neighbors", "csr")
        prob = "weight" if case.weighted else None

        def draw(question: Question, batch: int) -> Any:
            starts = question.ids.to(self.dtype)
            if case.is_second_order:
                return dgl.sampling.node2vec_random_walk(graph, starts, case.p, case.q, case.length, prob=prob)
            way = {"metapath": metapath(case.length)} if case.metapath else {"length": case.length}
            return dgl.sampling.random_walk(graph, starts, prob=prob, restart_prob=case.stop or None, **way)[0]

        return Drawer(draw, lambda nodes: int((nodes[:, 1:] >= 0).sum()))

    def _refuse_fused(self) -> None:
        if self.fused:
            raise UnsupportedError("only neighbours by chance are measured with the fused form")

    def _graph_for(self, kind: str, *formats: str) -> Any:
        key = kind if kind in ("typed", "weighted") else "plain"
        return self.keep(f"{key} {formats}", lambda: self._make(key, formats))

    def _make(self, key: str, formats: tuple[str, ...]) -> Any:
        import dgl

        if key == "typed":
            ends = {
                name: (source.to(self.dtype), target.to(self.dtype))
                for name, (source, target) in typed_edges(self.edges).items()
            }
            graph = dgl.heterograph(ends, num_nodes_dict=typed_nodes(self.edges), idtype=self.dtype)
        else:
            source, target = (torch.from_numpy(end).to(self.dtype) for end in (self.edges.source, self.edges.target))
            graph = dgl.graph((source, target), num_nodes=self.edges.num_nodes)
        if key == "weighted":
            graph.edata["weight"] = weights_of(self.edges)
        graph = graph.formats(list(formats))
        graph.create_formats_()
        return graph


class FusedDgl(Dgl):
    """The same with the fused form of NeighborSampler, on int64: on int32 it loses edges from its second batch on."""

    dtype = torch.int64
    fused = True
