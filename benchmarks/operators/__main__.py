"""Time the operators: `python -m benchmarks.operators`; with `--quick` on small graphs, with `--full` everything.

weft, torch and SciPy run in the interpreter that runs this; DGL and PyG in environments made by
`python -m benchmarks.environments`. Missing libraries are left out and named. `--libraries weft weft.dgl` compares the
interface of DGL with the operators under it.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import machine

from . import stored, summary
from .cases import ALL_WIDTHS, DEFAULT_GRAPHS, DTYPES, GRAPHS, WIDTHS, Case, cases
from .driver import Measured, measure
from .families import FAMILIES, FAMILY_OF, OPERATORS
from .goals import goal_lines, goals
from .remote import Remote, Settings, WorkerError, find_remotes, save_graph
from .report import memory_table, missing_lines, ratio_table, speed_up_table
from .worker import LIBRARIES, PEERS


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.operators", description=__doc__)

    def several(name: str, known: Sequence[str], default: Sequence[str], text: str) -> None:
        parser.add_argument(name, nargs="+", choices=known, metavar="NAME", help=f"{text}; default {' '.join(default)}")

    parser.add_argument("--quick", action="store_true", help="small graphs, one width, three rounds")
    parser.add_argument("--full", action="store_true", help="every graph, width and dtype, and --speed-up: many hours")
    several("--libraries", list(LIBRARIES), PEERS, f"libraries that take turns, of {' '.join(LIBRARIES)}")
    several("--graphs", list(GRAPHS), DEFAULT_GRAPHS, f"graphs, of {' '.join(GRAPHS)}")
    several("--families", list(FAMILIES), list(FAMILIES), "families of operators")
    several("--operators", list(OPERATORS), ["those of the families"], f"operators, of {' '.join(OPERATORS)}")
    several("--dtypes", DTYPES, DTYPES[:1], f"dtypes, of {' '.join(DTYPES)}")
    parser.add_argument("--widths", nargs="+", type=int, help=f"default {' '.join(map(str, WIDTHS))}")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--speed-up", action="store_true", help="time weft on one thread, too")
    parser.add_argument("--repeat", type=int, help="rounds, default 9")
    parser.add_argument("--budget", type=float, default=10.0, help="seconds after which a pass stops at 3 rounds")
    parser.add_argument("--memory", type=float, default=8.0, help="GB that one library may hold")
    parser.add_argument(
        "--keep-memory",
        action="store_true",
        help="let malloc keep freed memory in every library's process, as jemalloc would",
    )
    parser.add_argument("--output", type=Path, help="result file, default benchmarks/results/operators.json")
    parser.add_argument(
        "--show",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="print the tables of result files, together, and run nothing",
    )
    return parser.parse_args(arguments)


def chosen_graphs(options: argparse.Namespace) -> tuple[str, ...]:
    """List the graphs that are asked for."""
    return tuple(options.graphs or (GRAPHS if options.full else DEFAULT_GRAPHS))


def chosen_cases(options: argparse.Namespace) -> list[Case]:
    """List the cases that are asked for."""
    widths = options.widths or (ALL_WIDTHS if options.full else WIDTHS[:1] if options.quick else WIDTHS)
    families = options.families or FAMILIES
    operators = options.operators or [name for name in OPERATORS if FAMILY_OF[name] in families]
    dtypes = options.dtypes or (DTYPES if options.full else DTYPES[:1])
    return cases(chosen_graphs(options), widths, operators, dtypes)


def run(options: argparse.Namespace, output: Path) -> dict[str, Any]:
    """Measure every case and write the result file after each, so that a long run that ends early is not lost.

    A case that cannot be measured fairly is an error, told at the end.
    """
    repeat = options.repeat or (3 if options.quick else 9)
    limits = (options.threads, repeat, options.budget, options.memory)
    settings = Settings(*limits, options.keep_memory, options.speed_up or options.full)
    remotes = find_remotes(options.libraries or list(PEERS), settings)
    about = {**machine.describe_commit(), "machine": machine.describe_machine(), "threads": options.threads}
    about.update(keep_memory=options.keep_memory, quick=options.quick, versions={}, graphs={})
    measured: list[Measured] = []
    errors: list[str] = []
    with tempfile.TemporaryDirectory(prefix="weft-bench-") as folder:
        try:
            for case in chosen_cases(options):
                if case.graph not in about["graphs"]:
                    about["graphs"][case.graph] = load_graph(case.graph, remotes, Path(folder), quick=options.quick)
                    about["versions"] = {name: remote.versions for name, remote in remotes.items()}
                begun = time.perf_counter()
                try:
                    measured.append(measure(case, remotes, settings))
                except WorkerError as error:
                    errors.append(str(error))
                machine.write_json(output, {**about, **results(measured), "errors": errors})
                print(f"{case.name}: {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
        except KeyboardInterrupt:
            errors.append(f"stopped after {len(measured)} cases")
        finally:
            for remote in remotes.values():
                remote.stop()
    found = {**about, **results(measured), "errors": errors}
    machine.write_json(output, found)
    return found


def results(measured: list[Measured]) -> dict[str, Any]:
    """Give what a result file says of its cases."""
    families = summary.to_json(summary.families(measured))
    return {"goals": goals(measured), "families": families, "cases": [stored.to_json(found) for found in measured]}


def load_graph(name: str, remotes: dict[str, Remote], folder: Path, *, quick: bool) -> list[int]:
    """Draw a graph, let every library load it, and give its sizes."""
    edges = GRAPHS[name][quick]()
    path = save_graph(edges, folder, name)
    for remote in remotes.values():
        remote.load(path)
    return [edges.num_nodes, edges.num_edges]


def show(found: dict[str, Any]) -> None:
    """Print the tables of a result file."""
    measured, libraries = [stored.from_json(case) for case in found["cases"]], list(found["versions"])
    print(ratio_table(measured, libraries))
    print("\nweft: time of one call; the others: their time divided by weft's, * the fastest of them")
    if any(case.memory for case in measured):
        print("\n" + memory_table(measured, libraries))
        methods = sorted({told["method"] for case in measured for told in case.memory.values()})
        print(f"\nbeyond the inputs, at the peak; measured by: {'; '.join(methods)}")
    if any(case.speed_up for case in measured):
        print("\n" + speed_up_table(measured))
    print()
    for library, versions in found["versions"].items():
        routes = sorted({case.route[library] for case in measured if library in case.route})
        print(f"{library} {versions}: {'; '.join(routes)}")
    print("\n".join(["", "not measured:", *missing_lines(measured)]) if any(case.missing for case in measured) else "")
    means = summary.families(measured)
    if means:
        print("geometric means of the peers' times divided by weft's, over passes (their number)\n")
        print(summary.family_table(means, libraries) + "\n")
    print(goal_lines(goals(measured)))
    commit = found["commit"][:12] if found["commit"] else "unknown"
    print(f"\n{found['machine']['cpu']}, {found['threads']} threads, commit {commit}")
    for error in found.get("errors", ()):
        print(f"error: {error}", file=sys.stderr)


def _stop(*_: object) -> None:
    """End the measurements at a time limit, once, and keep what they found."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> int:
    """Run, store and print."""
    options = parse()
    if options.show:
        show(stored.together([json.loads(path.read_text()) for path in options.show]))
        return 0
    signal.signal(signal.SIGTERM, _stop)
    begun = time.perf_counter()
    name = "operators_quick" if options.quick else "operators_full" if options.full else "operators"
    output = options.output or machine.RESULTS / f"{name}.json"
    found = run(options, output)
    show(found)
    print(f"{time.perf_counter() - begun:.0f} s, wrote {output}")
    return 1 if found["errors"] else 0


if __name__ == "__main__":
    sys.exit(main())
