"""Values that spread along edges, step by step, and are drawn back to where they began."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from ...errors import OptionError, ShapeError, check_choice, check_probability, message
from ...graph import Adjacency, adjacency_of
from .._arguments import Edges, check_edge_weight
from .._propagation import propagation

Norm = Literal["both", "in", "right"]
NORMS = ("both", "in", "right")


def diffuse(
    where: str,
    graph: Edges,
    y: Tensor,
    *,
    edge_weight: Tensor | None,
    num_steps: int,
    alpha: float,
    norm: Norm,
    after: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Repeat `y = after(alpha * A y + (1 - alpha) * y_first)`, where A is normalised as `propagation` does.

    *Shapes* `y: (num_nodes, *) -> (num_nodes, *)`; `edge_weight: (num_edges,)`

    Raises:
        ShapeError: if the graph is not square, or `y` or the weights do not fit it.
    """
    adjacency = square(where, graph, y)
    check_edge_weight(where, edge_weight, adjacency)
    step, first = propagation(adjacency, y, edge_weight, norm, alpha), y * (1 - alpha)
    for _ in range(num_steps):
        # In place: no gradient reads what stood there.
        y = step(y).add_(first)
        if after is not None:
            y = after(y)
    return y


def check_diffusion(where: str, num_steps: int, alpha: float, norm: str) -> None:
    """Refuse what does not exist.

    Raises:
        OptionError: if there is a negative number of steps, or `alpha` is no probability, or no such norm.
    """
    check_choice(where, "norm", norm, NORMS)
    check_probability(where, "alpha", alpha)
    if num_steps < 0:
        raise OptionError(message(where, "a number of steps that is not negative", str(num_steps)))


def square(where: str, graph: Edges, y: Tensor) -> Adjacency:
    """The adjacency of a graph whose sources are its targets, of which `y` has a row for each.

    Raises:
        ShapeError: if it is another, or `y` does not fit it.
    """
    adjacency = adjacency_of(graph)
    count = adjacency.num_targets
    if adjacency.num_sources != count:
        raise ShapeError(message(where, "one set of nodes", f"{adjacency.num_sources} sources and {count} targets"))
    if y.dim() == 0 or y.shape[0] != count:
        raise ShapeError(message(where, f"a row for each of {count} nodes", str(tuple(y.shape))))
    return adjacency


def one_hot(where: str, labels: Tensor, count: int) -> Tensor:
    """Labels as rows of probabilities: classes become rows with a 1; rows of numbers stay as they are.

    *Shapes* `labels: (num_nodes,)`, integers, or `(num_nodes, num_classes)` -> `(num_nodes, num_classes)`

    Raises:
        ShapeError: if they are neither.
    """
    if labels.dim() == 1 and not labels.is_floating_point():
        num_classes = int(labels.max()) + 1 if labels.numel() else 0
        return (labels.unsqueeze(1) == torch.arange(num_classes, device=labels.device)).float()
    if labels.dim() != 2 or labels.shape[0] != count:
        expected = f"`labels` of shape ({count},), integers, or ({count}, num_classes)"
        raise ShapeError(message(where, expected, str(tuple(labels.shape))))
    return labels if labels.is_floating_point() else labels.float()
