"""Epochs with PyG."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

from benchmarks.graphs import EdgeList
from benchmarks.serving import UnsupportedError

from .cases import Case, features_of, labels_of, seeds_of
from .library import Library

WORKERS = {"0 workers": 0, "2 workers": 2}


class Pyg(Library):
    """`torch_geometric.loader.NeighborLoader`; a batch is one graph, of which each layer takes the hops that it needs."""

    packages = ("torch_geometric", "torch_sparse")

    def __init__(self, edges: EdgeList, case: Case) -> None:
        super().__init__(edges, case)
        from torch_geometric.data import Data

        ends = torch.from_numpy(edges.source).long(), torch.from_numpy(edges.target).long()
        data = Data(x=features_of(edges, case), y=labels_of(edges, case), edge_index=torch.stack(ends))
        self.loaders = {way: self._loader(data, workers) for way, workers in WORKERS.items()}

    def _loader(self, data: Any, workers: int) -> Any:
        from torch_geometric.loader import NeighborLoader

        return NeighborLoader(
            data,
            list(self.case.fanouts),
            input_nodes=seeds_of(self.edges, self.case),
            batch_size=self.case.batch_size,
            num_workers=workers,
            persistent_workers=workers > 0,
        )

    def layer(self, in_features: int, out_features: int) -> nn.Module:
        """Make a SAGEConv."""
        from torch_geometric.nn import SAGEConv

        made: nn.Module = SAGEConv(in_features, out_features, "mean")
        return made

    def ways(self) -> list[str]:
        """In this process, or in two others."""
        return list(WORKERS)

    def batches(self, way: str) -> Iterable[Any]:
        """Begin an epoch."""
        return iter(self.loaders[way])

    def train(self, batch: Any) -> float:
        """Train on the graph of a batch; where the sampler says how large hops are, layers leave out the outer ones."""
        from torch_geometric.utils import trim_to_layer

        edges, nodes = batch.get("num_sampled_edges"), batch.get("num_sampled_nodes")
        index = batch.edge_index

        def run(at: int, layer: nn.Module, x: Any) -> Any:
            nonlocal index
            if nodes is not None and edges is not None:
                x, index, _ = trim_to_layer(at, nodes, edges, x, index)
            return layer(x, index)

        return self.step(run, batch.x, batch.y[: batch.batch_size])

    def num_edges(self, batch: Any) -> int:
        """Count the edges of the graph, which all layers share."""
        return int(batch.edge_index.shape[1])

    def parts(self) -> dict[str, Callable[[], None]]:
        """Nothing else."""
        return {}

    def overlap(self) -> list[dict[str, float]]:
        """Nothing."""
        raise UnsupportedError("only weft's epochs are watched")
