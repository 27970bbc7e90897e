"""A network as its steps, for layers that take a linear map of it to where there are fewer rows."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn


def steps_of(network: nn.Module) -> list[nn.Module]:
    """The modules that a sequence calls, one after the other; any other network is one step."""
    return list(network) if type(network) is nn.Sequential and len(network) else [network]


def has_hooks(*modules: nn.Module) -> bool:
    """Whether anybody watches the calls of modules, which then have to be made."""
    return any(bool(module._forward_hooks or module._forward_pre_hooks) for module in modules)


def numbered(steps: Sequence[nn.Module]) -> dict[str, nn.Module]:
    """Steps by names, as what a formula shares."""
    return {f"step {at}": step for at, step in enumerate(steps)}


def run(h: Any, shared: Mapping[str, Any]) -> Any:
    """What the steps give, one after the other, of all that a formula shares.

    >>> run(-2.0, {"weight": None, "step 0": abs, "step 1": str})
    '2.0'
    """
    for name in shared:
        if name.startswith("step "):
            h = shared[name](h)
    return h
