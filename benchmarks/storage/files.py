"""Rows read from a file, which the system has in memory or not, beside a mapped array of numpy."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from weft.native import using_threads
from weft.storage import FileFeatures

WIDTH = 128  # of float32: rows of 512 bytes
KEY = ("node", "x")


def make(folder: Path, num_rows: int) -> Path:
    """Write a table of random numbers, all of it on the disk."""
    path = folder / "x.npy"
    rows = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(num_rows, WIDTH))
    generator = np.random.default_rng(0)
    for first in range(0, num_rows, 2**16):
        rows[first : first + 2**16] = generator.standard_normal((min(2**16, num_rows - first), WIDTH), dtype=np.float32)
    rows.flush()
    del rows
    return path


def forget(path: Path) -> None:
    """Let the system drop what it has of a file, which nobody may have mapped."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def readers(path: Path) -> dict[str, Callable[[], Callable[[Tensor], Any]]]:
    """Ways to read; each is opened anew and gives a function from ids to rows."""

    def stored(threads: int, *, hints: bool = False, mapped: bool = False) -> Callable[[Tensor], Any]:
        store = FileFeatures({KEY: path}, mapped=mapped)

        def read(ids: Tensor) -> Tensor:
            with using_threads(threads):
                if hints:
                    store.will_need(KEY, ids)
                return store.fetch(KEY, ids)

        return read

    def numpy_mapped() -> Callable[[Tensor], Any]:
        mapped = np.load(path, mmap_mode="r")
        return lambda ids: mapped[ids.numpy()]

    return {
        "FileFeatures, 1 thread": lambda: stored(1),
        "FileFeatures, 2 threads": lambda: stored(2),
        "FileFeatures, hints before, 1 thread": lambda: stored(1, hints=True),
        "FileFeatures, mapped, 1 thread": lambda: stored(1, mapped=True),
        "FileFeatures, mapped, hints before, 1 thread": lambda: stored(1, mapped=True, hints=True),
        "numpy.memmap": numpy_mapped,
    }


def measure(folder: Path, num_rows: int, num_cold: int, num_warm: int, rounds: int) -> list[dict[str, Any]]:
    """Rows a second of each way, cold and warm; all take turns, and the median counts."""
    path = make(folder, num_rows)
    ways = readers(path)
    seconds: dict[str, dict[str, list[float]]] = {name: {"cold": [], "warm": []} for name in ways}
    generator = torch.Generator().manual_seed(0)
    for _ in range(rounds):
        ids = torch.randint(num_rows, (num_cold,), generator=generator)
        for name, begin in ways.items():
            forget(path)
            seconds[name]["cold"].append(_timed(begin(), ids))
    path.read_bytes()
    for _ in range(rounds):
        ids = torch.randint(num_rows, (num_warm,), generator=generator)
        for name, begin in ways.items():
            read = begin()
            read(ids)
            seconds[name]["warm"].append(_timed(read, ids))
    return [
        {
            "way": name,
            "cold_rows_per_second": num_cold / statistics.median(taken["cold"]),
            "warm_rows_per_second": num_warm / statistics.median(taken["warm"]),
        }
        for name, taken in seconds.items()
    ]


def _timed(read: Callable[[Tensor], Any], ids: Tensor) -> float:
    begun = time.perf_counter()
    read(ids)
    return time.perf_counter() - begun


def line_of(found: dict[str, Any]) -> list[str]:
    """The line of the table for one way."""
    return [found["way"], f"{found['cold_rows_per_second']:,.0f}", f"{found['warm_rows_per_second']:,.0f}"]


HEAD = ["", "cold rows/s", "warm rows/s"]
