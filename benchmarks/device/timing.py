"""How long calls take on a device, in turns, and what memory they need."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch


class Clock:
    """Times calls on a device by its own events; on the CPU, for a rehearsal, by the clock."""

    def __init__(self, device: str) -> None:
        self.device = torch.device(device)
        self.module: Any = None if self.device.type == "cpu" else getattr(torch, self.device.type)

    def wait(self) -> None:
        """Wait for everything that was launched."""
        if self.module:
            self.module.synchronize()

    def seconds(self, call: Callable[[], object], number: int) -> float:
        """Seconds of one of `number` calls."""
        self.wait()
        begun = time.perf_counter()
        if not self.module:
            for _ in range(number):
                call()
            return (time.perf_counter() - begun) / number
        first, last = (self.module.Event(enable_timing=True) for _ in range(2))
        first.record()
        for _ in range(number):
            call()
        last.record()
        self.wait()
        return float(first.elapsed_time(last)) / 1000 / number

    def in_turns(self, calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, dict[str, Any]]:
        """Median seconds of each call over rounds in which all take turns, and the bytes it needs beyond what is there.

        Each is compared with the first call; one that cannot run is named with its error.
        """
        found: dict[str, dict[str, Any]] = {}
        numbers: dict[str, int] = {}
        first: Any = None
        for name, call in calls.items():
            try:
                out = call()  # compiles
                first = out if first is None else first
                found[name] = {"difference": difference(out, first)}
                del out
                found[name]["bytes"] = self.extra_bytes(call)
                numbers[name] = max(1, min(50, int(0.02 / max(self.seconds(call, 1), 1e-6))))
            except Exception as error:  # out of memory, or a kernel that does not compile
                found[name] = {"error": f"{type(error).__name__}: {error}"[:500]}
        first = None
        times: dict[str, list[float]] = {name: [] for name in numbers}
        for at in range(rounds):
            order = list(numbers)
            for name in order[at % len(order) :] + order[: at % len(order)] if order else ():
                times[name].append(self.seconds(calls[name], numbers[name]))
        for name, each in times.items():
            found[name] |= {"seconds": statistics.median(each), "rounds": each}
        return found

    def extra_bytes(self, call: Callable[[], object]) -> int | None:
        """Bytes that a call holds at its peak beyond what is allocated before it; None where nobody counts."""
        if not self.module or not hasattr(self.module, "max_memory_allocated"):
            return None
        self.wait()
        before = self.module.memory_allocated()
        self.module.reset_peak_memory_stats()
        call()
        self.wait()
        return int(self.module.max_memory_allocated() - before)

    def copy_bandwidth(self) -> float:
        """Bytes a second, read and written, of a copy of 2 GiB (16 MiB on the CPU)."""
        size = 2**31 if self.module else 2**24
        a = torch.zeros(size // 4, device=self.device)
        b = torch.empty_like(a)
        b.copy_(a)
        return 2 * size / min(self.seconds(lambda: b.copy_(a), 5) for _ in range(5))


def difference(found: torch.Tensor, expected: torch.Tensor) -> float:
    """The largest difference of two results, as a part of the largest value."""
    away = (found.detach().float() - expected.detach().float()).abs().max() if found.numel() else torch.zeros(())
    return float(away) / max(float(expected.detach().abs().max()) if expected.numel() else 0.0, 1e-12)
