"""Print the accuracy table: `python -m benchmarks.accuracy --data FOLDER`."""

from __future__ import annotations

import argparse
import os
import statistics
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from benchmarks import machine, table

from .datasets import read
from .experiments import EXPERIMENTS, Experiment
from .training import Trial


def run(experiment: Experiment, folder: Path, num_seeds: int) -> dict[str, Any]:
    """Train `num_seeds` times: seed s on split s modulo the number of splits."""
    begun = time.perf_counter()
    data = read(folder, experiment.dataset)
    trial = Trial(data, experiment.protocol)
    outcomes = []
    for seed in range(num_seeds):
        outcomes.append(trial.run(data.splits[seed % len(data.splits)], seed))
        tests = [outcome.test for outcome in outcomes]
        print(f"\r{experiment.name}: {len(tests)}/{num_seeds}, mean {statistics.mean(tests):.2f}", end="", flush=True)
    print()
    low, high = experiment.spread
    mean = statistics.mean(tests)
    return {
        "experiment": experiment.name,
        "mean": round(mean, 3),
        "deviation": round(statistics.stdev(tests), 3) if num_seeds > 1 else None,
        "within": low <= mean <= high,
        "spread": [round(low, 2), round(high, 2)],
        "published": [asdict(figure) for figure in experiment.published],
        "protocol": asdict(experiment.protocol),
        "splits": len(data.splits),
        "seeds": num_seeds,
        "seconds": round(time.perf_counter() - begun, 1),
        "validation": [round(outcome.validation, 3) for outcome in outcomes],
        "test": [round(outcome.test, 3) for outcome in outcomes],
        "epochs": [outcome.num_epochs for outcome in outcomes],
    }


def report(rows: list[dict[str, Any]]) -> str:
    """Lay the rows out beside the published figures."""

    def pair(mean: float, deviation: float | None, digits: int) -> str:
        return f"{mean:.{digits}f}" if deviation is None else f"{mean:.{digits}f} +- {deviation:.{digits}f}"

    cells = []
    for row in rows:
        published = "; ".join(pair(f["mean"], f["deviation"], 1) for f in row["published"])
        low = row["spread"][0]
        verdict = "within" if row["within"] else "below" if row["mean"] < low else "above"
        here = pair(row["mean"], row["deviation"], 2)
        runs = f"{row['seeds']} on {row['splits']}"
        cells.append([row["experiment"], here, published, verdict, runs, f"{row['seconds']:.0f}"])
    return table.render(["data/model", "weft", "published", "verdict", "seeds on splits", "seconds"], cells, left=1)


def main() -> None:
    """Run the chosen rows, print the table and store it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("WEFT_DATA"), help="folder of the data sets")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", nargs="*", metavar="DATA/MODEL", help="rows to run, for instance cora/gcn")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--output", type=Path, default=machine.RESULTS / "accuracy.json")
    options = parser.parse_args()
    if options.data is None:
        parser.error("give the folder of the data sets by --data or WEFT_DATA")
    names = [experiment.name for experiment in EXPERIMENTS]
    unknown = set(options.only or []) - set(names)
    if unknown:
        parser.error(f"no such row: {', '.join(sorted(unknown))}; the rows are {', '.join(names)}")
    torch.set_num_threads(options.threads)
    about = {
        "machine": machine.describe_machine(),
        **machine.describe_commit(),
        "versions": machine.versions("weft", "torch", "numpy"),
        "threads": options.threads,
    }  # of the code that is loaded now, whatever is committed while it runs
    rows = [
        run(experiment, Path(options.data), options.seeds)
        for experiment in EXPERIMENTS
        if not options.only or experiment.name in options.only
    ]
    print()
    print(report(rows))
    commit = "unknown" if about["commit"] is None else about["commit"][:12]
    print(f"\n{about['machine']['cpu']}, {options.threads} threads, torch {torch.__version__}, commit {commit}")
    machine.write_json(options.output, {**about, "rows": rows})
    print(f"wrote {options.output}")


if __name__ == "__main__":
    main()
