"""Programs as the native machine reads them: tables of 8-byte words, values in registers that are used again."""

from __future__ import annotations

import functools
import struct
from array import array

import torch

from .._philox import keep_limit, keep_scale
from ._instructions import INSTRUCTIONS
from ._program import KINDS, SIDES, Program, parse

_OPS = {name: code for code, name in enumerate(INSTRUCTIONS)}


@functools.cache
def assembled(text: str) -> array[int]:
    """The tables of a program, as `Code` in machine.h lays them out; kept as long as the process lives."""
    program = parse(text)
    shared = _shared_values(program)
    slots, room = _allocate(program, shared)
    loads = [(SIDES.index(side), i, slots[i], width) for i, (side, width) in enumerate(program.operands)]
    steps = []
    for i, (name, values, rest) in enumerate(program.steps):
        value = len(program.operands) + i
        a, b = (*(slots[v] for v in values), 0, 0)[:2]
        sizes, number = (0, 0, 0), 0.0
        if name in ("expand", "fold"):
            sizes = (int(rest[0]), int(rest[1]), int(rest[2]))
        elif name == "won":
            side, column, of, _ = rest
            sizes = (int(column), int(of), int(side))
        elif name == "keep":
            sizes, number = (keep_limit(rest[0]), 0, 0), keep_scale(rest[0])
        elif rest:
            number = rest[0]
        bits = struct.unpack("q", struct.pack("d", number))[0]
        steps.append((_OPS[name], slots[value], a, b, program.widths[value], *sizes, int(value in shared), bits))
    outputs, state = [], 0
    for (kind, values), place in zip(program.outputs, program.places, strict=True):
        width, heads = program.widths[values[0]], program.widths[values[-1]]
        read = (slots[values[0]], slots[values[-1]], width, heads)
        outputs.append((KINDS.index(kind), *read, *place, state))
        state += {"edge": 0, "attend": width + 2 * heads}.get(kind, 2 * width)
    widths = (program.row_width, program.edge_width, program.winner_width)
    header = (room, max(program.widths), len(loads), len(steps), len(outputs), state, *widths)
    return array("q", [*header, *(word for table in (loads, steps, outputs) for row in table for word in row)])


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def code_address(text: str) -> int:
    """Where the tables of a program lie."""
    return assembled(text).buffer_info()[0]


def _shared_values(program: Program) -> set[int]:
    """Values that are the same on every edge."""
    found = {i for i, operand in enumerate(program.operands) if operand.side == "shared"}
    for i, (name, values, _) in enumerate(program.steps, len(program.operands)):
        if name not in ("won", "keep") and all(v in found for v in values):
            found.add(i)
    return found


def _allocate(program: Program, shared: set[int]) -> tuple[list[int], int]:
    """A place for each value; one that is no longer read gives its place to a later one of equal width."""
    last = dict.fromkeys(range(len(program.widths)), -1)
    for i, step in enumerate(program.steps):
        last.update(dict.fromkeys(step.values, i))
    for output in program.outputs:
        last.update(dict.fromkeys(output.values, len(program.steps)))
    free: dict[int, list[int]] = {}
    slots, room = [], 0
    for value, exact in enumerate(program.widths):
        width = _even(exact)
        at = value - len(program.operands)
        if at >= 0 and value not in shared and free.get(width):
            slots.append(free[width].pop())
        else:
            slots.append(room)
            room += width
        for read in set(program.steps[at].values) if at >= 0 else ():
            if last[read] == at and read not in shared:
                free.setdefault(_even(program.widths[read]), []).append(slots[read])
    return slots, room


def _even(width: int) -> int:
    """The room of a value in a register: eight edges then fill whole vectors of 16 values."""
    return width + width % 2
