"""Two columns combined on the edges of one type, and what targets make of it: tensors in, tensors out.

Ends are called as DGL does: "u" the sources, "v" the targets, "e" the edges.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..errors import ShapeError, message
from ..graph import Adjacency
from ..nn import aggregate, formula
from ..ops import gather_rows, sddmm, segment_reduce, spmm

SIDES = {"u": "source", "v": "target", "e": "edge"}


class Binary(NamedTuple):
    """`{left}_{op}_{right}`: op is add, sub, mul, div or dot, left and right are ends."""

    left: str
    op: str
    right: str


def copy_to_edges(adjacency: Adjacency, end: str, x: Tensor) -> Tensor:
    """The row of one end for every edge."""
    if end == "e":
        return x
    return gather_rows(x, adjacency.source if end == "u" else adjacency.target)


def copy_to_targets(adjacency: Adjacency, end: str, x: Tensor, reduce: str) -> Tensor:
    """The rows of sources, or edges, that reach every target, reduced; 0 where there are none."""
    rows = adjacency.by_target
    if end == "u":
        return spmm(rows, x, None, reduce)  # type: ignore[arg-type]
    return segment_reduce(rows.indptr, x, rows.edge, reduce)  # type: ignore[arg-type]


def combine(adjacency: Adjacency, how: Binary, left: Tensor, right: Tensor) -> Tensor:
    """Both columns combined on every edge."""
    x, y = _operands(left, right)
    if x.is_floating_point():
        found = sddmm(adjacency.by_target, x, y, how.op, SIDES[how.left], SIDES[how.right])  # type: ignore[arg-type]
        found = found.unsqueeze(-1) if how.op == "dot" else found
    else:  # No kernel takes integers; torch does, and the result has a row for each edge anyway.
        found = _COMBINED[how.op](copy_to_edges(adjacency, how.left, x), copy_to_edges(adjacency, how.right, y))
    return _squeezed(found, left, right)


def combine_and_reduce(adjacency: Adjacency, how: Binary, left: Tensor, right: Tensor, reduce: str) -> Tensor:
    """Both columns combined on every edge, and reduced for every target; 0 where there is no edge."""
    x, y = _operands(left, right)
    if not x.is_floating_point():
        return copy_to_targets(adjacency, "e", combine(adjacency, how, left, right), reduce)
    if how.op == "mul" and how.left + how.right in ("ue", "eu"):
        source, weight = (x, y) if how.left == "u" else (y, x)
        heads = _heads(source, weight)
        if heads is not None:
            found = spmm(adjacency.by_target, source, heads, reduce)  # type: ignore[arg-type]
            return _squeezed(found, left, right)
    return _squeezed(aggregate(adjacency, _formula(how), reduce=reduce, **_named(how, x, y)), left, right)


def cross(columns: Sequence[Tensor], degrees: Sequence[Tensor], reduce: str) -> Tensor:
    """Reduce what nodes got along several edge types, where those that got nothing along a type hold 0 there.

    Args:
        degrees: how many messages each node got, for each type.
        reduce: "sum", "mean" (over the types), "max" or "min" (over the types that brought something).
    """
    if reduce in ("sum", "mean"):
        total = torch.stack(tuple(columns)).sum(0)
        return total if reduce == "sum" else total / len(columns)
    found, has = columns[0], degrees[0] > 0
    for column, degree in zip(columns[1:], degrees[1:], strict=True):
        wins = (column > found if reduce == "max" else column < found) | column.isnan()
        brings = degree > 0
        takes = _along(brings, column) & (wins | ~_along(has, column))
        found, has = torch.where(takes, column, found), has | brings
    return found


def _along(mask: Tensor, x: Tensor) -> Tensor:
    return mask.reshape(-1, *(1,) * (x.dim() - 1))


def _operands(left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
    """Both columns of the dtype that torch promotes to, and of as many dimensions, leading ones of length 1 added."""
    ranks = left.dim(), right.dim()
    if left.dtype is right.dtype and ranks[0] == ranks[1] > 1:
        return left, right
    if 0 in ranks:
        got = f"shapes {tuple(left.shape)} and {tuple(right.shape)}"
        raise ShapeError(message("message", "a row for each node or edge in both columns", got))
    if left.dtype != right.dtype:
        dtype = torch.promote_types(left.dtype, right.dtype)
        left, right = left.to(dtype), right.to(dtype)
    rank = max(*ranks, 2)
    return _widened(left, rank), _widened(right, rank)


def _widened(x: Tensor, rank: int) -> Tensor:
    return x if x.dim() == rank else x.reshape(x.shape[0], *(1,) * (rank - x.dim()), *x.shape[1:])


def _squeezed(found: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """Numbers of one dimension combine to numbers of one dimension."""
    return found.squeeze(1) if left.dim() == right.dim() == 1 else found


def _heads(x: Tensor, weight: Tensor) -> Tensor | None:
    """The weights without trailing dimensions of length 1, if the others are those that x has first."""
    shape = weight.shape
    rank = len(shape)
    while rank > 1 and shape[rank - 1] == 1:
        rank -= 1
    if rank == 1:
        return weight.reshape(-1)
    return weight.reshape(shape[:rank]) if shape[1:rank] == x.shape[1:rank] else None


def _named(how: Binary, left: Tensor, right: Tensor) -> dict[str, Any]:
    if how.left == how.right:
        return {SIDES[how.left]: {"x": left, "y": right}}
    return {SIDES[how.left]: {"x": left}, SIDES[how.right]: {"y": right}}


@cache
def _formula(how: Binary) -> Any:
    """The formula of a binary message: x and y combined."""
    lhs, op, rhs = SIDES[how.left], _COMBINED[how.op], SIDES[how.right]

    def combined(source: Any, target: Any, edge: Any) -> Any:
        sides = {"source": source, "target": target, "edge": edge}
        return op(sides[lhs]["x"], sides[rhs]["y"])

    return formula(combined)


_COMBINED: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "dot": lambda x, y: (x * y).sum(-1).unsqueeze(-1),
}
