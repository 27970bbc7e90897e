"""A small bipartite graph, and a layer beside its formula in plain torch: results and all gradients."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from weft.graph import Adjacency

# Targets 3 and 5 have no edge, 2 and 1 have several, 0 -> 1 comes twice.
SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 2, 3, 3]), torch.tensor([1, 1, 2, 2, 0, 4, 1])
NUM_SOURCES, NUM_TARGETS, NUM_EDGES = 4, 6, 7
ADJACENCY = Adjacency(SOURCE, TARGET, num_sources=NUM_SOURCES, num_targets=NUM_TARGETS)


def draw(*shape: int) -> Tensor:
    """Normal numbers that want a gradient."""
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def normal(layer: nn.Module) -> nn.Module:
    """The layer in float64, with no parameter at 0."""
    for parameter in layer.double().parameters():
        nn.init.normal_(parameter)
    return layer


def softmax_by_target(score: Tensor) -> Tensor:
    """Softmax of scores of edges, one target after the other."""
    parts = torch.zeros_like(score)
    for node in range(NUM_TARGETS):
        parts[node == TARGET] = score[node == TARGET].softmax(0)
    return parts


def sum_by_target(messages: Tensor) -> Tensor:
    """Sum of messages, one target after the other."""
    return torch.stack([messages[node == TARGET].sum(0) for node in range(NUM_TARGETS)])


def assert_agree(found: Sequence[Tensor], expected: Sequence[Tensor], wanted: Sequence[Tensor]) -> None:
    """Compare results, and gradients of a function of them to all that is wanted."""
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs)
        options = {"retain_graph": True, "materialize_grads": True, "allow_unused": True}
        gradients = [torch.autograd.grad(out.sin().sum(), wanted, **options) for out in (ours, theirs)]
        for one, other in zip(*gradients, strict=True):
            torch.testing.assert_close(one, other)
