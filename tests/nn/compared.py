"""A small graph, and a layer's results beside those of its formula in plain torch: outputs and all gradients."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from weft.graph import Adjacency

# 0 -> 1 comes twice. Of the square graph: a self loop on 2, node 3 only a source, 4 only a target, 5 isolated.
# Of the bipartite graph: targets 3 and 5 have no edge, 1 and 2 have several.
SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 2, 3, 3]), torch.tensor([1, 1, 2, 2, 0, 4, 1])
NUM_SOURCES, NUM_TARGETS, NUM_EDGES = 4, 6, 7
NUM_NODES = NUM_TARGETS
BIPARTITE = Adjacency(SOURCE, TARGET, num_sources=NUM_SOURCES, num_targets=NUM_TARGETS)
SQUARE = Adjacency(SOURCE, TARGET, num_sources=NUM_NODES, num_targets=NUM_NODES)


def drawn(*shape: int, positive: bool = False) -> Tensor:
    """Random numbers that want a gradient."""
    values = torch.randn(*shape, dtype=torch.float64)
    return (values.abs() + 0.5 if positive else values).requires_grad_()


def settled(layer: Any) -> Any:
    """The layer in float64, with parameters and statistics that are neither 0 nor 1."""
    layer = layer.double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(0.7 * torch.randn_like(parameter))
        for buffer in layer.buffers():
            if buffer.is_floating_point():
                buffer.copy_(torch.rand_like(buffer) + 0.5)
    return layer


def sums(messages: Tensor, reduce: str = "sum", num_targets: int = NUM_TARGETS) -> Tensor:
    """Messages of the edges, reduced target by target; 0 without any."""
    rows = []
    for target in range(num_targets):
        mine = messages[target == TARGET]
        one = mine.amax(0) if reduce == "max" and len(mine) else mine.sum(0)
        rows.append(one / max(len(mine), 1) if reduce == "mean" else one)
    return torch.stack(rows)


def softmax_by_target(score: Tensor) -> Tensor:
    """Softmax of scores of edges, target by target."""
    parts = torch.zeros_like(score)
    for target in range(NUM_TARGETS):
        parts[target == TARGET] = score[target == TARGET].softmax(0)
    return parts


def matrix(weight: Tensor) -> Tensor:
    """The square graph as a dense matrix of targets x sources, parallel edges added up."""
    flat = weight.new_zeros(NUM_NODES * NUM_NODES).index_add(0, TARGET * NUM_NODES + SOURCE, weight)
    return flat.reshape(NUM_NODES, NUM_NODES)


def normalised(dense: Tensor, norm: str) -> Tensor:
    """A dense matrix with its entries divided by sums of columns and rows; a sum of 0 divides nothing."""
    out, enter = (torch.where(total > 0, total, 1.0) for total in (dense.sum(0), dense.sum(1)))
    by: dict[str, Callable[[], Tensor]] = {
        "none": lambda: dense,
        "both": lambda: dense / (enter[:, None] * out[None, :]).sqrt(),
        "in": lambda: dense / (enter[:, None] * enter[None, :]).sqrt(),
        "left": lambda: dense / out,
        "right": lambda: dense / enter[:, None],
    }
    return by[norm]()


def assert_agrees(
    found: Tensor | Sequence[Tensor], expected: Tensor | Sequence[Tensor], wanted: Sequence[Tensor]
) -> None:
    """Compare results, and the gradients of a function of each to all that is wanted, of which it may read nothing."""
    found, expected = ([each] if isinstance(each, Tensor) else list(each) for each in (found, expected))
    options = {"retain_graph": True, "materialize_grads": True, "allow_unused": True}
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs)
        gradients = [torch.autograd.grad(out.sin().sum(), wanted, **options) for out in (ours, theirs)]
        for one, other in zip(*gradients, strict=True):
            torch.testing.assert_close(one, other)
