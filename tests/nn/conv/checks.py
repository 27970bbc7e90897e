"""A small graph, and a layer's results beside those of its formula: outputs and all gradients."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from weft.graph import Adjacency

# Of the square graph: a self loop on 2, the edge 0 -> 1 twice, node 5 only a source, 6 only a target, 7 isolated.
SOURCE, TARGET = torch.tensor([0, 2, 0, 3, 1, 4, 5, 2, 0, 3, 4]), torch.tensor([1, 2, 1, 0, 4, 3, 1, 6, 2, 1, 0])
NUM_NODES = 8
SQUARE = Adjacency(SOURCE, TARGET, num_sources=NUM_NODES, num_targets=NUM_NODES)
# Of the bipartite graph: source 4 and target 2 have no edge, the edge 1 -> 0 comes twice.
SOURCES, TARGETS = torch.tensor([1, 0, 1, 3, 5, 2, 0, 3, 5]), torch.tensor([0, 1, 0, 0, 3, 3, 4, 4, 1])
NUM_SOURCES, NUM_TARGETS = 6, 5
BIPARTITE = Adjacency(SOURCES, TARGETS, num_sources=NUM_SOURCES, num_targets=NUM_TARGETS)


def random_rows(*shape: int, positive: bool = False) -> Tensor:
    """A leaf that wants a gradient."""
    values = torch.randn(*shape, dtype=torch.float64)
    return (values.abs() + 0.5 if positive else values).requires_grad_()


def settle(layer: torch.nn.Module) -> torch.nn.Module:
    """The layer in float64, with no parameter at 0."""
    layer.double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter)
    return layer


def assert_agrees(found: Tensor, expected: Tensor, wanted: Sequence[Tensor]) -> None:
    """Compare outputs and the gradients of `wanted`."""
    torch.testing.assert_close(found, expected)
    gradients = [torch.autograd.grad(out.sin().sum(), wanted) for out in (found, expected)]
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs)


def matrix(weight: Tensor, num_nodes: int = NUM_NODES) -> Tensor:
    """The square graph as a dense matrix of targets x sources, parallel edges added up."""
    flat = weight.new_zeros(num_nodes * num_nodes).index_add(0, TARGET * num_nodes + SOURCE, weight)
    return flat.reshape(num_nodes, num_nodes)


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
