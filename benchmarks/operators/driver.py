"""Keeps one worker per library and lets them take turns: one runs, the others wait."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

from benchmarks.graphs import EdgeList
from benchmarks.machine import ROOT

from .cases import Case

SETTLE = 0.003  # seconds; the OpenMP threads of the library that ran before spin a while, then sleep
TOLERANCE = 1e-3  # float32 sums of up to 19,000 terms, added in another order
# glibc's malloc serves every size from one heap and returns none of it to the system.
KEEP_MEMORY = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**62)}


class WorkerError(Exception):
    """A worker failed in a way that says nothing about speed."""


@dataclass(frozen=True)
class Settings:
    """How long and how often to measure; `memory` is in GB for each worker, `budget` in seconds for a pass.

    With `keep_memory`, freed memory stays in the process, as with jemalloc or tcmalloc; otherwise the system's default holds.
    """

    threads: int = 2
    repeat: int = 9
    budget: float = 10.0
    memory: float = 8.0
    keep_memory: bool = False


class Remote:
    """A worker process; started again after it died."""

    def __init__(self, name: str, python: Path, settings: Settings) -> None:
        self.name, self.python, self.settings = name, python, settings
        self.versions: dict[str, str] = {}
        self._process: subprocess.Popen[str] | None = None
        self._graph: Path | None = None
        self._home = tempfile.TemporaryDirectory(prefix="weft-bench-")

    def _start(self) -> subprocess.Popen[str]:
        threads = str(self.settings.threads)
        kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONHOME", "PYTHONSTARTUP")}
        path = os.pathsep.join(
            [str(ROOT), *filter(None, [kept.get("PYTHONPATH")])] if self.name == "weft" else [str(ROOT)]
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
        command = [str(self.python), "-m", "benchmarks.operators.worker", self.name]
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


@dataclass
class Measured:
    """A case: for every pass and library the seconds of each round, and what is worth saying about each library."""

    case: Case
    seconds: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    route: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def median(self, what: str, library: str) -> float | None:
        """Give the median seconds of a pass, None where the library has none."""
        found = self.seconds.get(what, {}).get(library)
        return statistics.median(found) if found else None


def compare(case: Case, results: Mapping[str, dict[str, Any]]) -> None:
    """Check that all libraries computed the same.

    Raises:
        WorkerError: naming the first library and tensor that differ from the first library's.
    """
    names = list(results)
    for other in names[1:]:
        for tensor in results[names[0]].keys() & results[other].keys():
            here, there = results[names[0]][tensor], results[other][tensor]
            if here["shape"] != there["shape"]:
                raise WorkerError(
                    f"{case.name}: {tensor} is {here['shape']} in {names[0]} and {there['shape']} in {other}"
                )
            left, right = np.array(here["entries"]), np.array(there["entries"])
            scale = np.abs(left) + np.sqrt(np.mean(left**2)) if len(left) else left
            error = float(np.max(np.abs(left - right) / np.maximum(scale, 1e-12))) if len(left) else 0.0
            if not error <= TOLERANCE:
                raise WorkerError(
                    f"{case.name}: {tensor} of {names[0]} and {other} differ by {error:.1e}, more than {TOLERANCE:.0e}"
                )


def measure(case: Case, remotes: Mapping[str, Remote], settings: Settings) -> Measured:
    """Prepare a case everywhere, compare the results, and time every pass in turns.

    Raises:
        WorkerError: if weft cannot run the case or the libraries disagree.
    """
    measured, results, forward_only = Measured(case), {}, set()
    for name, remote in remotes.items():
        found = remote.ask("prepare", case=case.to_json())
        if not found["ok"]:
            if name == "weft" or found["kind"] == "error":
                raise WorkerError(f"{case.name}: {name} fails: {found['why']}\n{found.get('trace', '')}")
            measured.missing[name] = f"{found['kind']}: {found['why'].splitlines()[0]}"
            continue
        results[name], measured.route[name] = found["results"], found["kernels"]
        if not found["backward"]:
            forward_only.add(name)
    compare(case, results)
    for what in case.passes:
        turn = {n: remotes[n] for n in results if what.startswith("forward") or n not in forward_only}
        measured.seconds[what] = take_turns(what, turn, settings, measured.missing)
    for remote in remotes.values():
        remote.ask("drop")
    return measured


def take_turns(
    what: str, remotes: Mapping[str, Remote], settings: Settings, missing: dict[str, str]
) -> dict[str, list[float]]:
    """Time a pass: every round asks each library once, in an order that rotates."""
    seconds: dict[str, list[float]] = {name: [] for name in remotes}
    number: dict[str, int] = {}

    def attempt(name: str, do: str, **arguments: Any) -> dict[str, Any] | None:
        found = remotes[name].ask(do, what=what, **arguments)
        if not found["ok"]:
            missing[name] = f"{what}: {found['kind']}: {found['why'].splitlines()[0]}"
            seconds.pop(name)
        time.sleep(SETTLE)
        return found if found["ok"] else None

    for name in list(seconds):
        found = attempt(name, "calibrate")
        if found is not None:
            number[name] = found["number"]
    begun = time.perf_counter()
    for turn in range(settings.repeat):
        if turn >= 3 and time.perf_counter() - begun > settings.budget:
            break
        names = list(seconds)
        for name in names[turn % len(names) :] + names[: turn % len(names)] if names else []:
            found = attempt(name, "time", number=number[name])
            if found is not None:
                seconds[name].append(found["seconds"])
    return seconds


def save_graph(edges: EdgeList, folder: Path, name: str) -> Path:
    """Write a graph where the workers can read it."""
    path = folder / f"{name}.npz"
    np.savez(path, source=edges.source, target=edges.target, num_nodes=edges.num_nodes)
    return path
