"""Propagation over edges normalised by degrees, the step that layers of several hops repeat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import OptionError, ShapeError, message
from ..graph import Adjacency
from ..ops import Structure, spmm
from ._apply_edges import apply_edges
from ._formula import formula

Norm = Literal["none", "both", "in", "left", "right"]
NORMS = ("none", "both", "in", "left", "right")

_times_both = formula(lambda source, target, edge: source["by"] * target["by"] * edge["w"])
_times_source = formula(lambda source, target, edge: source["by"] * edge["w"])
_times_target = formula(lambda source, target, edge: target["by"] * edge["w"])


class Propagation(NamedTuple):
    """One step, `out[i] = by_target[i] * sum over edges e = j -> i of weight[e] * by_source[j] * x[j]`.

    No weight of an edge is written for the norm: numbers of nodes stand for it, unless weights want a gradient.
    """

    rows: Structure
    weight: Tensor | None
    by_source: Tensor | None
    by_target: Tensor | None

    def __call__(self, x: Tensor) -> Tensor:
        """Send x over the edges, once, in its dtype: autocast would round the sums of every hop."""
        weight = None if self.weight is None else self.weight.to(x.dtype)
        with torch.autocast(x.device.type, enabled=False):
            return spmm(self.rows, x, weight, "sum", self.by_source, self.by_target)


def propagation(
    adjacency: Adjacency, x: Tensor, edge_weight: Tensor | None, norm: Norm, factor: float | Tensor = 1.0
) -> Propagation:
    """The step for features like x.

    Args:
        norm: divides by sums d of weights (without them, numbers of edges) that leave or enter a node, of which one that is
            not positive counts as 1: "both" by sqrt(d_out(j) * d_in(i)), "in" by sqrt(d_in(j) * d_in(i)), "left" by
            d_out(j), "right" by d_in(i), "none" by nothing.
        factor: a number, or one for each target, that the result is multiplied by.

    Raises:
        ShapeError: if a bipartite graph comes with "in", whose sources no edge enters.
    """
    by_source, by_target = factors(adjacency, edge_weight, norm, x.dtype)
    if edge_weight is not None and edge_weight.requires_grad and norm != "none":
        edge_weight, by_source, by_target = _normalised(adjacency, edge_weight, by_source, by_target), None, None
    if isinstance(factor, Tensor) or factor != 1:
        ones = x.new_ones(adjacency.num_targets) if by_target is None else by_target
        by_target = (ones * factor).to(x.dtype)
    return Propagation(adjacency.by_target, edge_weight, by_source, by_target)


def scaled_by(adjacency: Adjacency, edge_weight: Tensor | None, by_node: Tensor, factor: float) -> Propagation:
    """The step that multiplies by numbers of nodes at both ends, and the result by `factor`."""
    if by_node.requires_grad:
        assert edge_weight is not None, "numbers of nodes have gradients through weights"
        weight = _normalised(adjacency, edge_weight, by_node, by_node * factor)
        return Propagation(adjacency.by_target, weight, None, None)
    return Propagation(adjacency.by_target, edge_weight, by_node, by_node * factor)


def map_narrow(fc: nn.Linear, x: Tensor, hops: Callable[[Tensor], Tensor]) -> Tensor:
    """`fc(hops(x))` for hops that are linear, with the map before or after them, whichever is narrower."""
    if fc.in_features <= fc.out_features:
        mapped: Tensor = fc(hops(x))
        return mapped
    h = hops(functional.linear(x, fc.weight))
    # In place: a fresh N x F costs more than the addition, and no gradient reads what stood there.
    return h if fc.bias is None else h.add_(fc.bias)


def normalised_weight(adjacency: Adjacency, edge_weight: Tensor, norm: Norm, eps: float = 0.0) -> Tensor:
    """Weights of edges divided as `propagation` does, by edge id; `eps` is added to the sums."""
    return _normalised(adjacency, edge_weight, *factors(adjacency, edge_weight, norm, edge_weight.dtype, eps))


def factors(
    adjacency: Adjacency, edge_weight: Tensor | None, norm: Norm, dtype: torch.dtype, eps: float = 0.0
) -> tuple[Tensor | None, Tensor | None]:
    """What sources and targets are multiplied by; None stands for 1. `eps` is added to sums of weights."""

    def entering(power: float) -> Tensor:
        if edge_weight is None:
            return adjacency.in_degree_powers(power, dtype)
        return _power(in_sums(adjacency, edge_weight), power, dtype, eps)

    def leaving(power: float) -> Tensor:
        if edge_weight is None:
            return adjacency.out_degree_powers(power, dtype)
        return _power(_sums(adjacency.by_source, adjacency.num_targets, edge_weight), power, dtype, eps)

    if norm == "none":
        return None, None
    if norm == "right":
        return None, entering(-1.0)
    if norm == "in":
        if adjacency.num_sources != adjacency.num_targets:
            got = f"{adjacency.num_sources} sources and {adjacency.num_targets} targets"
            raise ShapeError(message("norm", 'a square graph for "in", which counts edges that enter sources', got))
        both = entering(-0.5)
        return both, both
    return (leaving(-1.0), None) if norm == "left" else (leaving(-0.5), entering(-0.5))


def symmetric_factors(adjacency: Adjacency, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """1 / sqrt of the number of edges, at least 1, that leave every source and that enter every target."""
    return adjacency.out_degree_powers(-0.5, dtype), adjacency.in_degree_powers(-0.5, dtype)


def check_hops(where: str, k: int, least: int) -> None:
    """Refuse numbers of hops that are too small.

    Raises:
        OptionError: if `k` is less than `least`.
    """
    if k < least:
        raise OptionError(message(where, f"`k` of at least {least}", str(k)))


def in_sums(adjacency: Adjacency, edge_weight: Tensor | None) -> Tensor:
    """Sum of the weights of the edges that enter each target, or their number."""
    if edge_weight is None:
        return adjacency.in_degrees()
    return _sums(adjacency.by_target, adjacency.num_sources, edge_weight)


def _sums(rows: Structure, num_sources: int, edge_weight: Tensor) -> Tensor:
    return spmm(rows, edge_weight.new_ones(num_sources, 1), edge_weight).squeeze(-1)


def _power(total: Tensor, power: float, dtype: torch.dtype, eps: float) -> Tensor:
    """Powers of sums, of which one that is not positive counts as 1; float32 at least, then rounded once."""
    total = total.to(torch.promote_types(dtype, torch.float32)) + eps
    return total.masked_fill(total <= 0, 1.0).pow(power).to(dtype)


def _normalised(adjacency: Adjacency, weight: Tensor, by_source: Tensor | None, by_target: Tensor | None) -> Tensor:
    given: dict[str, Any] = {"edge": {"w": weight}}
    if by_source is not None:
        given["source"] = {"by": by_source.to(weight.dtype)}
    if by_target is not None:
        given["target"] = {"by": by_target.to(weight.dtype)}
    sent = _times_both if len(given) == 3 else _times_source if by_source is not None else _times_target
    return weight if len(given) == 1 else apply_edges(adjacency, sent, **given)  # type: ignore[return-value]
