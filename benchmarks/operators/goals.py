"""Whether the goals hold, and where they do not."""

from __future__ import annotations

import statistics
from typing import Any

from .driver import Measured
from .report import OURS, compared_passes

TIMES_DGL = {"weighted_sum": 5, "max": 5, "edge_softmax": 5, "gat": 5, "gatv2": 8, "rgcn": 3}
SLOWER = 0.05  # what the interface of DGL may cost
SMALL_CALL = {"forward": 15.0, "forward_with_grad": 30.0}  # microseconds


def goals(cases: list[Measured]) -> list[dict[str, Any]]:
    """Judge the goals: no case slower than the fastest peer, several times DGL, small calls within microseconds."""
    fastest, dgl = {}, {}
    for measured, what, ours, theirs in compared_passes(cases):
        label = f"{measured.case.name} {what}"
        fastest[label] = min(theirs.values()) / ours
        if "dgl" in theirs and measured.case.operator in TIMES_DGL:
            dgl[label] = theirs["dgl"] / ours
    found = [judge("no case slower than the fastest peer", fastest, 1.0)]
    for operator, times in TIMES_DGL.items():
        chosen = {label: ratio for label, ratio in dgl.items() if f" {operator} " in f"{label} "}
        found.append(judge(f"{operator} at least {times} times faster than DGL", chosen, times))
    through = {
        f"{measured.case.name} {what}": ours / interface
        for measured in cases
        for what in measured.case.passes
        if (ours := measured.median(what, "weft")) and (interface := measured.median(what, OURS))
    }
    if through:
        found.append(judge(f"at most {SLOWER:.0%} slower through weft.dgl", through, 1 / (1 + SLOWER)))
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
