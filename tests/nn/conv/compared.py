"""A graph for tests of layers, and the comparison of a layer with its formula: results and all gradients."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from weft.graph import Adjacency

SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 2, 3, 3]), torch.tensor([1, 1, 2, 2, 0, 4, 1])
NUM_SOURCES, NUM_TARGETS, NUM_EDGES = 4, 6, 7
BIPARTITE = Adjacency(SOURCE, TARGET, num_sources=NUM_SOURCES, num_targets=NUM_TARGETS)
SQUARE = Adjacency(SOURCE, TARGET, num_sources=NUM_TARGETS, num_targets=NUM_TARGETS)


def drawn(*shape: int, seed: int = 0) -> Tensor:
    """Random numbers with a gradient."""
    generator = torch.Generator().manual_seed(seed + sum(shape))
    return torch.randn(*shape, generator=generator, dtype=torch.float64).requires_grad_()


def settled(layer: Any) -> Any:
    """The layer in float64 with parameters and statistics that are neither 0 nor 1."""
    generator = torch.Generator().manual_seed(1)
    layer = layer.double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64) * 0.7)
        for buffer in layer.buffers():
            if buffer.is_floating_point():
                buffer.copy_(torch.rand(buffer.shape, generator=generator, dtype=torch.float64) + 0.5)
    return layer


def sums(messages: Tensor, reduce: str = "sum", num_targets: int = NUM_TARGETS) -> Tensor:
    """Messages of the edges, reduced target by target in plain torch; 0 without any."""
    rows = []
    for target in range(num_targets):
        mine = messages[target == TARGET]
        one = mine.amax(0) if reduce == "max" and len(mine) else mine.sum(0)
        rows.append(one / max(len(mine), 1) if reduce == "mean" else one)
    return torch.stack(rows)


def assert_agrees(
    found: Tensor | Sequence[Tensor], expected: Tensor | Sequence[Tensor], wanted: Sequence[Tensor]
) -> None:
    """Compare results, and the gradients of a function of them."""
    found, expected = ([each] if isinstance(each, Tensor) else list(each) for each in (found, expected))
    torch.testing.assert_close(found, expected)
    totals = [torch.stack([out.sin().sum() for out in outs]).sum() for outs in (found, expected)]
    gradients = [torch.autograd.grad(total, wanted, allow_unused=True, materialize_grads=True) for total in totals]
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs)
