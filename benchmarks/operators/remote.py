"""A library's process: started when it is needed, asked by lines of JSON, started again when it has died."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from benchmarks import environments
from benchmarks.graphs import EdgeList
from benchmarks.machine import ROOT

# glibc's malloc serves every size from one heap and returns none of it to the system.
KEEP_MEMORY = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**62)}


OPERATORS = "benchmarks.operators.worker"


class WorkerError(Exception):
    """A worker failed in a way that says nothing about speed."""


@dataclass(frozen=True)
class Settings:
    """How long and how often to measure; `memory` is in GB for each worker, `budget` in seconds for a pass.

    With `keep_memory`, freed memory stays in the process, as with jemalloc or tcmalloc; otherwise the system's default holds.
    With `speed_up`, weft is timed on one thread, too.
    """

    threads: int = 2
    repeat: int = 9
    budget: float = 10.0
    memory: float = 8.0
    keep_memory: bool = False
    speed_up: bool = False


class Remote:
    """A worker process; started again after it died."""

    def __init__(self, name: str, python: Path, settings: Settings, module: str = OPERATORS) -> None:
        self.name, self.python, self.settings, self.module = name, python, settings, module
        self.versions: dict[str, str] = {}
        self._process: subprocess.Popen[str] | None = None
        self._graph: Path | None = None
        self._home = tempfile.TemporaryDirectory(prefix="weft-bench-")

    def _start(self) -> subprocess.Popen[str]:
        threads = str(self.settings.threads)
        kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONHOME", "PYTHONSTARTUP")}
        path = os.pathsep.join(
            [str(ROOT), *filter(None, [kept.get("PYTHONPATH")])] if self.name.startswith("weft") else [str(ROOT)]
        )
        environment = {
            **kept,
            "PYTHONPATH": path,
            "HOME": self._home.name,
            "DGLBACKEND": "pytorch",
            "OMP_NUM_THREADS": threads,
            "MKL_NUM_THREADS": threads,
            "PYTHONWARNINGS": "ignore",
            "KINETO_LOG_LEVEL": "5",
            **(KEEP_MEMORY if self.settings.keep_memory else {}),
        }
        command = [str(self.python), "-m", self.module, self.name]
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Send one request and wait for its answer; a dead worker answers with kind "died"."""
        if self._process is None:
            self._process = self._start()
            first = self.ask("start", threads=self.settings.threads, memory=self.settings.memory)
            if not first["ok"]:
                raise WorkerError(f"{self.name}: the worker does not start: {first['why']}\n{first.get('trace', '')}")
            self.versions = first["versions"]
            if self._graph is not None:
                self.ask("load", path=str(self._graph))
        requests, answers = pipes(self._process)
        try:
            requests.write(json.dumps({"do": do, **arguments}) + "\n")
            requests.flush()
            line = answers.readline()
        except BrokenPipeError:
            line = ""
        if line:
            return dict(json.loads(line))
        return {"ok": False, "kind": "died", "why": f"the process ended with status {self._end()}"}

    def load(self, path: Path) -> None:
        """Load a graph now, and again whenever the worker has to be started again."""
        self._graph = path
        found = self.ask("load", path=str(path))
        if not found["ok"]:
            raise WorkerError(f"{self.name}: cannot load the graph: {found['why']}\n{found.get('trace', '')}")

    def stop(self) -> None:
        """End the process and forget its temporary folder."""
        if self._process is not None:
            self._end()
        self._home.cleanup()

    def _end(self) -> int:
        assert self._process is not None, "ask starts the process"
        requests, answers = pipes(self._process)
        with contextlib.suppress(BrokenPipeError):
            requests.close()
        code = self._process.wait(timeout=60)
        answers.close()
        self._process = None
        return code


def pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    """Give the pipe for requests and the one for answers."""
    assert process.stdin is not None, "opened as a pipe"
    assert process.stdout is not None, "opened as a pipe"
    return process.stdin, process.stdout


def reason(found: Mapping[str, Any]) -> str:
    """Say in one line why a worker did not do what it was asked to."""
    return f"{found['kind']}: {found['why'].splitlines()[0]}"


def save_graph(edges: EdgeList, folder: Path, name: str) -> Path:
    """Write a graph where the workers can read it."""
    path = folder / f"{name}.npz"
    sizes = {} if edges.sizes is None else {"sizes": edges.sizes}
    np.savez(path, source=edges.source, target=edges.target, num_nodes=edges.num_nodes, **sizes)
    return path


def find_remotes(names: Sequence[str], settings: Settings, module: str = OPERATORS) -> dict[str, Remote]:
    """Make a worker for every library that has an interpreter here, and name the others."""
    found = {}
    for name in names:
        if name == "scipy" and importlib.util.find_spec(name) is None:
            print("scipy: not installed; hint: python -m pip install scipy")
            continue
        home = environments.INSIDE.get(name, name)
        python = environments.interpreter(home) if home in environments.PEERS else Path(sys.executable)
        if python is None:
            variable = environments.variable(home)
            print(f"{name}: no environment; hint: python -m benchmarks.environments {home}, or set {variable}")
        else:
            found[name] = Remote(name, python, settings, module)
    return found
