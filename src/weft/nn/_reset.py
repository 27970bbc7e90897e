"""Parameters of modules inside of layers, drawn anew."""

from collections.abc import Callable, Iterable
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


def draw_glorot(
    named: Iterable[tuple[str, nn.Parameter]], draw: Callable[..., Any] = nn.init.xavier_uniform_, *, relu: bool = False
) -> None:
    """Draw parameters from Glorot's distribution and set those whose name ends in "bias" to 0.

    Args:
        draw: `xavier_uniform_` or `xavier_normal_`.
        relu: whether with the gain of relu.
    """
    gain = nn.init.calculate_gain("relu") if relu else 1.0
    for name, parameter in named:
        if name.endswith("bias"):
            nn.init.zeros_(parameter)
        else:
            draw(parameter, gain=gain)
