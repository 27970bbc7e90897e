"""Ids and pointers that do not fit, as kernels note them, and the errors that follow.

A kernel on a device cannot raise. It leaves a wrong id out, writes 1 into a flag of its operator, and goes on. Flags lie in
memory of the host that devices can write, so that reading them waits for nothing: each later call of a kernel looks at them,
and so does `synchronize`, after it has waited. In Triton's interpreter, where calls wait for themselves, they are read at once.
"""

import torch
from torch import Tensor

from ...errors import IdError, StructureError

_NAMES = 256  # operators that have flags; a device has one tensor for all of them, so that one look tells about all
_flags: dict[torch.device, Tensor] = {}
_names: list[str] = []
_views: dict[tuple[str, torch.device], Tensor] = {}


def faults_of(name: str, device: torch.device) -> Tensor:
    """The two flags of an operator on a device: an id, and a pointer, that did not fit."""
    view = _views.get((name, device))
    if view is None:
        if device not in _flags:
            _flags[device] = torch.zeros((_NAMES, 2), dtype=torch.int32, device="cpu", pin_memory=device.type != "cpu")
        if name not in _names:
            _names.append(name)
        view = _views[name, device] = _flags[device][_names.index(name)]
    return view


def devices_with_faults() -> tuple[torch.device, ...]:
    """The devices on which kernels can have noted something."""
    return tuple(_flags)


def raise_faults(device: torch.device) -> None:
    """Raise what kernels on a device have noted so far.

    Raises:
        IdError, StructureError: naming the operator whose kernel met it.
    """
    flags = _flags.get(device)
    if flags is None or not flags.any():
        return
    at = int(flags.sum(1).argmax())
    is_pointer = bool(flags[at, 1])
    flags.zero_()
    raise (StructureError if is_pointer else IdError)(
        f"{_names[at]}: {'a pointer' if is_pointer else 'an id'} was out of range on {device}; what it stood for was left out. "
        "hint: run the same call on the CPU, which says which one"
    )
