"""Epochs with DGL."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

from benchmarks.graphs import EdgeList
from benchmarks.serving import UnsupportedError

from .cases import Case, features_of, labels_of, seeds_of
from .library import Library

WORKERS = {"thread": 0, "2 workers": 2}


class Dgl(Library):
    """`dgl.dataloading.DataLoader`, which prefetches features and labels of what its NeighborSampler draws.

    Ids are int64: on int32 the fused form of the sampler, the default on several threads, loses edges from its second batch on.
    """

    packages = ("dgl",)

    def __init__(self, edges: EdgeList, case: Case) -> None:
        super().__init__(edges, case)
        import dgl

        ends = torch.from_numpy(edges.source), torch.from_numpy(edges.target)
        self.graph = dgl.graph(ends, num_nodes=edges.num_nodes).formats("csc")
        self.graph.create_formats_()
        self.graph.ndata["x"] = features_of(edges, case)
        self.graph.ndata["y"] = labels_of(edges, case)
        self.loaders = {way: self._loader(workers) for way, workers in WORKERS.items()}

    def _loader(self, workers: int) -> Any:
        import dgl

        sampler = dgl.dataloading.NeighborSampler(
            list(self.case.fanouts[::-1]), prefetch_node_feats=["x"], prefetch_labels=["y"]
        )
        loader = dgl.dataloading.DataLoader(
            self.graph,
            seeds_of(self.edges, self.case),
            sampler,
            batch_size=self.case.batch_size,
            num_workers=workers,
            persistent_workers=workers > 0,
        )
        # The constructor allows the thread for accelerators only, but it does what it says on the CPU, too.
        loader.use_prefetch_thread = True
        return loader

    def layer(self, in_features: int, out_features: int) -> nn.Module:
        """Make a SAGEConv."""
        import dgl

        made: nn.Module = dgl.nn.SAGEConv(in_features, out_features, "mean")
        return made

    def ways(self) -> list[str]:
        """With a thread that makes batches ahead, or one that takes them from two processes."""
        return list(WORKERS)

    def batches(self, way: str) -> Iterable[Any]:
        """Begin an epoch."""
        return iter(self.loaders[way])

    def train(self, batch: Any) -> float:
        """Train on the blocks of a batch."""
        blocks = batch[2]
        return self.step(lambda at, layer, x: layer(blocks[at], x), blocks[0].srcdata["x"], blocks[-1].dstdata["y"])

    def num_edges(self, batch: Any) -> int:
        """Count the edges of the blocks."""
        return sum(block.num_edges() for block in batch[2])

    def parts(self) -> dict[str, Callable[[], None]]:
        """Nothing else."""
        return {}

    def overlap(self) -> list[dict[str, float]]:
        """Nothing."""
        raise UnsupportedError("only weft's epochs are watched")
