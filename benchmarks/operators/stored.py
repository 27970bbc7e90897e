"""Measured cases as the result file stores them; older files, which know no dtype and no memory, can be read, too."""

from __future__ import annotations

import statistics
from typing import Any

from .cases import Case
from .driver import Measured


def to_json(measured: Measured) -> dict[str, Any]:
    """Give a case as the result file stores it: medians and every round, in milliseconds."""
    passes = {}
    for what, libraries in measured.seconds.items():
        passes[what] = {
            name: {
                "median_ms": round(1e3 * statistics.median(rounds), 5),
                "rounds_ms": [round(1e3 * seconds, 5) for seconds in rounds],
            }
            for name, rounds in libraries.items()
            if rounds
        }
    found = {**measured.case.to_json(), "passes": passes, "kernels": measured.route, "missing": measured.missing}
    speed_up = {what: round(ratio, 3) for what, ratio in measured.speed_up.items()}
    return {**found, "memory": measured.memory, "speed_up": speed_up}


def from_json(stored: dict[str, Any]) -> Measured:
    """Read a case that `to_json` gave."""
    case = Case(stored["operator"], stored["graph"], stored["width"], stored.get("dtype", "float32"))
    seconds = {
        what: {name: [1e-3 * ms for ms in found["rounds_ms"]] for name, found in libraries.items()}
        for what, libraries in stored["passes"].items()
    }
    more = {name: stored.get(name, {}) for name in ("memory", "speed_up")}
    return Measured(case, seconds, stored["kernels"], stored["missing"], **more)


def together(files: list[dict[str, Any]]) -> dict[str, Any]:
    """Join result files of one machine: what the first says of it, every library, and all cases."""
    versions = {name: found for file in reversed(files) for name, found in file["versions"].items()}
    errors = [error for file in files for error in file.get("errors", ())]
    cases = [case for file in files for case in file["cases"]]
    return {**files[0], "versions": versions, "errors": errors, "cases": cases}
