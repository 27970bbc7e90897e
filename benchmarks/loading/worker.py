"""One library in its own interpreter: loads epochs and trains on them.

The driver starts it as `python -m benchmarks.loading.worker NAME` and keeps it for the whole run.
"""

from __future__ import annotations

import gc
import importlib
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.graphs import EdgeList
from benchmarks.machine import versions
from benchmarks.serving import Served, serve

from .cases import Case
from .library import Library
from .with_dgl import Dgl
from .with_pyg import Pyg
from .with_weft import Weft

LIBRARIES: dict[str, type[Library]] = {"weft": Weft, "dgl": Dgl, "pyg": Pyg}


class Worker(Served):
    """The library, the graph, and the epochs that are timed."""

    def __init__(self, name: str) -> None:
        self.name, self.kind = name, LIBRARIES[name]
        self.edges = EdgeList(np.zeros(0), np.zeros(0), 0)
        self.library: Library | None = None
        self.passes: dict[str, Callable[[], None]] = {}

    def start(self, threads: int, memory: float) -> dict[str, Any]:
        """Set the number of threads; the memory is the machine's."""
        self.threads(threads)
        return {"versions": versions(*self.kind.packages, "torch")}

    def threads(self, count: int) -> dict[str, Any]:
        """Change the number of threads, where a library has its own, too."""
        if self.name == "dgl":
            importlib.import_module("dgl").utils.set_num_threads(count)
        return super().threads(count)

    def load(self, path: str) -> dict[str, Any]:
        """Read a graph."""
        self.drop()
        with np.load(path) as stored:
            self.edges = EdgeList(stored["source"], stored["target"], int(stored["num_nodes"]))
        return {}

    def prepare(self, case: dict[str, Any]) -> dict[str, Any]:
        """Draw features, build loaders and the model, train on one batch, and say how many edges an epoch has."""
        self.drop()
        self.library = self.kind(self.edges, Case.from_json(case))
        self.passes = self.library.passes()
        loss = self.library.train(next(iter(self.library.batches(self.library.ways()[0]))))
        return {"edges": self.library.count(), "passes": list(self.passes), "loss": loss}

    def calibrate(self, what: str) -> dict[str, Any]:
        """Say that one epoch is long enough."""
        return {"number": 1}

    def time(self, what: str, number: int) -> dict[str, Any]:
        """Give the seconds of an epoch."""
        gc.collect()
        begun = time.perf_counter()
        for _ in range(number):
            self.passes[what]()
        return {"seconds": (time.perf_counter() - begun) / number}

    def overlap(self) -> dict[str, Any]:
        """Say when each batch of an epoch was asked for, made and used."""
        assert self.library is not None, "prepare comes first"
        return {"batches": self.library.overlap()}

    def drop(self) -> dict[str, Any]:
        """Forget the loaders and the model."""
        self.library, self.passes = None, {}
        return super().drop()


if __name__ == "__main__":
    serve(Worker)
