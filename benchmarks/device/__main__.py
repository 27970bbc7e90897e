"""The first minutes on a machine with a GPU: `python -m benchmarks.device`.

First every operator and every draw that has a kernel for GPUs keeps its contract there, or is named with what it got wrong; then
the table: times in turns beside plain torch, compiled torch and cuSPARSE, with the share of the bandwidth that a copy reaches.
The result file is written after every line, so that a machine that is taken away takes nothing with it. `--device cpu --quick`
rehearses it in Triton's interpreter (TRITON_INTERPRET=1).
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import torch

import weft
from benchmarks import machine, table
from weft.graph import Adjacency

from .cases import cases
from .contract import check_draws, check_operators
from .graphs import flat, rmat
from .timing import Clock

GRAPHS: dict[str, tuple[Callable[[str], Adjacency], Callable[[str], Adjacency]]] = {
    "rmat 1M/16M": (lambda device: rmat(20, 2**24, device), lambda device: rmat(5, 2**7, device)),
    "flat 10M/100M": (lambda device: flat(10_000_000, 10, device), lambda device: flat(20, 3, device)),
    "rmat 16M/256M": (lambda device: rmat(24, 2**28, device), lambda device: rmat(5, 2**7, device)),
}  # whole, and as `--quick` has it


def describe_device(device: str) -> dict[str, Any]:
    """Name the device, and the versions that matter there."""
    found: dict[str, Any] = machine.describe_machine() | machine.describe_commit()
    found["versions"] = machine.versions("weft", "torch", "triton", "numpy")
    if device.startswith("cuda"):
        found["device"] = torch.cuda.get_device_name()
        found["toolkit"] = torch.version.cuda or torch.version.hip
    return found


def measure(clock: Clock, device: str, quick: bool, until: float, write: Callable[[dict[str, Any]], None]) -> None:
    """Time the cases graph by graph as long as there is time, each as soon as its graph is there."""
    bandwidth = clock.copy_bandwidth()
    print(f"copy: {bandwidth / 1e9:.0f} GB/s")
    for name, makers in GRAPHS.items():
        if time.monotonic() > until:
            return
        adjacency = makers[quick](device)
        for dtype in (torch.float32, torch.bfloat16):
            for case in cases(adjacency, [16, 64] if quick else [64, 128, 256, 32, 512], dtype):
                if time.monotonic() > until:
                    return
                found = clock.in_turns(case.calls, 1 if quick else 5)
                seconds = found["weft"].get("seconds")
                share = case.bytes / seconds / bandwidth if seconds and case.bytes else None
                write(
                    {
                        "graph": name,
                        "case": case.name,
                        "dtype": str(dtype),
                        "bytes": case.bytes,
                        "share": share,
                        "found": found,
                    }
                )


def line(record: dict[str, Any]) -> list[str]:
    """A row of the table: weft's milliseconds, its share of a copy, memory, and the others' times over weft's."""
    weft_s = record["found"]["weft"].get("seconds")
    cells = [f"{record['graph']} {record['case']} {record['dtype'].removeprefix('torch.')}"]
    cells.append("fails" if weft_s is None else f"{1000 * weft_s:.2f}")
    cells.append(f"{max(each.get('difference', 0.0) for each in record['found'].values()):.0e}")
    cells.append("" if record["share"] is None else f"{100 * record['share']:.0f} %")
    used = record["found"]["weft"].get("bytes")
    cells.append("" if used is None else f"{used / 2**20:.0f}")
    for peer in ("sparse", "torch", "compiled"):
        seconds = record["found"].get(peer, {}).get("seconds")
        cells.append(f"{seconds / weft_s:.2f}" if seconds and weft_s else "")
    return cells


def main() -> None:
    """Check, measure, and write what is known after every step."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.device", description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--quick", action="store_true", help="tiny graphs and few samples")
    parser.add_argument("--seconds", type=float, default=540, help="begin nothing after so long")
    parser.add_argument("--samples", type=int, default=24, help="of each operator's contract")
    parser.add_argument("--output", type=Path, default=Path(os.environ.get("OUT", machine.RESULTS)) / "device.json")
    options = parser.parse_args()
    begun = time.monotonic()
    result: dict[str, Any] = {"about": describe_device(options.device), "contract": [], "table": []}

    def write(kind: str, record: dict[str, Any]) -> None:
        result[kind].append(record)
        machine.write_json(options.output, result)

    print(f"weft {weft.__version__} on {result['about'].get('device', options.device)}")
    samples, until = 2 if options.quick else options.samples, begun + options.seconds / 2
    draws = check_draws(options.device, *((50, 400) if options.quick else (100_000, 2_000_000)))
    for record in chain(check_operators(options.device, samples, until), draws):
        write("contract", record)
        print(f"{record['operator']}: {record['outcome']} {record.get('error', '')}", flush=True)
    clock = Clock(options.device)
    measure(clock, options.device, options.quick, begun + options.seconds, lambda record: write("table", record))
    header = ["case", "weft ms", "differ", "of a copy", "MiB", "cuSPARSE", "torch", "compiled"]
    print(table.render(header, [line(record) for record in result["table"]]))
    print(f"wrote {options.output}")


if __name__ == "__main__":
    main()
