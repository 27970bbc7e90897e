"""From an expression and the shapes of its tensors to a program of flat rows, broadcasting written out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ..errors import FormulaError, OptionError, message
from ..ops.pass_messages import Builder
from ._expression import Expression

Shape = tuple[int, ...]
Name = tuple[str, str]  # side and name of a tensor


class Lowering:
    """Writes expressions as steps; `names` lists the tensors in the order of operands."""

    def __init__(self, shapes: Mapping[Name, Shape]) -> None:
        self.shapes, self.builder = shapes, Builder()
        self.names: list[Name] = []
        self._values: dict[Name, int] = {}
        self._done: dict[int, tuple[int, Shape]] = {}

    def lower(self, e: Expression) -> tuple[int, Shape]:
        """The value that an expression becomes, and its shape behind the edges."""
        if id(e) not in self._done:
            self._done[id(e)] = self._lower(e)
        return self._done[id(e)]

    def lower_together(self, expressions: Sequence[Expression]) -> list[tuple[int, Shape]]:
        """Several, of which a bare number takes no shape of its own."""
        return [self._as_value(e, ()) if e.name == "number" else self.lower(e) for e in expressions]

    def _lower(self, e: Expression) -> tuple[int, Shape]:
        if e.name == "operand":
            return self._operand((str(e.numbers[0]), str(e.numbers[1])))
        if e.name == "number":
            return self._as_value(e, ())
        if len(e.inputs) == 2:
            return self._binary(e)
        value, shape = self.lower(e.inputs[0])
        if e.name in ("sum", "unsqueeze", "squeeze"):
            return self._reshaped(e, value, shape)
        return self.builder.step(e.name, value, rest=tuple(float(n) for n in e.numbers)), shape

    def _operand(self, name: Name) -> tuple[int, Shape]:
        if name not in self.shapes:
            side, key = name
            raise FormulaError(describe_unknown(side, key, [n for s, n in self.shapes if s == side]))
        shape = self.shapes[name]
        if name not in self._values:
            self._values[name] = self.builder.operand(name[0], math.prod(shape))
            self.names.append(name)
        return self._values[name], shape

    def _as_value(self, e: Expression, shape: Shape) -> tuple[int, Shape]:
        return self.builder.step("constant", rest=(float(e.numbers[0]), math.prod(shape))), shape

    def _binary(self, e: Expression) -> tuple[int, Shape]:
        left, right = e.inputs
        if left.name == "number" and right.name == "number":
            return self._number(e.name, left, right)
        if left.name == "number" or right.name == "number":
            value, shape = self.lower(right if left.name == "number" else left)
            constant, _ = self._as_value(left if left.name == "number" else right, shape)
            ordered = (constant, value) if left.name == "number" else (value, constant)
            return self.builder.step(e.name, *ordered), shape
        (a, shape_a), (b, shape_b) = self.lower(left), self.lower(right)
        shape = _broadcast(e.name, shape_a, shape_b)
        return self.builder.step(e.name, self._expanded(a, shape_a, shape), self._expanded(b, shape_b, shape)), shape

    def _number(self, name: str, left: Expression, right: Expression) -> tuple[int, Shape]:
        a, b = float(left.numbers[0]), float(right.numbers[0])
        result = {"add": a + b, "sub": a - b, "mul": a * b}[name] if name != "div" else a / b
        return self._as_value(Expression("number", (), (result,)), ())

    def _expanded(self, value: int, shape: Shape, to: Shape) -> int:
        """Repeat a value along the dimensions in which it has length 1, neighbouring ones together."""
        now, at = list(shape), len(shape)
        while at > 0:
            end = at
            while at > 0 and now[at - 1] == 1 and to[at - 1] != 1:
                at -= 1
            if at < end:
                sizes = (math.prod(now[:at]), math.prod(to[at:end]), math.prod(now[end:]))
                value = self.builder.step("expand", value, rest=tuple(float(n) for n in sizes))
                now[at:end] = to[at:end]
            else:
                at -= 1
        return value

    def _reshaped(self, e: Expression, value: int, shape: Shape) -> tuple[int, Shape]:
        dim, rank = int(e.numbers[0]), len(shape) + 1 + (e.name == "unsqueeze")
        at = (dim + rank if dim < 0 else dim) - 1
        if not 0 <= at < rank - 1:
            raise FormulaError(
                message("formula", f"`dim` of {e.name} among the features of a value (edges, *{shape})", str(dim))
            )
        if e.name == "unsqueeze":
            return value, (*shape[:at], 1, *shape[at:])
        if e.name == "squeeze":
            return value, (*shape[:at], *shape[at + 1 :]) if shape[at] == 1 else shape
        sizes = (math.prod(shape[:at]), shape[at], math.prod(shape[at + 1 :]))
        kept = (1,) if e.numbers[1] else ()
        return self.builder.step("fold", value, rest=tuple(float(n) for n in sizes)), (
            *shape[:at],
            *kept,
            *shape[at + 1 :],
        )


def check_values(kinds: Sequence[str], shapes: Sequence[Shape]) -> None:
    """Refuse values, of these shapes behind the edges, that the outputs of these kinds do not take.

    Raises:
        OptionError: if a message comes with a score but no softmax, or a softmax without one.
        FormulaError: if the score is none of a head.
    """
    for kind in kinds:
        if kind != "attend" and len(shapes) != 1:
            form = 'reduce="softmax" for a formula of message and score'
            raise OptionError(message("aggregate", form, f"{len(shapes)} values and other reducers"))
        if kind == "attend" and len(shapes) != 2:
            form = 'a formula of message and score for reduce="softmax"'
            raise OptionError(message("aggregate", form, f"{len(shapes)} values"))
    if len(shapes) == 2:
        shape, heads = shapes
        while heads and heads[-1] == 1 and len(heads) >= len(shape):
            heads = heads[:-1]
        if shape[: len(heads)] != heads:
            raise FormulaError(
                message("formula", f"a score for each head, the first of {shape}", f"scores of shape {shapes[1]}")
            )


def describe_unknown(side: str, key: str, names: Sequence[str]) -> str:
    """The text of an error: a formula reads a name that is not given."""
    known = ", ".join(repr(name) for name in names) or "none"
    return (
        f'formula: it reads {side}["{key}"], but the tensors given for {side} are: {known}; '
        f'hint: pass {side}={{"{key}": ...}}'
    )


def _broadcast(name: str, a: Shape, b: Shape) -> Shape:
    if len(a) != len(b) or any(m != n and 1 not in (m, n) for m, n in zip(a, b, strict=False)):
        hint = "all values begin with the edges: give them as many dimensions, with .unsqueeze(-1) where one is missing"
        raise FormulaError(
            message("formula", f"two values that broadcast in {name}", f"(edges, *{a}) and (edges, *{b})", hint)
        )
    return tuple(max(m, n) if 0 not in (m, n) else 0 for m, n in zip(a, b, strict=True))
