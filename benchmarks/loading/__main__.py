"""Time epochs that load, and that train a 3-layer SAGE, beside DGL's and PyG's: `python -m benchmarks.loading`.

All libraries take the same seeds in the same order; every way of each to load, and for weft sampling, gathering and training
alone, takes turns. An epoch whose batches are made ahead is held against the longest of the three.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import machine, table
from benchmarks.operators.driver import take_turns
from benchmarks.operators.remote import Remote, Settings, WorkerError, find_remotes, reason
from benchmarks.over_graphs import over_graphs, tell

from . import overlap
from .cases import GRAPHS, QUICK, Case

LIBRARIES = ("weft", "dgl", "pyg")
BEST = "prefetch 2"
PARTS = ("sample", "gather", "train")
GOAL = 1.25
TOLERANCE = 0.02  # of the number of edges, of which chance decides some


class Pass:
    """One thing that a library does, as what takes turns."""

    def __init__(self, remote: Remote, name: str) -> None:
        self._remote, self._name = remote, name

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Ask the library, about this."""
        return self._remote.ask(do, **{**arguments, "what": self._name})


def measure(case: Case, remotes: dict[str, Remote], settings: Settings) -> dict[str, Any]:
    """Prepare everything everywhere, compare how much is drawn, time it in turns, and watch an epoch of weft.

    Raises:
        WorkerError: if a library fails, or DGL draws more or less than weft. PyG draws one graph, which has fewer edges.
    """
    edges: dict[str, int] = {}
    turns: dict[str, Pass] = {}
    for name, remote in remotes.items():
        found = remote.ask("prepare", case=case.to_json())
        if not found["ok"]:
            raise WorkerError(f"{case}: {name} fails: {reason(found)}\n{found.get('trace', '')}")
        edges[name] = found["edges"]
        turns.update({f"{name}/{each}": Pass(remote, each) for each in found["passes"]})
    if abs(edges.get("dgl", edges["weft"]) - edges["weft"]) > TOLERANCE * edges["weft"]:
        raise WorkerError(f"{case}: DGL draws {edges['dgl']:,} edges an epoch, weft {edges['weft']:,}")
    missing: dict[str, str] = {}
    seconds = take_turns("epoch", turns, settings, missing)
    watched = remotes["weft"].ask("overlap")
    if not watched["ok"]:
        raise WorkerError(f"{case}: no overlap: {reason(watched)}\n{watched.get('trace', '')}")
    rounds = {name: [round(each, 5) for each in of_pass] for name, of_pass in seconds.items()}
    return {"case": str(case), **case.to_json(), "edges": edges, "missing": missing, "seconds": rounds,
            "ratio": ratio(rounds), "overlap": watched["batches"]}  # fmt: skip


def medians(seconds: Mapping[str, list[float]]) -> dict[str, float]:
    """Give the median of each thing."""
    return {name: statistics.median(rounds) for name, rounds in seconds.items()}


def ratio(seconds: Mapping[str, list[float]]) -> float:
    """Divide weft's epoch with batches made ahead by the longest of its parts."""
    middle = medians(seconds)
    return round(middle[f"weft/epoch/{BEST}"] / max(middle[f"weft/{part}"] for part in PARTS), 4)


def show(case: Mapping[str, Any]) -> str:
    """Lay out epochs beside weft's, its parts, and what happened when."""
    middle = medians(case["seconds"])
    rows = []
    for name in middle:
        library, what, *way = name.split("/")
        if what != "load":
            continue
        cells = [library, *way]
        for each in ("load", "epoch"):
            found, ours = middle.get("/".join([library, each, *way])), middle[f"weft/{each}/{BEST}"]
            cells += ["-", "-"] if found is None else [f"{found:.3f}", f"{found / ours:.2f}x"]
        rows.append(cells)
    parts = ", ".join(f"{part} {middle[f'weft/{part}']:.3f} s" for part in PARTS)
    return "\n\n".join(
        [
            f"{case['graph']}, {case['case']}, the model on {case['model_threads']} of {case['threads']} threads",
            table.render(["library", "way", "load, s", "to weft", "epoch, s", "to weft"], rows, left=2),
            f"alone: {parts}; the epoch with {BEST} takes {case['ratio']:.2f} times the longest (goal: at most {GOAL})",
            overlap.show(case["overlap"]),
            *(f"{name}: {why}" for name, why in case["missing"].items()),
        ]
    )


def main() -> int:
    """Measure, store, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loading", description=__doc__)
    parser.add_argument("--libraries", nargs="+", choices=LIBRARIES, default=list(LIBRARIES))
    parser.add_argument("--quick", action="store_true", help="a small graph and few batches")
    parser.add_argument("--threads", type=int, default=2, help="of each library")
    parser.add_argument("--model-threads", type=int, help="of weft's model while batches are made; default all")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--budget", type=float, default=1800.0, help="seconds after which it stops at 3 rounds")
    parser.add_argument("--keep-memory", action="store_true", help="let malloc keep freed memory, as jemalloc would")
    parser.add_argument("--plot", type=Path, help="draw what happened when into this file, with matplotlib")
    parser.add_argument("--output", type=Path, help="result file, default benchmarks/results/loading.json")
    options = parser.parse_args()
    settings = Settings(options.threads, options.repeat, options.budget, keep_memory=options.keep_memory)
    output = options.output or machine.RESULTS / f"loading{'_quick' * options.quick}.json"
    case = replace(
        QUICK if options.quick else Case(),
        threads=options.threads,
        model_threads=options.model_threads or options.threads,
    )
    remotes = find_remotes(options.libraries, settings, "benchmarks.loading.worker")
    graphs = {name: make[options.quick] for name, make in GRAPHS.items()}
    found, errors = over_graphs(graphs, [case], measure, remotes=remotes, settings=settings, output=output)
    if options.plot and found:
        overlap.plot(found[0]["overlap"], options.plot)
    return tell("\n\n".join(show(each) for each in found), errors)


if __name__ == "__main__":
    sys.exit(main())
