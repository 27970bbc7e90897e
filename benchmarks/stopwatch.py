"""Times the passes of a call that is ready, and measures what a step of it holds."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from . import memory

NUM_SAMPLES = 4096
LARGE = 2**29  # bytes; a larger cotangent is not kept while the other libraries run
LONG_ENOUGH = 2e-2  # seconds that one timed run should take at least


class Stopwatch:
    """A call, the leaves that are differentiated, and the shape and dtype of what it gives.

    Args:
        backward: whether the call has a gradient.
    """

    def __init__(
        self,
        call: Callable[[], Any],
        leaves: list[Tensor],
        shape: tuple[int, ...],
        dtype: torch.dtype,
        *,
        backward: bool,
    ) -> None:
        self.call, self.leaves, self.backward = call, leaves, backward
        self.shape, self.dtype = shape, dtype
        self.gradient: Tensor | None = None

    def time(self, what: str, number: int) -> dict[str, Any]:
        """Time `number` calls of a pass and give the seconds of one.

        One call goes first and is not timed: while other libraries run, the system takes back the memory that this one freed (a
        virtual machine even gives it to its host), and in a training loop no other library runs in between.
        """
        if what in ("backward", "step"):
            self.make_gradient()
        gc.collect()
        gc.disable()
        run = getattr(self, f"_{what}")
        try:
            run(1)
            return {"seconds": run(number) / number}
        finally:
            gc.enable()
            if self.gradient is not None and self.gradient.nbytes > LARGE:
                self.gradient = None

    def memory(self) -> dict[str, Any]:
        """Say how many bytes one step, forward and where there is one backward, holds at its peak beyond its inputs."""
        run: Callable[[int], float] = self._forward
        if self.backward:
            self.make_gradient()
            run = self._step
        run(1)  # buffers that are made once are no part of a step
        found, method = memory.extra_bytes(lambda: run(1))
        return {"bytes": found, "method": method}

    def make_gradient(self) -> None:
        """Draw the gradient of the output, unless it is there."""
        if self.gradient is None:
            self.gradient = torch.from_numpy(cotangent(self.shape)).to(self.dtype)

    def calibrate(self, what: str) -> dict[str, Any]:
        """Say how many calls one timed run needs to be long enough."""
        seconds = self.time(what, 1)["seconds"]
        if seconds < LONG_ENOUGH:
            seconds = min(self.time(what, 1)["seconds"] for _ in range(3))
        return {"number": max(1, min(2000, int(LONG_ENOUGH / max(seconds, 1e-7)))), "seconds": seconds}

    def _forward(self, number: int) -> float:
        with torch.no_grad():
            return self._calls(number)

    def _forward_with_grad(self, number: int) -> float:
        return self._calls(number)

    def _calls(self, number: int) -> float:
        call = self.call
        begun = time.perf_counter()
        for _ in range(number):
            call()
        return time.perf_counter() - begun

    def _backward(self, number: int) -> float:
        total = 0.0
        for _ in range(number):
            out = self.call()
            begun = time.perf_counter()
            torch.autograd.grad(out, self.leaves, self.gradient)
            total += time.perf_counter() - begun
        return total

    def _step(self, number: int) -> float:
        begun = time.perf_counter()
        for _ in range(number):
            out = self.call()
            torch.autograd.grad(out, self.leaves, self.gradient)
        return time.perf_counter() - begun


def cotangent(shape: tuple[int, ...]) -> np.ndarray:
    """Draw the gradient of an output; rows repeat with a prime period, so that a large one is drawn fast."""
    period = min(shape[0], 8191)
    block = np.random.default_rng(13).standard_normal((period, *shape[1:]), dtype=np.float32)
    return np.resize(block, shape)


def sample(value: Tensor) -> dict[str, Any]:
    """Sum a tensor up and take some of its entries, at places drawn from its size alone."""
    flat = value.reshape(-1)
    at = torch.from_numpy(np.random.default_rng(17).integers(0, max(len(flat), 1), NUM_SAMPLES))
    entries = flat[at] if len(flat) else flat
    return {
        "shape": list(value.shape),
        "exact": not value.is_floating_point(),
        "sum": float(flat.sum(dtype=torch.float64)),
        "entries": [float(entry) for entry in entries],
    }
