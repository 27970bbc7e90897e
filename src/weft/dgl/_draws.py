"""Which draws come next: those of torch's generator, or of the batch that a loader makes in this thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from ..ops import Draws

_BATCH_BITS, _EPOCH_BITS = 28, 20
_here = threading.local()


def generator() -> torch.Generator | None:
    """The generator of the batch that is made in this thread; None for torch's own."""
    return getattr(_here, "generator", None)


def next_draws() -> Draws:
    """A key of the engine, drawn from the generator."""
    number = int(torch.randint(2 ** (_BATCH_BITS + _EPOCH_BITS), (), generator=generator(), device="cpu"))
    return Draws(0, number >> _BATCH_BITS, number % 2**_BATCH_BITS)


def next_seed(of: torch.Generator | None = None) -> int:
    """A seed, drawn from a generator, torch's by default."""
    return int(torch.randint(2**62, (), generator=of, device="cpu"))


@contextmanager
def drawing_for(seed: int, number: int) -> Iterator[None]:
    """Let all draws in this thread come from a generator that a seed and the number of a batch tell."""
    before = generator()
    _here.generator = torch.Generator().manual_seed((seed * 1_000_003 + number) % 2**63)
    try:
        yield
    finally:
        _here.generator = before
