"""Time the operators: `python -m benchmarks.operators`, or with `--quick` on small graphs.

weft and torch run in the interpreter that runs this; DGL and PyG in environments made by
`python -m benchmarks.environments`. Missing libraries are left out and named.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import environments, machine

from .cases import PASSES, WIDTHS, cases, graphs
from .driver import Measured, Remote, Settings, WorkerError, measure, save_graph
from .report import goal_lines, goals, ratio_table, to_json
from .worker import LIBRARIES


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.operators", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small graphs, one width, three rounds")
    parser.add_argument("--libraries", nargs="+", choices=list(LIBRARIES), default=list(LIBRARIES))
    parser.add_argument("--graphs", nargs="+", choices=["rmat", "flat", "small"], default=["rmat", "flat", "small"])
    parser.add_argument("--operators", nargs="+", choices=list(PASSES), default=list(PASSES))
    parser.add_argument("--widths", nargs="+", type=int, help=f"default {' '.join(map(str, WIDTHS))}")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, help="rounds, default 9")
    parser.add_argument("--budget", type=float, default=10.0, help="seconds after which a pass stops at 3 rounds")
    parser.add_argument("--memory", type=float, default=8.0, help="GB that one library may hold")
    parser.add_argument(
        "--keep-memory",
        action="store_true",
        help="let malloc keep freed memory in every library's process, as jemalloc would",
    )
    parser.add_argument("--output", type=Path, help="result file, default benchmarks/results/operators.json")
    return parser.parse_args(arguments)


def find_remotes(names: list[str], settings: Settings) -> dict[str, Remote]:
    """Make a worker for every library that has an interpreter here, and name the others."""
    found = {}
    for name in names:
        python = environments.interpreter(name) if name in environments.PEERS else Path(sys.executable)
        if python is None:
            variable = environments.variable(name)
            print(f"{name}: no environment; hint: python -m benchmarks.environments {name}, or set {variable}")
        else:
            found[name] = Remote(name, python, settings)
    return found


def run(options: argparse.Namespace) -> tuple[list[Measured], list[str], dict[str, Any]]:
    """Measure every case; a case that cannot be measured fairly is an error, told at the end."""
    repeat = options.repeat or (3 if options.quick else 9)
    settings = Settings(options.threads, repeat, options.budget, options.memory, options.keep_memory)
    widths = tuple(options.widths or ((16,) if options.quick else WIDTHS))
    drawn = graphs(quick=options.quick)
    chosen = cases(options.graphs, widths, tuple(options.operators))
    remotes = find_remotes(options.libraries, settings)
    measured, errors, loaded = [], [], ""
    with tempfile.TemporaryDirectory(prefix="weft-bench-") as folder:
        try:
            for case in chosen:
                if case.graph != loaded:
                    path = save_graph(drawn[case.graph], Path(folder), case.graph)
                    for remote in remotes.values():
                        remote.load(path)
                    loaded = case.graph
                begun = time.perf_counter()
                try:
                    measured.append(measure(case, remotes, settings))
                except WorkerError as error:
                    errors.append(str(error))
                except KeyboardInterrupt:
                    errors.append(f"stopped at {case.name}: it and what follows was not measured")
                    break
                print(f"{case.name}: {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
            versions = {name: remote.versions for name, remote in remotes.items()}
        finally:
            for remote in remotes.values():
                remote.stop()
    about = {
        "machine": machine.describe_machine(),
        **machine.describe_commit(),
        "versions": versions,
        "threads": options.threads,
        "keep_memory": options.keep_memory,
        "quick": options.quick,
        "graphs": {name: [drawn[name].num_nodes, drawn[name].num_edges] for name in options.graphs},
    }
    return measured, errors, about


def _stop(*_: object) -> None:
    """End the measurements at a time limit, once, and keep what they found."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> int:
    """Run, print and store."""
    options = parse()
    signal.signal(signal.SIGTERM, _stop)
    begun = time.perf_counter()
    measured, errors, about = run(options)
    print(ratio_table(measured, list(about["versions"])))
    print("\nweft: time of one call; the others: their time divided by weft's, * the fastest of them\n")
    for library in about["versions"]:
        routes = sorted({found.route[library] for found in measured if library in found.route})
        print(f"{library} {about['versions'][library]}: {'; '.join(routes)}")
    missing = [f"{found.case.name}, {name}: {why}" for found in measured for name, why in found.missing.items()]
    print("\n".join(["", "not measured:", *missing]) if missing else "")
    judged = goals(measured)
    print(goal_lines(judged))
    commit = about["commit"][:12] if about["commit"] else "unknown"
    print(
        f"\n{about['machine']['cpu']}, {options.threads} threads, commit {commit}, {time.perf_counter() - begun:.0f} s"
    )
    output = options.output or machine.RESULTS / ("operators_quick.json" if options.quick else "operators.json")
    machine.write_json(output, {**about, "goals": judged, "errors": errors, "cases": [to_json(m) for m in measured]})
    print(f"wrote {output}")
    for error in errors:
        print(f"error: {error}", file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
