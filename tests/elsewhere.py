"""A device that is not there: its tensors lie in the CPU's memory, but meet those on the CPU only where a GPU's may.

What runs on a GPU can so be tried without one. Tensors say that they are on `DEVICE`, a call that mixes them with others is an
error, operators run the kernels that devices have in Triton's interpreter, and calls that wait for the device are noted.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from unittest import mock

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten, tree_map, tree_unflatten
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend
from triton.runtime import interpreter

from weft.ops import REGISTRY, _backend, _torch, using
from weft.ops._triton import launching


class _Module:
    """What torch and weft ask of the module of a device."""

    device = staticmethod(lambda device: contextlib.nullcontext())
    synchronize = staticmethod(lambda device=None: None)
    get_amp_supported_dtype = staticmethod(lambda: [torch.bfloat16, torch.float16])
    is_available = staticmethod(lambda: True)
    is_initialized = staticmethod(lambda: True)
    device_count = staticmethod(lambda: 1)
    current_device = staticmethod(lambda: 0)
    manual_seed_all = staticmethod(lambda seed: None)
    get_rng_state = staticmethod(lambda device=None: torch.empty(0, dtype=torch.uint8))  # torch saves it in every trace
    set_rng_state = staticmethod(lambda state, device=None: None)
    _is_in_bad_fork = staticmethod(lambda: False)


_setup_privateuseone_for_python_backend("elsewhere", _Module)
DEVICE, CPU = torch.device("elsewhere:0"), torch.device("cpu")
_CROSSES = {"_to_copy", "copy_"}  # calls whose tensors may be on two devices
_WAITS = {"_local_scalar_dense", "equal", "nonzero", "masked_select", "_unique2", "unique_dim", "unique_consecutive"}
waits: list[str] = []
"""The calls that waited for the device, since the block began."""


class Elsewhere(Tensor):
    """A tensor on `DEVICE`, held by one on the CPU."""

    held: Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, held: Tensor) -> Elsewhere:
        """Make a tensor of the same form."""
        form = {"strides": held.stride(), "storage_offset": held.storage_offset(), "dtype": held.dtype}
        made: Elsewhere = Tensor._make_wrapper_subclass(cls, held.shape, device=DEVICE, **form)  # type: ignore[attr-defined]
        made.held = held
        return made

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run a call of torch on what is held."""
        kwargs = kwargs or {}
        flat, spec = tree_flatten((args, kwargs))
        name = func._schema.name.partition("::")[2]
        apart = [x for x in flat if isinstance(x, Tensor) and not isinstance(x, Elsewhere) and x.dim()]
        if apart and name not in _CROSSES:
            raise RuntimeError(
                f"{name}: expected all tensors on {DEVICE}, got one of {tuple(apart[0].shape)} on the CPU"
            )
        copies = name == "copy_" and not isinstance(args[0], Elsewhere)
        leaves = copies or (name == "_to_copy" and kwargs.get("device") == CPU)
        counts = name == "repeat_interleave" and kwargs.get("output_size") is None
        if leaves or counts or name in _WAITS:
            waits.append(name)
        given, options = tree_unflatten(map(_there, flat), spec)
        with _kernels(func, name):
            found = func(*given, **options)
        if leaves:
            return args[0] if copies else found
        own = {id(x.held): x for x in flat if isinstance(x, Elsewhere)}
        return tree_map(lambda x: own[id(x)] if id(x) in own else Elsewhere(x) if isinstance(x, Tensor) else x, found)


def _there(x: Any) -> Any:
    if isinstance(x, Elsewhere):
        return x.held
    return CPU if isinstance(x, torch.device) and x == DEVICE else x


def _kernels(func: Any, name: str) -> Any:
    """An operator of weft runs its kernel for devices, or the reference if it has none and `using("triton")` is not active."""
    if func.namespace != "weft":
        return contextlib.nullcontext()
    return using("triton" if REGISTRY[name].on_devices or _backend.active == "triton" else "reference")


class _Places(TorchFunctionMode):
    """Takes calls that name the device to the CPU, and what they give to the device; makes lists of its tensors.

    All memory of the host is taken for page-locked.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = {name: value for name, value in (kwargs or {}).items() if name != "pin_memory"}
        if func is Tensor.tolist and isinstance(args[0], Elsewhere):
            waits.append("tolist")
            return args[0].held.tolist()
        devices = [kwargs.get("device"), *(x for x in args if isinstance(x, torch.device))]
        if DEVICE not in devices or func is torch._C._nn._parse_to:
            return func(*args, **kwargs)
        given, options = tree_map(_there, (args, kwargs))
        wants_gradient = options.pop("requires_grad", False)
        found = func(*given, **options)
        if args and found is given[0]:
            return args[0] if isinstance(args[0], Elsewhere) else Elsewhere(found.detach().clone())
        return Elsewhere(found).requires_grad_(wants_gradient)


def _empty(*args: Any, device: Any = None, **options: Any) -> Elsewhere:
    return Elsewhere(torch.empty(*args, device=CPU, **options))


def _empty_strided(*args: Any, device: Any = None, **options: Any) -> Elsewhere:
    return Elsewhere(torch.empty_strided(*args, device=CPU, **options))


def _copy_from(given: Tensor, to: Tensor, non_blocking: bool = False) -> Tensor:
    _there(to).copy_(_there(given))
    return to


_LIBRARY = torch.library.Library("aten", "IMPL")  # what calls of torch ask of a device by themselves
_LIBRARY.impl("empty.memory_format", _empty, "PrivateUse1")
_LIBRARY.impl("empty_strided", _empty_strided, "PrivateUse1")
_LIBRARY.impl("_copy_from", _copy_from, "PrivateUse1")


@contextlib.contextmanager
def elsewhere() -> Iterator[torch.device]:
    """Within the block there is a device."""
    waits.clear()
    run = interpreter.GridExecutor.__call__

    def interpreted(executor: Any, *args: Any, **kwargs: Any) -> Any:
        return run(executor, *map(_there, args), **{name: _there(x) for name, x in kwargs.items()})

    with (
        _Places(),
        mock.patch.object(_torch, "PLAIN_TYPES", _torch.PLAIN_TYPES | {Elsewhere}),
        mock.patch.object(launching, "DEVICES", (DEVICE.type,)),
        mock.patch.object(torch.__future__, "_overwrite_module_params_on_conversion", True),
        mock.patch.object(interpreter.GridExecutor, "__call__", interpreted),
    ):
        yield DEVICE


def assert_alike(there: Any, here: Any, *, within: float = 0.0) -> None:
    """Everything that was made there is on the device, and what the CPU makes.

    Args:
        within: how far numbers may be from those of the CPU, absolutely and relatively; bit by bit without it.
    """
    found, expected = _leaves(there), _leaves(here)
    assert len(found) == len(expected)
    for mine, wanted in zip(found, expected, strict=True):
        if not isinstance(wanted, Tensor):
            assert mine == wanted or (within and abs(mine - wanted) <= within)
            continue
        assert mine.device == DEVICE, f"{mine} is on {mine.device}"
        torch.testing.assert_close(mine.detach().cpu(), wanted.detach(), rtol=within, atol=within, equal_nan=True)


def _leaves(x: Any) -> list[Any]:
    """Tensors and plain values of a result, those of objects among them."""
    found = []
    for leaf in tree_flatten(x)[0]:
        is_value = isinstance(leaf, (Tensor, int, float, str, type(None))) or not hasattr(leaf, "__dict__")
        found += [leaf] if is_value else [each for part in vars(leaf).values() for each in _leaves(part)]
    return found
