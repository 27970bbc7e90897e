"""Which kernels may run. One choice for the process, because autograd runs backward on threads of its own."""

import contextlib
import warnings
from collections.abc import Iterator
from typing import Literal, get_args

from ..errors import NativeLibraryError, WeftWarning, check_choice

Backend = Literal["auto", "native", "triton", "reference"]

active: Backend = "auto"
_warned: set[tuple[str, str]] = set()


@contextlib.contextmanager
def using(backend: Backend) -> Iterator[None]:
    """Choose kernels within the block: "native" or "triton" makes everything else an error, "reference" runs plain torch.

    Native kernels run on the CPU, kernels in Triton on GPUs, and on the CPU in Triton's interpreter (TRITON_INTERPRET=1).

    Raises:
        OptionError: if there is no such backend.

    >>> import torch, weft
    >>> with weft.ops.using("reference"):
    ...     weft.ops.degree(torch.tensor([0, 2, 2]), 3)
    tensor([1, 0, 2])
    """
    check_choice("using", "backend", backend, get_args(Backend))
    global active
    before, active = active, backend
    try:
        yield
    finally:
        active = before


def note_fallback(name: str, reason: str) -> None:
    """Refuse a fallback under using("native"); otherwise warn of it, once for each operator and reason."""
    if active in ("native", "triton"):
        raise NativeLibraryError(f"{name}: the {active} kernel was asked for, but {reason}")
    if active == "auto" and (name, reason) not in _warned:
        _warned.add((name, reason))
        warnings.warn(f"{name} runs its reference in plain torch, which is slower: {reason}", WeftWarning, stacklevel=5)
