"""Print the accuracy table: `python -m benchmarks.accuracy --data FOLDER`."""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import torch

from benchmarks import machine

from .experiment import Experiment
from .experiments import EXPERIMENTS, REMARKS
from .results import page, report, row_of, store, stored_rows
from .tasks import prepare


def run(experiment: Experiment, folder: Path, num_seeds: int, about: dict[str, Any]) -> dict[str, Any]:
    """Train `num_seeds` times: seed s on split s modulo the number of splits."""
    begun = time.perf_counter()
    task = prepare(folder, experiment)
    splits, outcomes = task.data.splits, []
    for seed in range(num_seeds):
        outcomes.append(task.run(splits[seed % len(splits)], seed))
        mean = statistics.mean(outcome.test for outcome in outcomes)
        print(f"\r{experiment.name}: {len(outcomes)}/{num_seeds}, mean {mean:.2f}", end="", flush=True)
    print()
    seconds = time.perf_counter() - begun
    return row_of(experiment, outcomes, num_splits=len(splits), seconds=seconds, run=about)


def chosen(patterns: Sequence[str]) -> list[Experiment]:
    """Give the rows that patterns name, all without any.

    Raises:
        ValueError: if a pattern fits no row.
    """
    names = [experiment.name for experiment in EXPERIMENTS]
    unknown = [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in names)]
    if unknown:
        raise ValueError(f"no such row: {', '.join(unknown)}; the rows are {', '.join(names)}")
    return [row for row in EXPERIMENTS if not patterns or any(fnmatchcase(row.name, each) for each in patterns)]


def main() -> None:
    """Run the chosen rows, store each as soon as it is known, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("WEFT_DATA"), help="folder of the data sets")
    parser.add_argument("--seeds", type=int, help="trainings of each row, in the place of its own number")
    parser.add_argument("--only", nargs="*", default=[], metavar="DATA/MODEL", help="rows to run: cora/gcn, 'cora/*'")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--output", type=Path, default=machine.RESULTS / "accuracy.json")
    parser.add_argument(
        "--show", choices=("text", "page"), help="only print the stored rows, for a terminal or as Markdown"
    )
    options = parser.parse_args()
    if options.show:
        rows_there = stored_rows(options.output)
        print(report(rows_there) if options.show == "text" else page(rows_there, REMARKS), end="")
        return
    if options.data is None:
        parser.error("give the folder of the data sets by --data or WEFT_DATA")
    try:
        rows = chosen(options.only)
    except ValueError as error:
        parser.error(str(error))
    torch.set_num_threads(options.threads)
    about = {
        "machine": machine.describe_machine(),
        **machine.describe_commit(),
        "versions": machine.versions("weft", "torch", "numpy"),
        "threads": options.threads,
    }  # of the code that is loaded now, whatever is committed while it runs
    order, made = [experiment.name for experiment in EXPERIMENTS], []
    for experiment in rows:
        made.append(run(experiment, Path(options.data), options.seeds or experiment.seeds, about))
        store(options.output, made[-1], order)
    print(f"\n{report(made)}\n\nwrote {options.output}")


if __name__ == "__main__":
    main()
