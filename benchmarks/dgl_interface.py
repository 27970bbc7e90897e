"""What a call of DGL's interface costs on a graph of 24 nodes and 50 edges, under weft.dgl and under DGL 2.1.0.

`python -m benchmarks.dgl_interface`. Each library runs in a process of its own, on one thread; they are asked in turns, and
the median of the rounds counts.
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .environments import interpreter
from .machine import RESULTS, ROOT, describe_commit, describe_machine, write_json

MODULES = {"weft": "weft.dgl", "dgl": "dgl"}
GOALS = {"copy_u, sum": 1 / 3, "u_mul_e, sum": 1 / 3}
SECONDS_TO_SET = 2e-6


def prepare(module: str) -> dict[str, Callable[[], Any]]:
    """Make the graph and the calls on it."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    dgl = importlib.import_module(module)
    fn = dgl.function
    g = dgl.graph((torch.randint(0, 24, (50,)), torch.randint(0, 24, (50,))), num_nodes=24)
    x, w = torch.randn(24, 16), torch.randn(50, 1)
    g.ndata["x"], g.edata["w"] = x, w
    g.ndata["leaf"] = torch.randn(24, 16, requires_grad=True)

    def with_gradient() -> None:
        g.update_all(fn.u_mul_e("leaf", "w", "m"), fn.sum("m", "learned"))
        g.ndata["learned"].sum().backward()

    return {
        "set ndata": lambda: g.ndata.__setitem__("y", x),
        "set edata": lambda: g.edata.__setitem__("y", w),
        "get ndata": lambda: g.ndata["x"],
        "copy_u, sum": lambda: g.update_all(fn.copy_u("x", "m"), fn.sum("m", "o")),
        "copy_u, mean": lambda: g.update_all(fn.copy_u("x", "m"), fn.mean("m", "o")),
        "copy_u, max": lambda: g.update_all(fn.copy_u("x", "m"), fn.max("m", "o")),
        "copy_e, sum": lambda: g.update_all(fn.copy_e("w", "m"), fn.sum("m", "o")),
        "u_mul_e, sum": lambda: g.update_all(fn.u_mul_e("x", "w", "m"), fn.sum("m", "o")),
        "u_mul_e, sum, and its gradient": with_gradient,
        "u_add_v, sum": lambda: g.update_all(fn.u_add_v("x", "x", "m"), fn.sum("m", "o")),
        "u_add_v on edges": lambda: g.apply_edges(fn.u_add_v("x", "x", "s")),
        "u_dot_v on edges": lambda: g.apply_edges(fn.u_dot_v("x", "x", "s")),
        "local_scope": lambda: g.local_scope().__enter__(),
    }


def time_of(call: Callable[[], Any], seconds: float) -> float:
    """Seconds that a call takes, of as many as fit into the time."""
    begin, count = time.perf_counter(), 0
    while time.perf_counter() - begin < seconds / 4:
        call()
        count += 1
    count = max(1, count * 3)
    begin = time.perf_counter()
    for _ in range(count):
        call()
    return (time.perf_counter() - begin) / count


def serve(module: str) -> None:
    """Time the cases that are asked for, a line each."""
    calls = prepare(module)
    print(json.dumps(list(calls)), flush=True)
    for line in sys.stdin:
        name, seconds = json.loads(line)
        print(json.dumps(time_of(calls[name], seconds)), flush=True)


def measure(libraries: list[str], rounds: int, seconds: float) -> list[dict[str, Any]]:
    """Ask every library for every case, in turns."""
    processes = {}
    for name in libraries:
        python = sys.executable if name == "weft" else interpreter(name)
        assert python is not None, f"{name} is not installed; hint: python -m benchmarks.environments {name}"
        command = [str(python), "-m", "benchmarks.dgl_interface", "--serve", MODULES[name]]
        processes[name] = subprocess.Popen(command, cwd=ROOT, stdin=-1, stdout=-1, text=True)
    names: list[str] = []
    for process in processes.values():
        assert process.stdout is not None
        names = json.loads(process.stdout.readline())
    cases = []
    for name in names:
        times: dict[str, list[float]] = {library: [] for library in libraries}
        for at in range(rounds):
            for library in libraries if at % 2 else libraries[::-1]:
                process = processes[library]
                assert process.stdin is not None
                assert process.stdout is not None
                process.stdin.write(json.dumps([name, seconds]) + "\n")
                process.stdin.flush()
                times[library].append(json.loads(process.stdout.readline()))
        cases.append({"case": name, "seconds": {key: statistics.median(part) for key, part in times.items()}})
    for process in processes.values():
        process.communicate()
    return cases


def table(cases: list[dict[str, Any]]) -> str:
    """The times in microseconds, weft's as a part of DGL's, and whether a goal holds."""
    lines = ["| call | weft.dgl | DGL | ratio | goal |", "|---|---|---|---|---|"]
    for case in cases:
        name, seconds = case["case"], case["seconds"]
        ratio = seconds["weft"] / seconds["dgl"] if "dgl" in seconds else None
        goal = ""
        if name in GOALS and ratio is not None:
            goal = f"{GOALS[name]:.2f}: {'yes' if ratio <= GOALS[name] else 'no'}"
        if name.startswith("set "):
            goal = f"{SECONDS_TO_SET * 1e6:.0f} us: {'yes' if seconds['weft'] <= SECONDS_TO_SET else 'no'}"
        dgl = f"{seconds['dgl'] * 1e6:.2f} us" if "dgl" in seconds else ""
        lines.append(
            f"| {name} | {seconds['weft'] * 1e6:.2f} us | {dgl} | {'' if ratio is None else f'{ratio:.2f}'} | {goal} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure and print, and keep the numbers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dgl_interface", description=__doc__)
    parser.add_argument("--libraries", nargs="+", choices=list(MODULES), default=list(MODULES))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.1, help="for one case of one library in one round")
    parser.add_argument("--output", type=Path, default=RESULTS / "dgl_interface.json")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
        return
    cases = measure(options.libraries, options.rounds, options.seconds)
    print(table(cases))
    write_json(options.output, {"machine": describe_machine(), **describe_commit(), "cases": cases})


if __name__ == "__main__":
    main()
