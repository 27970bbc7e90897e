"""Programs of messages: a line of text that says what is computed on every edge and what becomes of it.

`source:64 edge:64 | add 0 1; relu 2 | mean 3` reads two operands, values 0 and 1; each step makes the next value; outputs
name a kind and the values that they take. The text is the identity of a program: it is what a graph of operators, a
profile and an exported file hold.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch

from ._instructions import INSTRUCTIONS, Rest, width_of

SIDES = ("source", "target", "edge", "shared")
KINDS = ("sum", "mean", "max", "min", "product", "variance", "attend", "edge")
SELECTS = ("max", "min")
_OPPOSITE = {"source": "target", "target": "source", "edge": "edge", "shared": "shared"}


class Operand(NamedTuple):
    """A tensor of one row an edge end, an edge, or one row for all."""

    side: str
    width: int


class Step(NamedTuple):
    """One instruction: the values that it reads and the numbers that follow them."""

    name: str
    values: tuple[int, ...]
    rest: Rest


class Output(NamedTuple):
    """A kind of reduction, or `edge`, and the values it takes: `attend` takes messages and their scores."""

    kind: str
    values: tuple[int, ...]


class Place(NamedTuple):
    """Where an output begins in the tensor of its kind, and where its winners begin, 0 if it has none."""

    column: int
    winner: int


@dataclass(frozen=True)
class Program:
    """A parsed program: values are numbered, operands first, and outputs of one kind stand side by side."""

    operands: tuple[Operand, ...]
    steps: tuple[Step, ...]
    outputs: tuple[Output, ...]
    widths: tuple[int, ...]

    places: tuple[Place, ...]
    row_width: int
    edge_width: int
    winner_width: int


class Builder:
    """Writes a program step by step; equal steps are written once, and `text` leaves out what no output needs."""

    def __init__(self) -> None:
        self.operands: list[Operand] = []
        self.operand_values: list[int] = []
        self.steps: dict[int, Step] = {}
        self.widths: list[int] = []
        self._known: dict[Step, int] = {}

    def operand(self, side: str, width: int) -> int:
        """Add an operand and give its value."""
        self.operands.append(Operand(side, width))
        self.operand_values.append(self._value(width))
        return self.operand_values[-1]

    def step(self, name: str, *values: int, rest: Rest = ()) -> int:
        """Add a step and give its value, or that of an equal one."""
        step = Step(name, values, rest)
        if step not in self._known:
            self._known[step] = self._value(width_of(name, [self.widths[v] for v in values], rest))
            self.steps[self._known[step]] = step
        return self._known[step]

    def text(self, outputs: Sequence[Output], is_reversed: bool = False) -> tuple[str, tuple[int, ...]]:
        """The program with these outputs, and which operands it reads, in its order; reversed for edges the other way round."""
        needed = {v for output in outputs for v in output.values}
        for value in sorted(self.steps, reverse=True):
            if value in needed:
                needed.update(self.steps[value].values)
        used = tuple(i for i, value in enumerate(self.operand_values) if value in needed)
        order = [self.operand_values[i] for i in used] + [value for value in self.steps if value in needed]
        number = {value: i for i, value in enumerate(order)}
        operands = [
            f"{_OPPOSITE[side] if is_reversed else side}:{width}" for side, width in (self.operands[i] for i in used)
        ]
        steps = [self._written(self.steps[value], number, is_reversed) for value in order[len(used) :]]
        kinds = [" ".join((o.kind, *(str(number[v]) for v in o.values))) for o in outputs]
        return " | ".join((" ".join(operands), "; ".join(steps), "; ".join(kinds))), used

    def _value(self, width: int) -> int:
        self.widths.append(width)
        return len(self.widths) - 1

    @staticmethod
    def _written(step: Step, number: dict[int, int], is_reversed: bool) -> str:
        rest = step.rest
        if step.name == "won" and is_reversed:
            rest = (1 - rest[0], *rest[1:])
        return " ".join((step.name, *(str(number[v]) for v in step.values), *(_shortest(n) for n in rest)))


def _shortest(number: float) -> str:
    """A number as text that reads back as it is, without the fraction that sizes do not have."""
    return repr(float(number)).removesuffix(".0")


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def parse(text: str) -> Program:
    """Read the text of a program.

    Raises:
        ValueError: if it is no program.
    """
    return _parse(text)


@functools.cache
def _parse(text: str) -> Program:
    try:
        first, second, third = text.split("|")
        operands = tuple(Operand(side, int(width)) for side, width in (word.split(":") for word in first.split()))
        widths, steps = [operand.width for operand in operands], []
        for line in filter(None, (part.split() for part in second.split(";"))):
            instruction, count = INSTRUCTIONS[line[0]], INSTRUCTIONS[line[0]].num_values
            values, rest = tuple(int(v) for v in line[1 : 1 + count]), tuple(float(n) for n in line[1 + count :])
            assert len(rest) == instruction.num_rest, f"{line[0]} takes {instruction.num_rest} numbers"
            assert len(values) == count, f"{line[0]} takes {count} values"
            assert all(0 <= v < len(widths) for v in values), f"{line[0]} reads a value that is not there yet"
            steps.append(Step(line[0], values, rest))
            widths.append(width_of(line[0], [widths[v] for v in values], rest))
        outputs = tuple(
            Output(line[0], tuple(int(v) for v in line[1:])) for line in (part.split() for part in third.split(";"))
        )
        _check(operands, widths, outputs)
    except (ValueError, KeyError, IndexError, AssertionError) as error:
        raise ValueError(f"{text!r} is no program of messages: {error}") from None
    places, ends = [], {"row": 0, "edge": 0, "winner": 0}
    for kind, values in outputs:
        where = "edge" if kind == "edge" else "row"
        places.append(Place(ends[where], ends["winner"] if kind in SELECTS else 0))
        ends[where] += sum(widths[v] for v in values)
        ends["winner"] += widths[values[0]] if kind in SELECTS else 0
    return Program(
        operands, tuple(steps), outputs, tuple(widths), tuple(places), ends["row"], ends["edge"], ends["winner"]
    )


def _check(operands: Sequence[Operand], widths: Sequence[int], outputs: Sequence[Output]) -> None:
    assert all(width > 0 for width in widths), "a width below 1"
    assert all(o.side in SIDES for o in operands), f"operands are of {', '.join(SIDES)}"
    for kind, values in outputs:
        assert kind in KINDS, f"no output {kind!r}"
        assert len(values) == (2 if kind == "attend" else 1), f"{kind} of {len(values)} values"
        assert all(0 <= v < len(widths) for v in values), f"{kind} of a value that is not there"
        if kind == "attend":
            value, score = (widths[v] for v in values)
            assert value % score == 0, f"attend of {value} values with {score} scores"
