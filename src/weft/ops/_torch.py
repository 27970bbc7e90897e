"""Every name that torch does not promise to keep. If one is missing, all calls take the route through torch.ops."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

PLAIN_TYPES = frozenset({Tensor, torch.nn.Parameter})

try:
    _num_modes: Callable[[], int] = torch._C._len_torch_dispatch_stack
    _in_functorch: Callable[[], bool] = torch._C._are_functorch_transforms_active
    _any_autocast: Callable[[], bool] = torch._C._is_any_autocast_enabled
    _is_profiling: Callable[[], bool] = torch.autograd._profiler_enabled  # type: ignore[attr-defined]
    _is_compiling: Callable[[], bool] = torch.compiler.is_compiling
    forward_ad._current_level  # noqa: B018
    HAS_FAST_ROUTE = True
except AttributeError:  # pragma: no cover
    HAS_FAST_ROUTE = False


def has_numbers(x: object) -> bool:
    """Whether x is a tensor whose memory a kernel can read: no fake, and nothing that wraps one."""
    return type(x) in PLAIN_TYPES


# Dynamo folds the test for functorch levels into a constant from torch 2.6 on.
COMPILES_FUNCTORCH_TEST = tuple(int(part) for part in torch.__version__.split(".")[:2]) >= (2, 6)


def is_ordinary() -> bool:
    """Eager code that nobody watches: no compilation, dispatch mode, functorch or forward-mode level, autocast, profiler."""
    return HAS_FAST_ROUTE and not (
        _is_compiling()
        or _num_modes()
        or _in_functorch()
        or _any_autocast()
        or _is_profiling()
        or forward_ad._current_level >= 0
    )


def is_tracing() -> bool:
    """A compiler or a dispatch mode follows the call, so that values of tensors must not be asked for."""
    return torch.compiler.is_compiling() or (HAS_FAST_ROUTE and _num_modes() > 0)


def is_transforming() -> bool:
    """A torch.func transform or a forward-mode level is active, so that plain torch has to run."""
    if torch.compiler.is_compiling() and not COMPILES_FUNCTORCH_TEST:
        return False
    return bool(torch._C._are_functorch_transforms_active()) or forward_ad._current_level >= 0


def register_vmap(name: str, rule: Callable[..., Any], library: torch.library.Library) -> None:
    """torch.library.register_vmap where torch has it (2.5 and later)."""
    if hasattr(torch.library, "register_vmap"):
        torch.library.register_vmap(name, rule, lib=library)
