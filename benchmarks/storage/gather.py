"""Rows gathered from a large table in memory, beside torch, numpy and a program without library code."""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from weft.native import using_threads
from weft.storage import MemoryFeatures

SOURCE = Path(__file__).with_name("random_rows.cc")
DTYPES = (torch.int8, torch.float16, torch.bfloat16, torch.float32)
WIDTHS = (16, 100, 128, 256, 602)
KEY = ("node", "x")


@dataclass(frozen=True)
class Size:
    """How much is gathered: from how large a table, and into how large a result."""

    table_bytes: int
    out_bytes: int
    most_rows: int
    rounds: int
    seconds: float

    def rows(self, row_bytes: int) -> int:
        """Say how many rows of a size are gathered."""
        return min(self.most_rows, self.out_bytes // row_bytes)


FULL = Size(9 * 2**28, 2**24, 200_000, 25, 0.1)
QUICK = Size(2**22, 2**19, 5_000, 3, 0.0)


def limits(program: Path, size: Size, row_sizes: set[int], threads: int) -> dict[int, dict[str, float]]:
    """Bytes of rows a second that the program reads and copies, for rows of each size, on both kinds of pages."""
    numbers = (size.table_bytes, size.out_bytes, size.most_rows, threads, size.seconds, *sorted(row_sizes))
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    command = [str(program), *map(str, numbers)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    found: dict[int, dict[str, float]] = {row_bytes: {} for row_bytes in row_sizes}
    for line in done.stdout.splitlines():
        record = json.loads(line)
        found[record["row_bytes"]][f"{record['what']}, {record['pages']}"] = record["bytes"] / record["seconds"]
    return found


def seconds_of(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Shortest time of each of some calls, which take turns.

    Whoever takes the memory that another one has just given back finds it in the caches: each round has another order.
    """
    names = list(calls)
    found = dict.fromkeys(names, float("inf"))
    for at in range(rounds + 1):
        for name in random.Random(at).sample(names, len(names)):
            begun = time.perf_counter()
            calls[name]()
            taken = time.perf_counter() - begun
            if at:  # the first round fills caches and takes memory
                found[name] = min(found[name], taken)
    return found


def measure(table: torch.Tensor, of: tuple[torch.dtype, int], threads: int, size: Size) -> dict[str, Any]:
    """Gather rows of a dtype and a width; `table` is memory that any matrix is a view of."""
    dtype, width = of
    row_bytes = width * dtype.itemsize
    count = table.shape[0] // row_bytes
    x = table[: count * row_bytes].view(dtype).view(count, width)
    ids = torch.randint(count, (size.rows(row_bytes),), generator=torch.Generator().manual_seed(0))
    store = MemoryFeatures({"node": {"x": x}})
    assert torch.equal(store.fetch(KEY, ids[:100]).view(torch.uint8), x[ids[:100]].view(torch.uint8))
    as_numpy = (x.view(torch.int16) if dtype is torch.bfloat16 else x).numpy()
    number = ids.numpy()
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with using_threads(threads):
            calls: dict[str, Callable[[], object]] = {
                "weft": lambda: store.fetch(KEY, ids),
                "torch": lambda: torch.index_select(x, 0, ids),
                "numpy": lambda: np.take(as_numpy, number, axis=0),
            }
            seconds = seconds_of(calls, size.rounds)
    finally:
        torch.set_num_threads(before)
    rows = ids.shape[0]
    rates = {name: rows * row_bytes / taken for name, taken in seconds.items()}
    return {
        "dtype": str(dtype).removeprefix("torch."), "width": width, "row_bytes": row_bytes, "threads": threads, "rows": rows,
        "bytes_per_second": rates,
    }  # fmt: skip


def line_of(found: dict[str, Any]) -> list[str]:
    """The line of the table for one case."""
    rates, limit = found["bytes_per_second"], found["limit"]
    shares = [f"{100 * rates['weft'] / limit[name]:.0f} %" for name in limit]
    middle = [f"{rates[name] / 1e9:.2f}" for name in ("weft", "torch", "numpy")]
    return [found["dtype"], str(found["width"]), str(found["threads"]), *middle, *shares]


_LIMITS = [f"of {what}, {pages}" for pages in ("4 KiB", "huge") for what in ("read", "copy")]
HEAD = ["dtype", "width", "threads", "weft GB/s", "torch", "numpy", *_LIMITS]
