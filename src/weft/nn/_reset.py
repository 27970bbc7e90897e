"""Drawing the parameters of modules inside of a layer anew."""

from torch import nn


def reset_inner(module: nn.Module) -> None:
    """Call `reset_parameters` of all modules inside that have it; the module itself is left to its own."""
    for part in module.modules():
        reset = getattr(part, "reset_parameters", None)
        if part is not module and callable(reset):
            reset()
