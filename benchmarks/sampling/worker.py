"""One library in its own interpreter: draws batches of a case one after the other, and times them.

The driver starts it as `python -m benchmarks.sampling.worker NAME` and keeps it for the whole run.
"""

from __future__ import annotations

import importlib
import time
from typing import Any

import numpy as np

from benchmarks.graphs import EdgeList
from benchmarks.machine import versions
from benchmarks.serving import Served, serve

from .cases import Question, case_from, questions_of
from .library import Drawer, Library
from .with_dgl import Dgl, FusedDgl
from .with_graphbolt import GraphBolt
from .with_pyg import Pyg
from .with_weft import Weft

LIBRARIES: dict[str, type[Library]] = {
    "weft": Weft,
    "dgl": Dgl,
    "dgl_fused": FusedDgl,
    "graphbolt": GraphBolt,
    "pyg": Pyg,
}
NUM_BATCHES = 8  # different ones, in turns
LONG_ENOUGH = 0.1  # seconds


class Worker(Served):
    """The library, the graph, and the case that is timed."""

    def __init__(self, name: str) -> None:
        self.name, self.kind = name, LIBRARIES[name]
        self.library: Library | None = None
        self.drawer: Drawer | None = None
        self.questions: list[Question] = []
        self.next = 0

    def start(self, threads: int, memory: float) -> dict[str, Any]:
        """Set the number of threads; the memory is the machine's."""
        self.threads(threads)
        return {"versions": versions(*self.kind.packages, "torch")}

    def threads(self, count: int) -> dict[str, Any]:
        """Change the number of threads, where a library has its own, too."""
        if "dgl" in self.kind.packages:
            importlib.import_module("dgl").utils.set_num_threads(count)
        return super().threads(count)

    def load(self, path: str) -> dict[str, Any]:
        """Read a graph; what a library keeps between batches is built with the case that needs it."""
        self.drop()
        with np.load(path) as stored:
            edges = EdgeList(stored["source"], stored["target"], int(stored["num_nodes"]))
        self.library = self.kind(edges)
        return {}

    def prepare(self, case: dict[str, Any]) -> dict[str, Any]:
        """Build the sampler of a case, and say how many edges or steps its batches have.

        Raises:
            UnsupportedError: if the library does not draw so.
        """
        self.drop()
        assert self.library is not None, "load comes first"
        parsed = case_from(case)
        drawer = self.library.drawer(parsed)
        self.questions = questions_of(parsed, self.library.edges, NUM_BATCHES)
        drawn = [drawer.count(drawer.draw(question, at)) for at, question in enumerate(self.questions)]
        self.drawer = drawer
        return {parsed.unit: sum(drawn) / NUM_BATCHES}

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
        assert self.drawer is not None, "prepare comes first"
        for _ in range(number):
            self.drawer.draw(self.questions[self.next % NUM_BATCHES], self.next)
            self.next += 1

    def drop(self) -> dict[str, Any]:
        """Forget the case."""
        self.drawer = None
        return super().drop()


if __name__ == "__main__":
    serve(Worker)
