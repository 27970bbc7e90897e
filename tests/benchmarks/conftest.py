"""Benchmarks collect garbage before they time: here it is that of thousands of collected tests, which is left out."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def nothing_to_collect() -> Iterator[None]:
    """Hide what is there already from the garbage collector."""
    gc.freeze()
    yield
    gc.unfreeze()
