"""Measure one thing after another on one graph after another, and keep what was found so far in a file."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from benchmarks import machine
from benchmarks.graphs import EdgeList
from benchmarks.operators.remote import Remote, Settings, WorkerError, save_graph

_T = TypeVar("_T")


def over_graphs(
    graphs: Mapping[str, Callable[[], EdgeList]],
    things: Iterable[_T],
    measure: Callable[[_T, dict[str, Remote], Settings], dict[str, Any]],
    *,
    remotes: dict[str, Remote],
    settings: Settings,
    output: Path,
) -> tuple[list[dict[str, Any]], list[str]]:
    """Give what was found, each with its graph, and what failed; all of it is in `output` after each thing."""
    about = {**machine.describe_commit(), "machine": machine.describe_machine(), "threads": settings.threads}
    found: list[dict[str, Any]] = []
    errors: list[str] = []
    with tempfile.TemporaryDirectory(prefix="weft-graphs-") as folder:
        for graph, make in graphs.items():
            path = save_graph(make(), Path(folder), graph)
            for remote in remotes.values():
                remote.load(path)
            for thing in things:
                try:
                    found.append({"graph": graph, **measure(thing, remotes, settings)})
                except WorkerError as error:
                    errors.append(str(error))
                versions = {name: remote.versions for name, remote in remotes.items()}
                machine.write_json(output, {**about, "versions": versions, "cases": found, "errors": errors})
                print(f"{graph} {thing}", file=sys.stderr, flush=True)
    for remote in remotes.values():
        remote.stop()
    return found, errors


def tell(text: str, errors: list[str]) -> int:
    """Print a table, then what failed; the exit status of the program."""
    print(text)
    print("\n".join(f"error: {error}" for error in errors), file=sys.stderr)
    return 1 if errors else 0
