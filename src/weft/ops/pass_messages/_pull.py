"""Programs as GPU kernels read them: lists of lines that compute the values of one output at a block of its columns.

A kernel holds an output at some columns, for some edges. A value there follows from values at columns of their own: expand
reads the columns that it spread, fold reads `repeat` of them, along an axis of its own. So a step is listed once for each
set of columns at which somebody reads it, and what is read twice at the same columns is computed once.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

from .._philox import keep_limit, keep_scale
from ._program import SIDES, Output, Program, parse

Line = tuple[str | int | float, ...]


class Listing(NamedTuple):
    """What a kernel runs: register 0 holds columns, line i makes register i + 1; `roots` are the registers that are reduced.

    `room` is how many values a column of the output has at most beside it, `sides` whose rows are read.
    """

    lines: tuple[Line, ...]
    roots: tuple[int, ...]
    room: int
    sides: frozenset[str]


@functools.cache
def listing(text: str, output: Output, is_score: bool = False) -> Listing:
    """The lines for the values of an output; for its scores alone, at their own columns, if `is_score`."""
    lister = _Lister(parse(text))
    if output.kind != "attend":
        roots = [lister.value(output.values[0], 0)]
    elif is_score:
        roots = [lister.value(output.values[1], 0)] * 2
    else:
        width, heads = (lister.program.widths[v] for v in output.values)
        at_heads = lister.line("gathered", 0, width // heads, 1)
        roots = [lister.value(output.values[0], 0), lister.value(output.values[1], at_heads)]
    return Listing(tuple(lister.lines), tuple(roots), max(lister.rooms.values()), frozenset(lister.sides))


class _Lister:
    def __init__(self, program: Program) -> None:
        self.program, self.sides = program, set[str]()
        self.lines: list[Line] = []
        self.ranks, self.rooms = (
            {0: 1},
            {0: 1},
        )  # of registers of columns: axes beside that of edges, values beside each column
        self._known: dict[Line, int] = {}

    def line(self, *words: str | int | float) -> int:
        """The register that a line makes."""
        if words not in self._known:
            self.lines.append(words)
            self._known[words] = len(self.lines)
            name, columns = words[0], int(words[1])
            if name in ("gathered", "spread"):
                grows = name == "spread"
                self.ranks[len(self.lines)] = self.ranks[columns] + grows
                self.rooms[len(self.lines)] = self.rooms[columns] * (int(words[4]) if grows else 1)
        return self._known[words]

    def value(self, value: int, columns: int) -> int:
        """The register of a value at the columns that a register holds."""
        program, rank = self.program, self.ranks[columns]
        if value < len(program.operands):
            side, width = program.operands[value]
            self.sides.add(side)
            return self.line("load", columns, value, SIDES.index(side), width, rank)
        name, values, rest = program.steps[value - len(program.operands)]
        if name == "constant":
            return self.line("constant", columns, rest[0])
        if name == "won":
            at, column, of, width = (int(number) for number in rest)
            self.sides.add(SIDES[at])
            return self.line("won", columns, at, column, of, width, rank)
        if name == "keep":
            return self.line("keep", columns, keep_limit(rest[0]), keep_scale(rest[0]), rank)
        if name == "expand":
            _, repeat, inner = (int(number) for number in rest)
            return self.value(values[0], self.line("gathered", columns, repeat, inner))
        if name == "fold":
            _, repeat, inner = (int(number) for number in rest)
            room = 1 << (repeat - 1).bit_length()
            spread = self.line("spread", columns, repeat, inner, room)
            return self.line("fold", self.value(values[0], spread), repeat, room, rank)
        a, *others = (self.value(v, columns) for v in values)
        return self.line(name, a, others[0] if others else a, *rest)
