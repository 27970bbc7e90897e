"""Values that spread along edges, step by step, and are drawn back to where they began."""

from collections.abc import Callable
from typing import Literal, TypeAlias, get_args

from torch import Tensor

from ...errors import DtypeError, OptionError, ShapeError, check_choice, check_probability, message
from ...ops import Structure, spmm
from .._adjacency import Adjacency
from .._graph import Graph
from .._naming import EdgeType
from ._edges import check_weight, inner_edges

Norm: TypeAlias = Literal["both", "right"]
"""Divided by the degrees of both ends, or of the target."""


def spread_values(
    graph: Graph | Adjacency,
    value: Tensor,
    *,
    weight: Tensor | None = None,
    alpha: float = 0.9,
    norm: Norm = "both",
    num_iterations: int = 50,
    after: Callable[[Tensor], Tensor] | None = None,
    edge_type: str | EdgeType | None = None,
) -> Tensor:
    """Send values along the edges again and again, and draw them back to the first ones.

    `y = after(alpha * A y + (1 - alpha) * value)`, `num_iterations` times, beginning with `y = value`

    *Shapes* `value: (num_nodes, *F)`, floating point; `weight: (num_edges,)` -> `(num_nodes, *F)`

    Args:
        weight: of the edges; 1 for each if not given.
        norm: A[i, j] is the weight of the edges j -> i over sqrt(d_out(j) * d_in(i)) for "both", or over d_in(i) for
            "right"; d are sums of weights, one that is not positive counts as 1, and no gradient goes through them.
        after: changes the values of all nodes after each step, to set some of them again, or to bound them.
        edge_type: which edges, if there are several types.

    Raises:
        FeatureError: if there is no such edge type, or several and none was named.
        ShapeError, DtypeError, OptionError: if arguments are of another kind.

    *Source* Zhou, Bousquet, Lal, Weston, Schölkopf (2004), Learning with Local and Global Consistency.

    *Cost* compresses the edges once for the graph, then reads a row of values for each in every iteration.

    >>> import torch
    >>> spread_values(Graph([0, 1], [1, 2]), torch.tensor([[1.0], [0.0], [0.0]]), alpha=0.5, num_iterations=2).squeeze(1)
    tensor([0.5000, 0.2500, 0.2500])
    """
    adjacency = inner_edges("spread_values", graph, edge_type)
    if not value.is_floating_point():
        raise DtypeError(message("spread_values", "`value` in a floating dtype", str(value.dtype)))
    if value.dim() < 1 or value.shape[0] != adjacency.num_targets:
        expected = f"`value` with a row for each of {adjacency.num_targets} nodes"
        raise ShapeError(message("spread_values", expected, str(tuple(value.shape))))
    check_choice("spread_values", "norm", norm, get_args(Norm))
    check_probability("spread_values", "alpha", alpha)
    if num_iterations < 0:
        raise OptionError(message("spread_values", "`num_iterations` of at least 0", str(num_iterations)))
    if weight is not None:
        check_weight("spread_values", weight, adjacency)
        weight = weight.to(value.dtype)
    rows = adjacency.by_target
    if weight is None and not value.requires_grad:
        rows = Structure(*rows[:2])  # the ids of the edges need not be read
    entering = _factors(adjacency, weight, "in", value)
    leaving = None if norm == "right" else _factors(adjacency, weight, "out", value).rsqrt()
    entering = (entering.reciprocal() if norm == "right" else entering.rsqrt()).mul_(alpha)
    restart = value * (1 - alpha)
    for _ in range(num_iterations):
        # In place: no gradient reads what stood there.
        found = spmm(rows, value, weight, "sum", leaving, entering)
        found = found.add_(restart) if alpha < 1 else found
        value = found if after is None else after(found)
    return value


def _factors(adjacency: Adjacency, weight: Tensor | None, side: Literal["in", "out"], like: Tensor) -> Tensor:
    """Sums of the weights of the edges that enter or leave each node; one that is not positive counts as 1."""
    if weight is None:
        total = adjacency.in_degrees() if side == "in" else adjacency.out_degrees()
    else:
        rows = adjacency.by_target if side == "in" else adjacency.by_source
        total = spmm(rows, weight.new_ones(adjacency.num_targets, 1), weight.detach()).squeeze(1)
    total = total.to(like.dtype)
    return total.where(total > 0, 1)
