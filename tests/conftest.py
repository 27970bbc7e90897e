"""For all tests: 40 examples of hypothesis, 2,000 with `--hypothesis-profile thorough`; Triton's interpreter; the order."""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from unittest import mock

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


@pytest.fixture(scope="session", autouse=True)
def language_patched_once() -> Iterator[None]:
    """In Triton's interpreter a function takes the language as the kernel that calls it has patched it.

    By itself it looks through the language again at every call, which takes two fifths of the time.
    """
    if find_spec("triton") is None:  # it is for Linux alone
        yield
        return
    from triton import language as tl  # not before TRITON_INTERPRET is set
    from triton.runtime import interpreter

    patch, nothing = interpreter._patch_lang, interpreter._LangPatchScope()

    def unless_patched(function: object) -> object:
        seen = [module for module in (tl, tl.core) if any(module is name for name in function.__globals__.values())]
        return patch(function) if any(tl.core.is_builtin(module.load) for module in seen) else nothing

    with mock.patch.object(interpreter, "_patch_lang", unless_patched):
        yield
