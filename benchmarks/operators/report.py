"""The table of ratios, whether the goals hold, and the result file."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from typing import Any

from benchmarks import table

from .driver import Measured

FIVE_TIMES_DGL = ("weighted_sum", "max", "edge_softmax", "gat")
SMALL_CALL = {"forward": 15.0, "forward_with_grad": 30.0}  # microseconds


def duration(seconds: float | None) -> str:
    """Write seconds with a unit that suits them."""
    if seconds is None:
        return "-"
    return f"{1e6 * seconds:.1f} us" if seconds < 1e-3 else f"{1e3 * seconds:.2f} ms"


def peers(measured: Measured, what: str) -> dict[str, float]:
    """Give the median seconds of every library but weft."""
    found = {name: measured.median(what, name) for name in measured.seconds[what] if name != "weft"}
    return {name: seconds for name, seconds in found.items() if seconds is not None}


def ratio_table(cases: Iterable[Measured], libraries: list[str]) -> str:
    """Lay out weft's time and every peer's time divided by it; `*` marks the fastest peer."""
    others = [name for name in libraries if name != "weft"]
    rows = []
    for measured in cases:
        for what in measured.case.passes:
            ours, theirs = measured.median(what, "weft"), peers(measured, what)
            best = min(theirs, key=lambda name: theirs[name], default="")
            cells = []
            for name in others:
                seconds = theirs.get(name)
                text = "-" if seconds is None else duration(seconds) if ours is None else f"{seconds / ours:.2f}x"
                cells.append(text + ("*" if name == best else " "))
            rows.append([measured.case.name, what.replace("_", " "), duration(ours), *cells])
    return table.render(["case", "pass", "weft", *(f"{name} " for name in others)], rows, left=2)


def goals(cases: list[Measured]) -> list[dict[str, Any]]:
    """Judge the goals: no case slower than the fastest peer, five times DGL, small calls within microseconds."""
    fastest, dgl = {}, {}
    for measured in cases:
        for what in measured.case.passes:
            ours, theirs = measured.median(what, "weft"), peers(measured, what)
            if ours is None or not theirs or measured.case.graph == "small":
                continue
            label = f"{measured.case.name} {what}"
            fastest[label] = min(theirs.values()) / ours
            if "dgl" in theirs and measured.case.operator in FIVE_TIMES_DGL:
                dgl[label] = theirs["dgl"] / ours
    found = [judge("no case slower than the fastest peer", fastest, 1.0)]
    for operator in FIVE_TIMES_DGL:
        chosen = {label: ratio for label, ratio in dgl.items() if f" {operator} " in f"{label} "}
        found.append(judge(f"{operator} at least 5 times faster than DGL", chosen, 5.0))
    for measured in cases:
        for what, most in SMALL_CALL.items() if measured.case.graph == "small" else ():
            ours = measured.median(what, "weft")
            if ours is not None:
                text = f"small call, {what.replace('_', ' ')}: at most {most:.0f} us"
                found.append({"goal": text, "holds": 1e6 * ours <= most, "measured": f"{1e6 * ours:.1f} us"})
    return found


def judge(goal: str, ratios: dict[str, float], least: float) -> dict[str, Any]:
    """Compare the worst ratio with the goal; without any ratio the goal is open."""
    if not ratios:
        return {"goal": goal, "holds": None, "measured": "nothing to compare with"}
    worst = sorted(ratios, key=lambda label: ratios[label])
    failing = [label for label in worst if ratios[label] < least]
    middle = statistics.median(ratios.values())
    text = f"{len(ratios) - len(failing)} of {len(ratios)} cases; median {middle:.2f}x"
    shown = failing or worst[:1]
    return {
        "goal": goal,
        "holds": not failing,
        "measured": text + "; lowest " + ", ".join(f"{label} {ratios[label]:.2f}x" for label in shown[:6]),
        "failing": {label: round(ratios[label], 3) for label in failing},
    }


def goal_lines(found: list[dict[str, Any]]) -> str:
    """Write one line for each goal."""
    word = {True: "holds", False: "FAILS", None: "open "}
    return "\n".join(f"{word[goal['holds']]}  {goal['goal']}: {goal['measured']}" for goal in found)


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
    case = measured.case.to_json()
    return {**case, "passes": passes, "kernels": measured.route, "missing": measured.missing}
