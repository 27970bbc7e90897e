"""Parameters of modules inside of layers, drawn anew."""

from typing import Any

from torch import nn


def reset_inside(*modules: nn.Module | None) -> None:
    """Call `reset_parameters` of modules, and of what they hold, where there is one; None is none."""
    for module in modules:
        reset: Any = getattr(module, "reset_parameters", None)
        if callable(reset):
            reset()
        elif module is not None:
            reset_inside(*module.children())
