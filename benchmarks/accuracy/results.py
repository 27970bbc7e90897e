"""The result file and its tables: a row is written as soon as it is known, and the others stay."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import machine, table

from .experiment import Experiment
from .training import Outcome


def row_of(
    experiment: Experiment, outcomes: Sequence[Outcome], *, num_splits: int, seconds: float, run: dict[str, Any]
) -> dict[str, Any]:
    """Sum up the trainings of a row beside its published figures."""
    tests = [outcome.test for outcome in outcomes]
    mean, deviation = statistics.mean(tests), statistics.stdev(tests) if len(tests) > 1 else None
    low, high = (round(bound, 2) for bound in experiment.spread(deviation or 0.0))
    return {
        "experiment": experiment.name,
        "mean": round(mean, 3),
        "deviation": None if deviation is None else round(deviation, 3),
        "within": low <= round(mean, 2) <= high,
        "spread": [low, high],
        "published": [vars(figure) for figure in experiment.published],
        "protocol": experiment.protocol.described(),
        "splits": num_splits,
        "seeds": len(outcomes),
        "seconds": round(seconds, 1),
        "validation": [_rounded(outcome.validation) for outcome in outcomes],
        "test": [round(outcome.test, 3) for outcome in outcomes],
        "epochs": [outcome.num_epochs for outcome in outcomes],
        "run": run,
    }


def stored_rows(path: Path) -> list[dict[str, Any]]:
    """Read the rows of a result file; there are none if there is no file."""
    rows: list[dict[str, Any]] = json.loads(path.read_text())["rows"] if path.exists() else []
    return rows


def store(path: Path, row: dict[str, Any], order: Sequence[str]) -> None:
    """Write a row into the file in the place of an older one of its name, and all rows in the order of their names."""
    rows = {found["experiment"]: found for found in stored_rows(path)}
    rows[row["experiment"]] = row
    places = {name: at for at, name in enumerate(order)}
    known = sorted(rows.values(), key=lambda found: places.get(found["experiment"], len(places)))
    machine.write_json(path, {"rows": known})


def verdict(row: dict[str, Any]) -> str:
    """Say where the mean lies to the published spread."""
    return "within" if row["within"] else "below" if row["mean"] < row["spread"][0] else "above"


def report(rows: Sequence[dict[str, Any]]) -> str:
    """Lay the rows out beside the published figures."""
    header = ["data/model", "weft", "published", "verdict", "seeds on splits", "seconds"]
    return table.render(header, [_cells(row, " +- ") for row in rows], left=1)


def page(rows: Sequence[dict[str, Any]], remarks: Mapping[str, str]) -> str:
    """Lay them out as a table in Markdown, with remarks below, and the names that have remarks, if empty ones, and no row."""
    lines = ["| data/model | weft | published | verdict | seeds on splits | seconds |", "|---|---|---|---|---|---|"]
    lines += ["| " + " | ".join(_cells(row, " ± ")) + " |" for row in rows]
    said: dict[str, list[str]] = {}
    there = [row["experiment"] for row in rows]
    missing = [name for name in remarks if name not in there]
    for name in there:
        if remarks.get(name):
            said.setdefault(remarks[name], []).append(name)
    lines += ["", *(f"- {', '.join(names)}: {remark}" for remark, names in said.items())]
    lines += ["", f"Rows of the program that are not trained yet: {', '.join(missing)}."] if missing else []
    return "\n".join(lines).rstrip() + "\n"


def _cells(row: dict[str, Any], between: str) -> list[str]:
    def pair(mean: float, deviation: float | None, digits: int) -> str:
        return f"{mean:.{digits}f}" if deviation is None else f"{mean:.{digits}f}{between}{deviation:.{digits}f}"

    published = "; ".join(pair(figure["mean"], figure["deviation"], 1) for figure in row["published"])
    here, runs = pair(row["mean"], row["deviation"], 2), f"{row['seeds']} on {row['splits']}"
    return [row["experiment"], here, published, verdict(row), runs, f"{row['seconds']:.0f}"]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
