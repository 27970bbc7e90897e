"""For all tests: 40 examples of hypothesis, 2,000 with `--hypothesis-profile thorough`; Triton's interpreter; the order."""

import os

import pytest
from hypothesis import settings

os.environ.setdefault(
    "TRITON_INTERPRET", "1"
)  # read when triton is imported; kernels for GPUs then run on the CPU, if asked to

for name, examples in (("brief", 40), ("thorough", 2000)):
    settings.register_profile(name, max_examples=examples, deadline=None)  # a first call loads the native library
settings.load_profile("brief")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let long tests begin first."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
