"""Formulas that an operator was made for: rows of sources, weighted or not, and attention."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..ops import Structure, dot_attention, gat_attention, gatv2_attention, spmm
from ._expression import Expression
from ._lower import Name

Tensors = Mapping[Name, Tensor]


class Recognised(NamedTuple):
    """The operator, and its call on the edges of a graph; tensors are cast to the dtype that is given."""

    kernel: str
    call: Callable[[Structure, torch.dtype], Tensor]


def recognise(expressions: tuple[Expression, ...], kind: str, tensors: Tensors) -> Recognised | None:
    """What runs the formula for one output of this kind, if not a program."""
    message = _weighted_rows(expressions[0], tensors)
    if message is None:
        return None
    if len(expressions) == 1 and kind in ("sum", "mean", "max", "min"):
        return Recognised("spmm", lambda rows, dtype: _spmm(rows, *_cast(message, dtype), kind))
    return _attention(expressions[0], message, expressions[1], tensors) if len(expressions) == 2 else None


def _attention(
    e: Expression, message: tuple[Tensor, Tensor | None], score: Expression, tensors: Tensors
) -> Recognised | None:
    """Attention over the message `e`, if `score` is one that an operator knows."""
    value, weight = message
    heads = value.shape[1:-1]
    if value.dim() < 2 or value.shape[-1] == 0 or (weight is not None and weight.shape[1:] not in ((), heads)):
        return None
    score, edge_score = _without_edge_score(score, tensors, heads)
    for match in (_gat, _gatv2, _dot):
        found = match(e, value, score, tensors)
        if found is not None:
            op, ends, option = found

            def call(
                rows: Structure, dtype: torch.dtype, op: Any = op, ends: Any = ends, option: float = option
            ) -> Tensor:
                return op(rows, *_cast(ends, dtype), option, *_cast((edge_score, weight), dtype))  # type: ignore[no-any-return]

            return Recognised(op.name, call)
    return None


_spmm: Any = spmm  # its reducers are literals
_Match = tuple[Any, tuple[Tensor, Tensor, Tensor], float]  # operator, tensors of ends, slope or scale


def _gat(_: Expression, value: Tensor, score: Expression, tensors: Tensors) -> _Match | None:
    """leaky_relu(source + target), a number for each head."""
    ends = _sides(score.inputs[0], "add") if score.name == "leaky" else None
    if ends is None or ends.keys() != {"source", "target"}:
        return None
    left, right = tensors[ends["source"]], tensors[ends["target"]]
    if left.shape[1:] != value.shape[1:-1] or right.shape[1:] != left.shape[1:]:
        return None
    return gat_attention, (value, left, right), float(score.numbers[0])


def _gatv2(e: Expression, value: Tensor, score: Expression, tensors: Tensors) -> _Match | None:
    """(leaky_relu(source + target) * shared).sum(-1), where the source is the message."""
    inner = _summed(score, value.dim())
    factors = () if inner is None or inner.name != "mul" else inner.inputs
    leaky = [f for f in factors if f.name == "leaky"]
    shared = [f for f in factors if f.name == "operand" and f.numbers[0] == "shared"]
    if len(leaky) != 1 or len(shared) != 1:
        return None
    ends, factor = _sides(leaky[0].inputs[0], "add"), tensors[_name(shared[0])]
    sources = [_name(part) for part in (e, *e.inputs) if part.name == "operand" and part.numbers[0] == "source"]
    if ends is None or ends.keys() != {"source", "target"} or [ends["source"]] != sources:
        return None
    right = tensors[ends["target"]]
    if factor.shape != value.shape[1:] or right.shape[1:] != factor.shape:
        return None
    return gatv2_attention, (value, right, factor), float(leaky[0].numbers[0])


def _dot(_: Expression, value: Tensor, score: Expression, tensors: Tensors) -> _Match | None:
    """(target * source).sum(-1), perhaps times or divided by a number."""
    scale = 1.0
    while score.name in ("mul", "div") and any(part.name == "number" for part in score.inputs):
        number, rest = sorted(score.inputs, key=lambda part: part.name != "number")
        factor = float(number.numbers[0]) if number.name == "number" else 0.0
        if rest.name == "number" or (score.name == "div" and (score.inputs[1] is not number or factor == 0)):
            return None
        scale, score = scale * factor if score.name == "mul" else scale / factor, rest
    inner = _summed(score, value.dim())
    ends = None if inner is None else _sides(inner, "mul")
    if ends is None or ends.keys() != {"source", "target"}:
        return None
    query, key = tensors[ends["target"]], tensors[ends["source"]]
    if key.shape[1:-1] != value.shape[1:-1] or query.shape[1:] != key.shape[1:] or key.shape[-1] == 0:
        return None
    return dot_attention, (query, key, value), scale


def _weighted_rows(e: Expression, tensors: Tensors) -> tuple[Tensor, Tensor | None] | None:
    """Features and weights, if the message is a row of the source, or that times numbers of the edge."""
    if e.name == "operand":
        return (tensors[_name(e)], None) if e.numbers[0] == "source" else None
    found = _sides(e, "mul")
    if found is None or found.keys() != {"source", "edge"}:
        return None
    x, weight = tensors[found["source"]], tensors[found["edge"]]
    heads = list(weight.shape[1:])
    while heads and heads[-1] == 1:
        heads.pop()
    if tuple(heads) != tuple(x.shape[1 : 1 + len(heads)]):
        return None
    return x, weight.reshape(-1, *heads)


def _without_edge_score(score: Expression, tensors: Tensors, heads: torch.Size) -> tuple[Expression, Tensor | None]:
    """A score and the term that an edge adds to it, if there is one."""
    if score.name == "add":
        for term, rest in (score.inputs, score.inputs[::-1]):
            if term.name == "operand" and term.numbers[0] == "edge" and tensors[_name(term)].shape[1:] == heads:
                return rest, tensors[_name(term)]
    return score, None


def _summed(e: Expression, rank: int) -> Expression | None:
    """What is summed along its last dimension, of `rank` with that of the edges."""
    return e.inputs[0] if e.name == "sum" and e.numbers[0] in (-1, rank - 1) and not e.numbers[1] else None


def _sides(e: Expression, name: str) -> dict[str, Name] | None:
    """The two operands, by side, whose sum or product an expression is."""
    if e.name != name or any(part.name != "operand" for part in e.inputs):
        return None
    found = {str(part.numbers[0]): _name(part) for part in e.inputs}
    return found if len(found) == 2 else None


def _name(e: Expression) -> Name:
    """Side and name of an operand."""
    return str(e.numbers[0]), str(e.numbers[1])


def _cast(tensors: tuple[Tensor | None, ...], dtype: torch.dtype) -> list[Tensor | None]:
    return [None if x is None else x.to(dtype) for x in tensors]
