"""Epochs with weft."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import torch
from torch import nn

from benchmarks.graphs import EdgeList

from .cases import Case, features_of, labels_of, seeds_of
from .library import Library, model_threads

AHEAD = {"prefetch 2": 2, "prefetch 0": 0}
HELD = 8  # batches that are kept to time parts of an epoch, in turns


class Weft(Library):
    """`weft.loading.Loader` over a NeighborSampler."""

    packages = ("weft",)
    beside = ("prefetch 2",)

    def __init__(self, edges: EdgeList, case: Case) -> None:
        super().__init__(edges, case)
        import weft
        from weft.sampling import NeighborSampler

        ends = torch.from_numpy(edges.source), torch.from_numpy(edges.target)
        self.graph = weft.Graph(*ends, edges.num_nodes)
        self.graph.nodes["x"] = features_of(edges, case)
        self.graph.nodes["y"] = labels_of(edges, case)
        self.seeds = seeds_of(edges, case)
        self.sampler = NeighborSampler(self.graph, case.fanouts)
        self.loaders = {way: self.loader(self.sampler, prefetch) for way, prefetch in AHEAD.items()}
        self.held: list[Any] = []

    def loader(self, sampler: Any, prefetch: int) -> Any:
        """Make a loader of the epoch."""
        from weft.loading import Loader

        return Loader(
            sampler, self.seeds, batch_size=self.case.batch_size, features=["x"], labels="y", prefetch=prefetch
        )

    def layer(self, in_features: int, out_features: int) -> nn.Module:
        """Make a SAGEConv."""
        from weft.nn import SAGEConv

        return SAGEConv(in_features, out_features, "mean")

    def ways(self) -> list[str]:
        """With two batches made ahead in a thread, and without."""
        return list(AHEAD)

    def batches(self, way: str) -> Iterable[Any]:
        """Begin an epoch."""
        return iter(self.loaders[way])

    def train(self, batch: Any) -> float:
        """Train on the blocks of a batch."""
        return self.step(
            lambda at, layer, x: layer(batch.blocks[at], x), batch.features["node"]["x"], batch.labels["node"]
        )

    def num_edges(self, batch: Any) -> int:
        """Count the edges of the blocks."""
        return sum(block.num_edges for block in batch.blocks)

    def parts(self) -> dict[str, Callable[[], None]]:
        """Sampling, gathering and training, each alone: the first two on all threads, the last on those of the model."""
        return {"sample": self._sample, "gather": self._gather, "train": self._train}

    def overlap(self) -> list[dict[str, float]]:
        """Watch an epoch whose batches are made ahead."""
        from .overlap import Timeline, Watched

        timeline = Timeline()
        loader = self.loader(Watched(self.sampler, timeline), AHEAD["prefetch 2"])
        with model_threads(self.case):
            return timeline.follow(loader, self.train)

    def _sample(self) -> None:
        for number, seeds in enumerate(self.seeds.split(self.case.batch_size)):
            self.sampler.sample(seeds, batch=number)

    def _gather(self) -> None:
        from weft.ops import gather_rows

        nodes = self.graph.nodes
        for batch in self._again():
            gather_rows(nodes["x"], batch.node_ids["node"])
            gather_rows(nodes["y"], batch.seeds["node"])

    def _train(self) -> None:
        with model_threads(self.case):
            for batch in self._again():
                self.train(batch)

    def _again(self) -> Iterator[Any]:
        """As many batches as an epoch has, of a few that are there."""
        if not self.held:
            self.held = list(islice(self.batches("prefetch 0"), HELD))
        for number in range(self.case.num_batches):
            yield self.held[number % len(self.held)]
