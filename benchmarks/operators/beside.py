"""What a call costs through weft.dgl: `python -m benchmarks.operators.beside`.

The programs that the benchmark runs under DGL run on weft.dgl, beside weft's own calls, both in one process and call after
call, so that whatever disturbs the machine meets both; on the same graph and the same features, since where arrays lie in
memory alone makes a call faster or slower by a third. Of every pass the median of the ratios of neighbouring runs counts.
Both start from what DGL's call is given, and give all that it gives.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import Tensor

from benchmarks import machine, table
from benchmarks.serving import UnsupportedError
from weft import ops

from .cases import DEFAULT_GRAPHS, GRAPHS, Case, cases
from .families import OPERATORS
from .families.segments import TOP
from .library import Prepared, Problem, of_input, prepares
from .remote import KEEP_MEMORY, save_graph
from .with_weft import Weft
from .worker import Worker

NATIVE, THROUGH = "weft", "weft.dgl"
LIMIT = 1.05


class AsAskedOfDgl(Weft):
    """weft's own calls, which get segments as lengths and number what they choose within its segment, as DGL's do."""

    @prepares("segment_sum", "segment_max", "segment_softmax", "segment_topk")
    def _segments(self, problem: Problem) -> Prepared:
        lengths, x, name = problem.tensor("lengths"), problem.leaf("x"), problem.case.operator

        def choose() -> Tensor:
            indptr = ops.pointers_of(lengths)
            values, rows = ops.segment_topk(indptr, x, TOP)
            _ = rows - indptr[:-1, None, None]
            return values

        calls: dict[str, Callable[[], Tensor]] = {
            "segment_sum": lambda: ops.segment_reduce(ops.pointers_of(lengths), x),
            "segment_max": lambda: ops.segment_reduce(ops.pointers_of(lengths), x, None, "max"),
            "segment_softmax": lambda: ops.segment_softmax(ops.pointers_of(lengths), x),
            "segment_topk": choose,
        }
        return of_input(problem, x, calls[name], f"weft.ops.{name} of lengths")


def measure(case: Case, workers: dict[str, Worker], rounds: int) -> dict[str, Any]:
    """Time a case's passes in turns, and give for each the quartiles of the ratios and the native seconds.

    Raises:
        UnsupportedError: if weft.dgl has no such program, or it gives no gradient.
    """
    prepared = {name: worker.prepare(case.to_json()) for name, worker in workers.items()}
    share_leaves(workers)
    found: dict[str, Any] = {"case": case.name, "kernels": {name: made["kernels"] for name, made in prepared.items()}}
    passes = [
        what for what in case.passes if what.startswith("forward") or all(m["backward"] for m in prepared.values())
    ]
    found["passes"] = {}
    for what in passes:
        number = workers[NATIVE].calibrate(what)["number"]
        seconds: dict[str, list[float]] = {name: [] for name in workers}
        for turn in range(rounds):
            for name in (NATIVE, THROUGH) if turn % 2 else (THROUGH, NATIVE):
                seconds[name].append(workers[name].time(what, number)["seconds"])
        ratios = [one / other for one, other in zip(seconds[THROUGH], seconds[NATIVE], strict=True)]
        found["passes"][what] = {
            "ratio": [round(part, 3) for part in statistics.quantiles(ratios, n=4)],
            "ms": round(1e3 * statistics.median(seconds[NATIVE]), 4),
        }
    for worker in workers.values():
        worker.drop()
    return found


def share_graph(workers: dict[str, Worker]) -> None:
    """Let weft's own calls run on the structures of the graph that weft.dgl made."""
    native, through = (worker.library for worker in workers.values())
    (native.adjacency,) = through.graph._adjacencies
    native.rows = native.adjacency.by_target


def share_leaves(workers: dict[str, Worker]) -> None:
    """Let both calls read the same features, parameters and gradient, as far as they come in the same order and shape."""
    native, through = (worker.stopwatch for worker in workers.values())
    assert native is not None, "prepare comes first"
    assert through is not None, "prepare comes first"
    for ours, theirs in zip(native.leaves, through.leaves, strict=False):
        if ours.shape == theirs.shape:
            theirs.data = ours.data
    if native.backward and through.backward and native.shape == through.shape:
        native.make_gradient()
        through.gradient = native.gradient


def show(found: list[dict[str, Any]]) -> str:
    """Lay the ratios out, and say how many are within the limit."""
    rows, middle = [], []
    for case in found:
        same = len(set(case["kernels"].values())) == 1
        for what, of in case["passes"].items():
            low, ratio, high = of["ratio"]
            middle.append(ratio)
            rows.append(
                [case["case"], what, f"{of['ms']:.2f}", f"{ratio:.2f}", f"{low:.2f} - {high:.2f}", "" if same else "*"]
            )
    text = table.render(["case", "pass", "weft, ms", "weft.dgl", "quartiles", ""], rows, left=2)
    within = sum(ratio <= LIMIT for ratio in middle)
    mean = statistics.geometric_mean(middle)
    count = f"geometric mean {mean:.3f}; {within} of {len(middle)} passes take at most {LIMIT} times as long as weft's own call"
    return f"{text}\n\n{count}; * other kernels than in that"


def main() -> int:
    """Measure, store after every case, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.operators.beside", description=__doc__)
    parser.add_argument(
        "--graphs", nargs="+", choices=list(GRAPHS), default=[name for name in DEFAULT_GRAPHS if name != "small"]
    )
    parser.add_argument("--operators", nargs="+", choices=list(OPERATORS), metavar="NAME", default=list(OPERATORS))
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--quick", action="store_true", help="small graphs")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--output", type=Path, default=machine.RESULTS / "dgl_operators.json")
    options = parser.parse_args()
    if not KEEP_MEMORY.items() <= os.environ.items():  # malloc reads them when a process begins
        command = [sys.executable, "-m", f"{__package__}.beside", *sys.argv[1:]]
        os.execve(sys.executable, command, {**os.environ, **KEEP_MEMORY, "KINETO_LOG_LEVEL": "5"})
    workers = {name: Worker(name) for name in (NATIVE, THROUGH)}
    workers[NATIVE].library = AsAskedOfDgl()
    for worker in workers.values():
        worker.start(options.threads, 0)
    about = {**machine.describe_commit(), "machine": machine.describe_machine(), "threads": options.threads}
    found: list[dict[str, Any]] = []
    absent: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="weft-beside-") as folder:
        for graph in options.graphs:
            path = save_graph(GRAPHS[graph][options.quick](), Path(folder), graph)
            for worker in workers.values():
                worker.load(str(path))
            share_graph(workers)
            for case in cases([graph], [options.width], options.operators, ["float32"]):
                try:
                    found.append(measure(case, workers, options.rounds))
                except UnsupportedError as error:
                    absent[case.name] = str(error)
                machine.write_json(options.output, {**about, "cases": found, "absent": absent})
                print(case.name, file=sys.stderr, flush=True)
    print(show(found))
    for name, why in absent.items():
        print(f"{name}: {why}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
