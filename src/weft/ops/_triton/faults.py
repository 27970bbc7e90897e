"""Ids and pointers that do not fit, as kernels note them, and the errors that follow.

A kernel on a device cannot raise. It leaves a wrong id out, writes 1 into a flag of its operator, and goes on. Flags lie in
memory of the host that devices can write, so that reading them waits for nothing: each later call of a kernel looks at them,
and so does `synchronize`, after it has waited. In Triton's interpreter, where calls wait for themselves, they are read at once.
"""

import torch
from torch import Tensor

from ...errors import IdError, StructureError

_flags: dict[tuple[str, torch.device], Tensor] = {}


def faults_of(name: str, device: torch.device) -> Tensor:
    """The two flags of an operator on a device: an id, and a pointer, that did not fit."""
    flags = _flags.get((name, device))
    if flags is None:
        flags = _flags[name, device] = torch.zeros(2, dtype=torch.int32, pin_memory=device.type != "cpu")
    return flags


def devices_with_faults() -> set[torch.device]:
    """The devices on which kernels can have noted something."""
    return {device for _, device in _flags}


def raise_faults(device: torch.device) -> None:
    """Raise what kernels on a device have noted so far.

    Raises:
        IdError, StructureError: naming the operator whose kernel met it.
    """
    for (name, where), flags in _flags.items():
        if where != device:
            continue
        ids, pointers = flags.tolist()
        if ids or pointers:
            flags.zero_()
            what = "a pointer" if pointers else "an id"
            raise (StructureError if pointers else IdError)(
                f"{name}: {what} was out of range on {where}; what it stood for was left out. hint: run the same call on "
                "the CPU, which says which one"
            )
