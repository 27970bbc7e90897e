"""Measure stores of features: `python -m benchmarks.storage`.

`gather`: bytes a second that rows at random places of a table larger than the caches give, beside torch, numpy and what a
program without library code reads and copies. `caches`: hit rates and times of the policies on batches of a sampler. `files`:
rows a second of a file that the system has dropped from its memory, or has in it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch

import weft
from benchmarks import machine, table

from . import caches, files, gather

PARTS = ("gather", "caches", "files")


def run_gather(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure every dtype, width and number of threads."""
    size = gather.QUICK if options.quick else gather.FULL
    program = machine.compiled(gather.SOURCE)
    memory = torch.randint(-128, 128, (size.table_bytes,), dtype=torch.int8).view(torch.uint8)
    found = []
    kinds = [(dtype, width) for dtype in gather.DTYPES for width in options.widths]
    for threads in options.threads:
        limits = gather.limits(program, size, {dtype.itemsize * width for dtype, width in kinds}, threads)
        for kind in kinds:
            case = gather.measure(memory, kind, threads, size)
            found.append(case | {"limit": limits[case["row_bytes"]]})
            print(*gather.line_of(found[-1]), file=sys.stderr, flush=True)
    print(table.render(gather.HEAD, [gather.line_of(one) for one in found]))
    return found


def run_caches(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Run the policies on one trace."""
    found = caches.measure(*((10, 8, 32) if options.quick else (19, 120, 1024)))
    print(table.render(caches.HEAD, [line for one in found for line in caches.lines_of(one)], left=2))
    return found


def run_files(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Read a file in all ways."""
    with tempfile.TemporaryDirectory(prefix="weft-storage-", dir=options.folder) as folder:
        sizes = (2_000, 100, 500, 2) if options.quick else (2**21, 20_000, 200_000, 5)
        found = files.measure(Path(folder), *sizes)
    print(table.render(files.HEAD, [files.line_of(one) for one in found]))
    return found


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, and store beside what other parts have measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.storage", description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--widths", nargs="+", type=int, default=list(gather.WIDTHS))
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument(
        "--folder", type=Path, help="where the file lies that is read; by default where temporary files do"
    )
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--output", type=Path, default=machine.RESULTS / "storage.json")
    options = parser.parse_args(arguments)
    weft.keep_freed_memory()
    versions = machine.versions("torch", "numpy", "cachetools")
    about = {"machine": machine.describe_machine(), **machine.describe_commit(), "versions": versions}
    parts = json.loads(options.output.read_text()) if options.output.exists() else {}
    for part in options.parts:
        found = {"gather": run_gather, "caches": run_caches, "files": run_files}[part](options)
        parts[part] = {**about, "cases": found}
        machine.write_json(options.output, parts)
    print(f"wrote {options.output}")


if __name__ == "__main__":
    main()
