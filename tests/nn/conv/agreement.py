"""Comparing a layer with its formula."""

import torch
from torch import Tensor


def assert_same_with_gradients(found: Tensor, expected: Tensor, wanted: list[Tensor]) -> None:
    """The same values, and the same gradients to all that is wanted, of which either may read nothing."""
    torch.testing.assert_close(found, expected)
    options = {"allow_unused": True, "materialize_grads": True}
    gradients = [torch.autograd.grad(out.sin().sum(), wanted, **options) for out in (found, expected)]
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs)


def drawn(*sizes: int) -> Tensor:
    """Random numbers with a gradient."""
    return torch.randn(*sizes, dtype=torch.float64, requires_grad=True)
