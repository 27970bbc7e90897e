"""Which kernels may run. One choice for the process, because autograd runs backward on threads of its own."""

import contextlib
import warnings
from collections.abc import Iterator
from typing import Literal

from ..errors import NativeLibraryError, OptionError, WeftWarning

Backend = Literal["auto", "native", "reference"]

active: Backend = "auto"
_warned: set[tuple[str, str]] = set()


@contextlib.contextmanager
def using(backend: Backend) -> Iterator[None]:
    """Choose kernels within the block: "native" makes every fallback an error, "reference" runs plain torch.

    Raises:
        OptionError: if there is no such backend.

    >>> import torch, weft
    >>> with weft.ops.using("reference"):
    ...     weft.ops.degree(torch.tensor([0, 2, 2]), 3)
    tensor([1, 0, 2])
    """
    if backend not in ("auto", "native", "reference"):
        raise OptionError(f'using: expected "auto", "native" or "reference", got {backend!r}')
    global active
    before, active = active, backend
    try:
        yield
    finally:
        active = before


def note_fallback(name: str, reason: str) -> None:
    """Refuse a fallback under using("native"); otherwise warn of it, once for each operator and reason."""
    if active == "native":
        raise NativeLibraryError(f"{name}: the native kernel was asked for, but {reason}")
    if active == "auto" and (name, reason) not in _warned:
        _warned.add((name, reason))
        warnings.warn(f"{name} runs its reference in plain torch, which is slower: {reason}", WeftWarning, stacklevel=5)
