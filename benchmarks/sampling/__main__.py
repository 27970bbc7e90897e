"""Time batches of neighbours beside those of DGL and PyG: `python -m benchmarks.sampling`.

Every library draws batches of the same seeds with the same fan-outs and gives original ids of nodes and edges; all take turns.
That they draw alike is seen by the number of edges of a batch, which is compared first.
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

from .cases import CASES, GRAPHS, Case

LIBRARIES = ("weft", "dgl", "pyg")
WHAT = "draw"
TOLERANCE = 0.02  # of the number of edges, of which chance decides some


def measure(case: Case, remotes: dict[str, Remote], settings: Settings) -> dict[str, Any]:
    """Prepare a case everywhere, compare how much is drawn, and time it.

    Raises:
        WorkerError: if a library fails, or draws more or less than weft.
    """
    missing: dict[str, str] = {}
    edges: dict[str, float] = {}
    for name, remote in remotes.items():
        found = remote.ask("prepare", case=case.to_json())
        if found["ok"]:
            edges[name] = found["edges"]
        elif found["kind"] == "unsupported":
            missing[name] = found["why"]
        else:
            raise WorkerError(f"{case}: {name} fails: {found['why']}\n{found.get('trace', '')}")
    for name, count in edges.items():
        if abs(count - edges["weft"]) > TOLERANCE * edges["weft"]:
            raise WorkerError(f"{case}: {name} draws {count:,.0f} edges a batch, weft {edges['weft']:,.0f}")
    seconds = take_turns(WHAT, {name: remotes[name] for name in edges}, settings, missing)
    found = {"case": str(case), "edges": edges, "missing": missing}
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
        millions = case["edges"]["weft"] / middle["weft"] / 1e3
        second = f"{case['speed_up']:.2f}x" if "speed_up" in case else "-"
        rows.append(
            [
                case["graph"],
                case["case"],
                f"{case['edges']['weft']:,.0f}",
                f"{middle['weft']:.2f}",
                f"{millions:.1f}",
                *ratios,
                second,
            ]
        )
    head = ["graph", "fan-outs, seeds, form", "edges", "weft, ms", "M edges/s", *LIBRARIES[1:], "threads"]
    return table.render(head, rows, left=2)


def main() -> int:
    """Measure, store after every case, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sampling", description=__doc__)
    parser.add_argument("--graphs", nargs="+", choices=list(GRAPHS), default=["rmat_large"])
    parser.add_argument("--libraries", nargs="+", choices=LIBRARIES, default=list(LIBRARIES))
    parser.add_argument("--cases", type=int, nargs="+", metavar="N", default=list(range(len(CASES))), help="by number")
    parser.add_argument("--quick", action="store_true", help="small graphs")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--budget", type=float, default=20.0, help="seconds after which a case stops at 3 rounds")
    parser.add_argument("--output", type=Path, help="result file, default benchmarks/results/sampling.json")
    options = parser.parse_args()
    output = options.output or machine.RESULTS / ("sampling_quick.json" if options.quick else "sampling.json")
    settings = Settings(options.threads, options.repeat, options.budget, keep_memory=True, speed_up=True)
    remotes = find_remotes(options.libraries, settings, "benchmarks.sampling.worker")
    graphs = {name: GRAPHS[name][options.quick] for name in options.graphs}
    found, errors = over_graphs(
        graphs, [CASES[at] for at in options.cases], measure, remotes=remotes, settings=settings, output=output
    )
    return tell(show(found), errors)


if __name__ == "__main__":
    sys.exit(main())
