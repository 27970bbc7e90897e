"""One library in its own interpreter: draws batches of a case one after the other, and times them.

The driver starts it as `python -m benchmarks.sampling.worker NAME` and keeps it for the whole run.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.graphs import EdgeList
from benchmarks.machine import versions
from benchmarks.serving import Served, UnsupportedError, serve

from .cases import Case, seeds_of

PACKAGES = {"weft": ("weft",), "dgl": ("dgl",), "pyg": ("torch_geometric", "torch_sparse")}
NUM_BATCHES = 8  # different ones, in turns
LONG_ENOUGH = 0.1  # seconds

Drawer = Callable[[Tensor, int], int]
"""Draws the batch of some seeds, and says how many edges it has."""


class Worker(Served):
    """The library, the graph, and the case that is timed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.edges = EdgeList(np.zeros(0), np.zeros(0), 0)
        self.graph: Any = None
        self.draw: Drawer | None = None
        self.batches: list[Tensor] = []
        self.next = 0

    def start(self, threads: int, memory: float) -> dict[str, Any]:
        """Set the number of threads; the memory is the machine's."""
        self.threads(threads)
        return {"versions": versions(*PACKAGES[self.name], "torch")}

    def threads(self, count: int) -> dict[str, Any]:
        """Change the number of threads, where a library has its own, too."""
        if self.name == "dgl":
            importlib.import_module("dgl").utils.set_num_threads(count)
        return super().threads(count)

    def load(self, path: str) -> dict[str, Any]:
        """Read a graph, and build what the library keeps between batches."""
        self.drop()
        with np.load(path) as stored:
            self.edges = EdgeList(stored["source"], stored["target"], int(stored["num_nodes"]))
        ends = torch.from_numpy(self.edges.source), torch.from_numpy(self.edges.target)
        self.graph = getattr(self, f"_graph_of_{self.name}")(*ends, self.edges.num_nodes)
        return {}

    def prepare(self, case: dict[str, Any]) -> dict[str, Any]:
        """Build the sampler of a case, and say how many edges its batches have.

        Raises:
            UnsupportedError: if the library does not draw so.
        """
        self.drop()
        parsed = Case.from_json(case)
        self.draw = getattr(self, f"_draw_with_{self.name}")(parsed)
        self.batches = [
            torch.from_numpy(seeds_of(self.edges, parsed.batch_size, batch)) for batch in range(NUM_BATCHES)
        ]
        return {"edges": sum(self.draw(seeds, at) for at, seeds in enumerate(self.batches)) / NUM_BATCHES}

    def calibrate(self, what: str) -> dict[str, Any]:
        """Say how many batches one timed run needs to be long enough."""
        seconds = self.time(what, 1)["seconds"]
        return {"number": max(NUM_BATCHES, round(LONG_ENOUGH / seconds))}

    def time(self, what: str, number: int) -> dict[str, Any]:
        """Draw batches, one more than are timed, and give the seconds of one."""
        self._draw_next(1)
        begun = time.perf_counter()
        self._draw_next(number)
        return {"seconds": (time.perf_counter() - begun) / number}

    def _draw_next(self, number: int) -> None:
        assert self.draw is not None, "prepare comes first"
        for _ in range(number):
            self.draw(self.batches[self.next % NUM_BATCHES], self.next)
            self.next += 1

    def drop(self) -> dict[str, Any]:
        """Forget the case."""
        self.draw = None
        return super().drop()

    def _graph_of_weft(self, source: Tensor, target: Tensor, count: int) -> Any:
        import weft

        graph = weft.Graph(source, target, count)
        assert graph.adjacency.by_target.indptr.shape[0] == count + 1
        return graph

    def _draw_with_weft(self, case: Case) -> Drawer:
        from weft.sampling import NeighborSampler

        sampler = NeighborSampler(self.graph, case.fanouts, form=case.form)  # type: ignore[arg-type]

        def draw(seeds: Tensor, batch: int) -> int:
            found = sampler.sample(seeds, batch=batch)
            return found.graph.adjacency.num_edges if found.graph else sum(block.num_edges for block in found.blocks)

        return draw

    def _graph_of_dgl(self, source: Tensor, target: Tensor, count: int) -> Any:
        import dgl

        graph = dgl.graph((source.int(), target.int()), num_nodes=count).formats("csc")
        graph.create_formats_()
        return graph

    def _draw_with_dgl(self, case: Case) -> Drawer:
        import dgl

        if case.form != "blocks":
            raise UnsupportedError("DGL draws blocks")
        sampler = dgl.dataloading.NeighborSampler(list(case.fanouts[::-1]), fused=False)

        def draw(seeds: Tensor, batch: int) -> int:
            blocks = sampler.sample_blocks(self.graph, seeds.int())[2]
            return sum(block.num_edges() for block in blocks)

        return draw

    def _graph_of_pyg(self, source: Tensor, target: Tensor, count: int) -> Any:
        from torch_geometric.data import Data

        return Data(edge_index=torch.stack((source.long(), target.long())), num_nodes=count)

    def _draw_with_pyg(self, case: Case) -> Drawer:
        from torch_geometric.sampler import NeighborSampler, NodeSamplerInput

        if case.form != "graph":
            raise UnsupportedError("PyG draws one graph for all layers")
        sampler = NeighborSampler(self.graph, list(case.fanouts))

        def draw(seeds: Tensor, batch: int) -> int:
            found: int = sampler.sample_from_nodes(NodeSamplerInput(None, seeds)).row.numel()
            return found

        return draw


if __name__ == "__main__":
    serve(Worker)
