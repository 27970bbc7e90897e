"""Which kernel an operator runs, and how: C++ on the CPU, Triton on a GPU, or the calls of torch that are fast there."""

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..errors import DeviceError
from ..native import DTYPES
from . import _backend
from ._structure import Structure
from ._triton.launching import launching, untried, why_not

if TYPE_CHECKING:
    from ._operator import Operator

_CODES = {getattr(torch, name): code for name, code in DTYPES.items()}


def choose(op: "Operator[..., Any]", args: Sequence[Any]) -> tuple[str, str | None]:
    """The kernel for these arguments, "native", "triton" or "torch", and why it cannot run if it cannot."""
    value = args[op.value_at]
    if _backend.active == "reference":
        return "native", 'weft.ops.using("reference") is active'
    if _backend.active == "native" or (value.is_cpu and _backend.active != "triton"):
        if not value.is_cpu:
            return "native", f"it runs on the CPU, not on {value.device.type}"
        return "native", None if value.dtype in op.dtypes else f"there is no kernel for {value.dtype}"
    if op.on_devices is None:
        return "triton", f"there is no kernel for {value.device.type} yet"
    reason = why_not(value.device)
    if reason is None and value.dtype not in op.device_dtypes:
        reason = f"there is no kernel for {value.dtype}"
    return "torch" if op.on_devices == "torch" else "triton", reason


def launch(op: "Operator[..., Any]", args: Sequence[Any], made: Sequence[Tensor | None], dims: tuple[int, ...]) -> None:
    """Run the Triton kernel on the device of the arguments; ids that it left out are an error, now or later."""
    device, given = args[op.value_at].device, on_one_device(op, args)
    assert op.on_devices is not None, f"{op.name} has no kernel for {device}"
    with launching(device):
        import_module(op.on_devices).launch(made, dims, *given)


def on_one_device(op: "Operator[..., Any]", args: Sequence[Any]) -> list[Any]:
    """Arguments as kernels take them: contiguous, and on the device of the one that chooses it."""
    device = args[op.value_at].device
    return [_on(op, device, name, a) for name, a in zip(op.signature.names, args, strict=True)]


def _on(op: "Operator[..., Any]", device: torch.device, name: str, value: Any) -> Any:
    if type(value) is Structure:
        return Structure(*(_on(op, device, name, part) for part in value))
    if type(value) is tuple:  # the ends of a structure
        return tuple(_on(op, device, name, end) for end in value)
    if not isinstance(value, Tensor):
        return value
    if value.device != device and value.dim():  # a seed is read on the host
        kept = op.signature.names[op.value_at]
        raise DeviceError(f"{op.name}: expected `{name}` on {device}, as `{kept}` is, got {value.device}")
    return value.contiguous()


def call_native(
    op: "Operator[..., Any]", args: Sequence[Any], made: Sequence[Tensor | None], dims: tuple[int, ...]
) -> None:
    """Run the C function on addresses of contiguous tensors."""
    fields: list[int] = []
    held: list[Tensor] = []  # contiguous copies have to outlive the call
    for name, at in op.passed:
        value = args[at]
        for t in value.passed(name) if type(value) is Structure else (value,):
            if t is None:
                fields.append(0)
                continue
            if not t.is_cpu:
                kept = op.signature.names[op.value_at]
                raise DeviceError(f"{op.name}: expected `{name}` on the CPU, as `{kept}` is, got {t.device}")
            if not t.is_contiguous():
                t = t.contiguous()
                held.append(t)
            fields.append(t.data_ptr())
    for t in made:
        fields.append(0 if t is None else t.data_ptr())
    ids = args[op.ids_at]
    ids_dtype = torch.int64 if ids is None else ids[1].dtype if type(ids) is Structure else ids.dtype
    assert op.kernel is not None, f"{op.name} has no kernel"
    fields += dims
    op.kernel(_CODES.get(args[op.value_at].dtype, -1), _CODES[ids_dtype], fields)


def explain(op: "Operator[..., Any]", args: Sequence[Any]) -> str:
    """Which kernel runs, and why it is the reference if it is."""
    kind, reason = choose(op, args)
    if reason is not None:
        return f"reference, because {reason}"
    return kind if kind == "native" else _on_devices(op)


def explain_device(op: "Operator[..., Any]", device: torch.device) -> str:
    """What runs for tensors on a device, if their dtype has a kernel."""
    if device.type == "cpu":
        return "native"
    return "reference" if op.on_devices is None or why_not(device) is not None else _on_devices(op)


def _on_devices(op: "Operator[..., Any]") -> str:
    return "torch, which is fast there" if op.on_devices == "torch" else f"triton{untried(op.name)}"
