"""One library in its own interpreter: reads requests as JSON lines, answers each with one.

The driver starts it as `python -m benchmarks.operators.worker NAME` and keeps it for the whole run, so that
the libraries can take turns on the same inputs.
"""

from __future__ import annotations

import importlib
import resource
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from benchmarks.graphs import EdgeList
from benchmarks.serving import Served, UnsupportedError, out_of_memory, serve
from benchmarks.stopwatch import Stopwatch, cotangent, sample

from .cases import Case, inputs
from .library import Library, Prepared, Problem

LIBRARIES = {
    "weft": ("with_weft", "Weft"),
    "dgl": ("with_dgl", "Dgl"),
    "pyg": ("with_pyg", "Pyg"),
    "torch": ("with_torch", "Torch"),
    "scipy": ("with_scipy", "Scipy"),
    "weft.dgl": ("through_weft_dgl", "ThroughWeftDgl"),
}
PEERS = ("weft", "dgl", "pyg", "torch", "scipy")


class Worker(Served):
    """The library, the graph and the case that are loaded."""

    def __init__(self, name: str) -> None:
        module, kind = LIBRARIES[name]
        self.library: Library = getattr(importlib.import_module(f".{module}", __package__), kind)()
        self.edges = EdgeList(np.zeros(0), np.zeros(0), 0)

    def start(self, threads: int, memory: float) -> dict[str, Any]:
        """Set the number of threads and the most memory that this process may hold, in GB."""
        torch.set_num_threads(threads)
        if memory:
            resource.setrlimit(resource.RLIMIT_DATA, (int(memory * 1e9), int(memory * 1e9)))
        return {"versions": self.library.versions()}

    def load(self, path: str) -> dict[str, Any]:
        """Read a graph and build the library's structures."""
        self.drop()
        with np.load(path) as stored:
            ends = stored["source"], stored["target"]
            self.edges = EdgeList(*ends, int(stored["num_nodes"]), stored.get("sizes"))
        self.library.load(self.edges)
        return {}

    def prepare(self, case: dict[str, Any]) -> dict[str, Any]:
        """Build a case, run it once, and give its results at sampled places.

        Raises:
            UnsupportedError: if the library cannot do the case in few digits; that it fails in float32 is another error.
        """
        self.drop()
        parsed = Case(**case)
        problem = Problem(parsed, rounded(inputs(parsed, self.edges), parsed.dtype))
        try:
            prepared = self.library.prepare(problem)
            results, shape, dtype = self._results(prepared, parsed.dtype)
            kernels = self.library.kernels(prepared)
        except UnsupportedError:
            raise
        except Exception as error:
            if parsed.dtype == "float32" or out_of_memory(error):
                raise
            raise UnsupportedError(f"{parsed.dtype}: {first_line(error)}") from error
        self.stopwatch = Stopwatch(prepared.call, prepared.leaves, shape, dtype, backward=prepared.backward)
        return {"results": results, "route": prepared.route, "kernels": kernels, "backward": prepared.backward}

    def exact(self, case: dict[str, Any]) -> dict[str, Any]:
        """Give the results of a case from the same inputs, but calculated in float32."""
        self.drop()
        parsed = Case(**case)
        given = rounded(inputs(parsed, self.edges), parsed.dtype)
        problem = Problem(replace(parsed, dtype="float32"), given)
        return {"results": self._results(self.library.prepare(problem), parsed.dtype)[0]}

    def _results(self, prepared: Prepared, dtype: str) -> tuple[dict[str, Any], tuple[int, ...], torch.dtype]:
        """Run a case once; the gradient of its output, of the shape and dtype that come back too, is rounded to `dtype`."""
        out = prepared.call()
        shown = prepared.results(out)
        results = {name: sample(value.detach()) for name, value in shown.items()}
        shape, kind = (tuple(out.shape), out.dtype) if prepared.backward else ((), torch.float32)
        if prepared.backward:
            gradient = torch.from_numpy(rounded({"out": cotangent(shape)}, dtype)["out"]).to(kind)
            found = torch.autograd.grad(out, prepared.leaves, gradient)
            for name, value in zip(prepared.compared, found, strict=False):
                restore = prepared.restore.get(name)
                results[name] = sample(restore(value) if restore else value)
        return results, shape, kind


def rounded(arrays: dict[str, np.ndarray], dtype: str) -> dict[str, np.ndarray]:
    """Round numbers to what a dtype can hold, kept in float32."""
    if dtype == "float32":
        return arrays
    narrow = getattr(torch, dtype)
    return {
        name: torch.from_numpy(array).to(narrow).float().numpy() if array.dtype == np.float32 else array
        for name, array in arrays.items()
    }


def first_line(error: Exception) -> str:
    """Give what an error says first."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:160]


if __name__ == "__main__":
    serve(Worker)
