"""What the memory of this machine allows: `python -m benchmarks.limit`.

`limit.cc`, which shares no code with weft, reads the rows of every edge in the same order and adds them up, without and with
a weight for each edge; its best time over distances of prefetching and block sizes, on pages of 4 KiB and on large ones, stands
beside weft's. Tensors of torch lie on pages of 4 KiB unless THP_MEM_ALLOC_ENABLE=1 is set before it starts.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

import weft
from benchmarks import machine, table
from benchmarks.graphs import EdgeList
from benchmarks.operators.cases import GRAPHS

WIDTHS = (16, 64, 100, 256)
PAGES = ("4 KiB", "huge")
SOURCE = Path(__file__).with_name("limit.cc")


def limit(program: Path, folder: Path, width: int, threads: int, seconds: float) -> list[dict[str, Any]]:
    """Run the program on the graph that lies in `folder`; one record for each thing that it timed."""
    arguments = [
        program,
        *(folder / name for name in ("indptr", "source", "edge")),
        str(width),
        str(threads),
        str(seconds),
    ]
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    found = subprocess.run(arguments, check=True, capture_output=True, text=True, env=environment)
    return [json.loads(line) for line in found.stdout.splitlines()]


def best(call: Callable[[], object], rounds: int) -> float:
    """Shortest time of several calls, in seconds."""
    call()
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return min(times)


def compare(edges: EdgeList, width: int, program: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Time weft before and after the program on one graph at one width."""
    source, target = (torch.from_numpy(end) for end in (edges.source, edges.target))
    adjacency = weft.Adjacency(source, target, num_sources=edges.num_nodes, num_targets=edges.num_nodes)
    rows, x, weight = adjacency.by_target, torch.randn(edges.num_nodes, width), torch.randn(edges.num_edges)
    calls = {"sum": lambda: weft.ops.spmm(rows, x), "weighted sum": lambda: weft.ops.spmm(rows, x, weight)}
    with tempfile.TemporaryDirectory(prefix="weft-limit-") as name, weft.ops.using("native"):
        folder = Path(name)
        rows.indptr.numpy().astype(np.int64).tofile(folder / "indptr")
        rows.source.numpy().astype(np.int32).tofile(folder / "source")
        edge = np.arange(rows.num_edges) if rows.edge is None else rows.edge.numpy()
        edge.astype(np.int32).tofile(folder / "edge")
        before = {what: best(call, options.rounds) for what, call in calls.items()}
        records = limit(program, folder, width, options.threads, options.seconds)
        ours = {what: min(before[what], best(call, options.rounds)) for what, call in calls.items()}
    least = {what: {pages: fastest(records, what, pages) for pages in PAGES} for what in calls}
    read = edges.num_edges * (4 * width + rows.source.element_size()) + edges.num_nodes * (4 * width + 8)
    rates = {
        what: max(r["bytes"] / r["seconds"] for r in records if r["what"] == what) for what in ("copy", "random rows")
    }
    return {"width": width, "bytes": read, "limit": least, "weft": ours, "bytes_per_second": rates, "all": records}


def fastest(records: list[dict[str, Any]], what: str, pages: str) -> dict[str, Any]:
    """The best setting of one sum on one kind of pages."""
    return min((r for r in records if (r["what"], r["pages"]) == (what, pages)), key=lambda r: r["seconds"])


def rows_of(graph: str, found: dict[str, Any]) -> list[list[str]]:
    """The lines of the table for one graph at one width."""
    rates = [f"{rate / 1e9:.1f}" for rate in found["bytes_per_second"].values()]
    lines = []
    for what, seconds in found["weft"].items():
        least = [found["limit"][what][pages]["seconds"] for pages in PAGES]
        times = [f"{1e3 * time:.2f}" for time in (seconds, *least)]
        shares = [f"{100 * time / seconds:.0f} %" for time in least]
        lines.append([graph, str(found["width"]), what, f"{found['bytes'] / 1e6:.0f}", *times, *shares, *rates])
    return lines


def main(arguments: list[str] | None = None) -> None:
    """Build, measure, print and store."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.limit", description=__doc__)
    parser.add_argument("--graphs", nargs="+", choices=["rmat", "flat"], default=["rmat", "flat"])
    parser.add_argument("--widths", nargs="+", type=int, default=list(WIDTHS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=15, help="calls of weft before and after the program")
    parser.add_argument("--seconds", type=float, default=0.1, help="for each setting of the program")
    parser.add_argument("--quick", action="store_true", help="small graphs")
    parser.add_argument("--output", type=Path, default=machine.RESULTS / "limit.json")
    options = parser.parse_args(arguments)
    weft.keep_freed_memory()
    torch.set_num_threads(options.threads)
    program, rows, cases = machine.compiled(SOURCE), [], []
    for graph in options.graphs:
        edges = GRAPHS[graph][options.quick]()
        for width in options.widths:
            found = compare(edges, width, program, options)
            rows += rows_of(graph, found)
            cases.append({"graph": graph, **found})
            print(f"{graph} {width}", file=sys.stderr, flush=True)
    header = [
        "graph",
        "width",
        "",
        "MB",
        "weft ms",
        *(f"limit, {pages}" for pages in PAGES),
        *(f"of {pages}" for pages in PAGES),
    ]
    print(table.render([*header, "copy GB/s", "random rows GB/s"], rows))
    about = {"machine": machine.describe_machine(), **machine.describe_commit(), "threads": options.threads}
    machine.write_json(options.output, {**about, "cases": cases})
    print(f"wrote {options.output}")


if __name__ == "__main__":
    main()
