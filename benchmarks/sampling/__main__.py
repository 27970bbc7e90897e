"""Time batches of neighbours, and walks, beside those of DGL, GraphBolt and PyG: `python -m benchmarks.sampling`.

Every library draws batches of the same seeds with the same fan-outs and gives original ids of nodes and edges; all take turns.
That they draw alike is seen by the number of edges of a batch, or of steps, which is compared first. With `--kinds`: graphs of
many types, times, weights, walks and links.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path
from typing import Any

from benchmarks import machine, table
from benchmarks.operators.driver import speed_up, take_turns
from benchmarks.operators.remote import Remote, Settings, WorkerError, find_remotes
from benchmarks.over_graphs import over_graphs, tell

from .cases import CASES, GRAPHS, KINDS, Case, Walks

LIBRARIES = ("weft", "dgl", "dgl_fused", "graphbolt", "pyg")
WHAT = "draw"
TOLERANCE = 0.02  # of what is drawn, of which chance decides some


def measure(case: Case | Walks, remotes: dict[str, Remote], settings: Settings) -> dict[str, Any]:
    """Prepare a case everywhere, compare how much is drawn, and time it.

    Raises:
        WorkerError: if a library fails, or draws more or less than weft.
    """
    missing: dict[str, str] = {}
    drawn: dict[str, float] = {}
    for name, remote in remotes.items():
        found = remote.ask("prepare", case=case.to_json())
        if found["ok"]:
            drawn[name] = found[case.unit]
        elif found["kind"] == "unsupported":
            missing[name] = found["why"]
        else:
            raise WorkerError(f"{case}: {name} fails: {found['why']}\n{found.get('trace', '')}")
    for name, count in drawn.items():
        if abs(count - drawn["weft"]) > TOLERANCE * drawn["weft"]:
            raise WorkerError(f"{case}: {name} draws {count:,.0f} {case.unit} a batch, weft {drawn['weft']:,.0f}")
    seconds = take_turns(WHAT, {name: remotes[name] for name in drawn}, settings, missing)
    found = {"case": str(case), case.unit: drawn, "missing": missing}
    found["ms"] = {name: [round(1e3 * each, 4) for each in rounds] for name, rounds in seconds.items()}
    if settings.speed_up and settings.threads > 1:
        found["speed_up"] = speed_up(remotes["weft"], WHAT, settings)
    return found


def show(found: list[dict[str, Any]]) -> str:
    """Lay out times, what is drawn in a second, and ratios."""
    rows = []
    for case in found:
        middle = {name: statistics.median(rounds) for name, rounds in case["ms"].items()}
        ratios = [f"{middle[name] / middle['weft']:.2f}x" if name in middle else "-" for name in LIBRARIES[1:]]
        unit = "steps" if "steps" in case else "edges"
        millions = case[unit]["weft"] / middle["weft"] / 1e3
        second = f"{case['speed_up']:.2f}x" if "speed_up" in case else "-"
        rows.append(
            [
                case["graph"],
                case["case"],
                f"{case[unit]['weft']:,.0f}",
                unit,
                f"{middle['weft']:.2f}",
                f"{millions:.1f}",
                *ratios,
                second,
            ]
        )
    head = ["graph", "fan-outs, seeds, form", "drawn", "of", "weft, ms", "M/s", *LIBRARIES[1:], "threads"]
    return table.render(head, rows, left=2)


def chosen(kinds: list[str] | None) -> list[Case | Walks]:
    """Give the cases of neighbours, or those of the kinds that are named, of all kinds where none is."""
    return CASES if kinds is None else [case for kind in kinds or KINDS for case in KINDS[kind]]


def main() -> int:
    """Measure, store after every case, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sampling", description=__doc__)
    parser.add_argument("--graphs", nargs="+", choices=list(GRAPHS), default=["rmat_large"])
    parser.add_argument("--libraries", nargs="+", choices=LIBRARIES, default=list(LIBRARIES))
    parser.add_argument(
        "--kinds", nargs="*", choices=list(KINDS), help="other kinds of draws; without names all of them"
    )
    parser.add_argument("--cases", type=int, nargs="+", metavar="N", help="by number, among those of the kinds")
    parser.add_argument("--quick", action="store_true", help="small graphs")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--budget", type=float, default=20.0, help="seconds after which a case stops at 3 rounds")
    parser.add_argument("--output", type=Path, help="result file, default benchmarks/results/sampling.json")
    options = parser.parse_args()
    name = "sampling" if options.kinds is None else "sampling_kinds"
    output = options.output or machine.RESULTS / f"{name}{'_quick' * options.quick}.json"
    settings = Settings(options.threads, options.repeat, options.budget, keep_memory=True, speed_up=True)
    remotes = find_remotes(options.libraries, settings, "benchmarks.sampling.worker")
    graphs = {name: GRAPHS[name][options.quick] for name in options.graphs}
    cases = chosen(options.kinds)
    if options.cases is not None:
        cases = [cases[at] for at in options.cases]
    found, errors = over_graphs(graphs, cases, measure, remotes=remotes, settings=settings, output=output)
    return tell(show(found), errors)


if __name__ == "__main__":
    sys.exit(main())
