"""Whether Triton kernels can run on a device, and the sizes they are launched with."""

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import torch

from .faults import devices_with_faults, raise_faults

DEVICES = ("cuda", "xpu")  # ROCm calls itself cuda
TRIED: frozenset[str] = (
    frozenset()
)  # operators whose kernels kept their contract on a device, not in the interpreter alone


def why_not(device: torch.device) -> str | None:
    """Why kernels in Triton cannot run on a device; None if they can. On the CPU they can in Triton's interpreter."""
    if device.type not in DEVICES and device.type != "cpu":
        return f"there is no kernel for {device.type}"
    if importlib.util.find_spec("triton") is None:
        return "the package triton is not installed"
    if device.type == "cpu" and os.environ.get("TRITON_INTERPRET") != "1":
        return "kernels for a GPU run on the CPU only in Triton's interpreter, with TRITON_INTERPRET=1"
    return None


def untried(name: str) -> str:
    """A remark for `explain` on a kernel that was only interpreted and compiled so far."""
    return "" if name in TRIED else " (kept its contract in Triton's interpreter, never ran on a device)"


def accumulator(dtype: torch.dtype) -> torch.dtype:
    """The dtype in which kernels add values of a dtype; integers wrap around where they are stored."""
    return torch.promote_types(dtype, torch.float32) if dtype.is_floating_point else torch.int64


def dtype_of(dtype: torch.dtype) -> Any:
    """Triton's name of a dtype of torch."""
    return getattr(import_module("triton.language"), str(dtype).removeprefix("torch."))


def block_of(width: int, most: int) -> int:
    """The power of two that holds a width, at most `most`."""
    return min(most, 1 << max(width - 1, 0).bit_length())


@contextmanager
def launching(device: torch.device) -> Iterator[None]:
    """Make a device the current one, and raise what its kernels have noted: before, and where calls wait, after."""
    raise_faults(device)
    if device.type == "cpu":
        yield
        raise_faults(device)
    else:
        with getattr(torch, device.type).device(device):
            yield


def synchronize() -> None:
    """Wait for the devices that kernels ran on, and raise what those kernels have met.

    A kernel on a device leaves out ids that are out of range; the error comes with a later call, or with this one.

    Raises:
        IdError, StructureError: naming the operator that was given an id or a pointer out of range.

    >>> import weft
    >>> weft.ops.synchronize()
    """
    for device in devices_with_faults():
        if device.type != "cpu":
            getattr(torch, device.type).synchronize(device)
        raise_faults(device)
