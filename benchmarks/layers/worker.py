"""One library in its own interpreter: builds layers, keeps their weights for weft, times their steps.

The driver starts it as `python -m benchmarks.layers.worker NAME` and keeps it for the whole run.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.fixtures.recipe import Rows, build
from benchmarks.machine import versions
from benchmarks.serving import Served, serve
from benchmarks.stopwatch import Stopwatch

from .cases import LAYERS, WIDTH, Theirs

PACKAGES = {"weft": "weft", "dgl": "dgl", "pyg": "torch_geometric"}
HOMES = {"dgl": "dgl.nn.pytorch", "pyg": "torch_geometric.nn"}


class Worker(Served):
    """A library, the graph, and the layer that is timed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.graph: Any = None
        self.counts: dict[str, int] = {}

    def start(self, threads: int, memory: float) -> dict[str, Any]:
        """Set the number of threads; the memory is the machine's."""
        torch.set_num_threads(threads)
        return {"versions": versions(PACKAGES[self.name], "torch")}

    def load(self, path: str) -> dict[str, Any]:
        """Read a graph, and build what the library keeps between calls."""
        self.drop()
        with np.load(path) as stored:
            source, target, count = (torch.from_numpy(stored[name]) for name in ("source", "target", "num_nodes"))
        self.counts = {"source": int(count), "edge": len(source)}
        self.graph = getattr(self, f"_graph_of_{self.name}")(source, target, int(count))
        return {}

    def prepare(self, layer: str, folder: str) -> dict[str, Any]:
        """Build a layer and run it. A peer writes its weights; weft reads them, and must give what each peer gave."""
        from safetensors.torch import load_file, save_file

        self.drop()
        timed = LAYERS[layer]
        inputs = {"x": Rows("source", (WIDTH,)), **timed.more}
        given = {name: self._draw(rows, 20 + at) for at, (name, rows) in enumerate(inputs.items())}
        x = given["x"].requires_grad_()
        if self.name != "weft":
            theirs = timed.of(self.name)
            if theirs is None:
                return {"there": False}
            made = self._theirs(theirs)
            save_file(
                {key: value.contiguous() for key, value in made.state_dict().items()},
                f"{folder}/{self.name}.safetensors",
            )
            call = lambda: first(theirs.call(made, self.graph, **given)).flatten(1)  # noqa: E731
            self._keep(call, x, made)
            torch.save(call().detach(), f"{folder}/{self.name}.pt")
            return {"there": True, "results": {}}
        import weft.nn

        made = getattr(weft.nn, timed.weft)(**{key: build(value) for key, value in timed.ours.items()})
        more = {name: value for name, value in given.items() if name != "x"}
        call = lambda: first(made(self.graph, timed.part(x), **more)).flatten(1)  # noqa: E731
        errors = {}
        for peer in ("dgl", "pyg"):
            state = Path(folder) / f"{peer}.safetensors"
            if state.exists():
                weft.nn.load_peer_state(made, load_file(state), peer)
                expected = torch.load(f"{folder}/{peer}.pt", weights_only=True)
                errors[peer] = float((call() - expected).norm() / expected.norm().clamp(min=1e-12))
        self._keep(call, x, made)
        return {"there": True, "errors": errors, "kernels": self._kernels()}

    def _keep(self, call: Any, x: Tensor, made: nn.Module) -> None:
        """Time this call, and what of the features and parameters its first result depends on."""
        out, leaves = call(), [x, *made.parameters()]
        found = torch.autograd.grad(out.sum(), leaves, allow_unused=True)
        used = [leaf for leaf, gradient in zip(leaves, found) if gradient is not None]  # noqa: B905
        self.stopwatch = Stopwatch(call, used, tuple(out.shape), out.dtype, backward=True)

    def _kernels(self) -> str:
        """Run a step with fallbacks forbidden and name the operators that ran."""
        from weft import ops

        ready = self._ready()
        with ops.using("native"), torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as watch:
            torch.autograd.grad(ready.call().sum(), ready.leaves)
        return ", ".join(
            sorted({event.name.split("::")[1] for event in watch.events() if event.name.startswith("weft::")})
        )

    def _theirs(self, theirs: Theirs) -> nn.Module:
        torch.manual_seed(0)
        options = {key: build(value) for key, value in theirs.options.items()}
        made: nn.Module = getattr(importlib.import_module(HOMES[self.name]), theirs.layer)(**options)
        return made

    def _draw(self, rows: Rows, seed: int) -> Tensor:
        draw = np.random.default_rng(seed)
        size = (self.counts[rows.of], *rows.shape)
        if rows.num_types:
            return torch.from_numpy(draw.integers(0, rows.num_types, size))
        values = torch.from_numpy(draw.standard_normal(size, dtype=np.float32))
        return values.abs() + 0.5 if rows.positive else values

    def _graph_of_weft(self, source: Tensor, target: Tensor, count: int) -> Any:
        import weft

        made = weft.Adjacency(source, target, num_sources=count, num_targets=count)
        _ = made.by_target, made.by_source
        return made

    def _graph_of_dgl(self, source: Tensor, target: Tensor, count: int) -> Any:
        import dgl  # type: ignore[import-not-found]

        made = dgl.graph((source.int(), target.int()), num_nodes=count, idtype=torch.int32)
        made.create_formats_()
        return made

    def _graph_of_pyg(self, source: Tensor, target: Tensor, count: int) -> Any:
        from torch_sparse import SparseTensor  # type: ignore[import-not-found]

        matrix = SparseTensor(row=target, col=source, sparse_sizes=(count, count))
        matrix.storage.colptr(), matrix.storage.csr2csc()  # a matrix keeps what it needs to be turned
        return SimpleNamespace(index=torch.stack((source, target)), matrix=matrix)


def first(found: Any) -> Tensor:
    """Give the first of several results."""
    out: Tensor = found[0] if isinstance(found, tuple) else found
    return out


if __name__ == "__main__":
    serve(Worker)
