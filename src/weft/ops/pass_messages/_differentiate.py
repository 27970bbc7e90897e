"""The gradient of a program, as programs: what each operand sends back is summed over the edges that read it."""

from __future__ import annotations

import functools
from typing import NamedTuple

from ._instructions import INSTRUCTIONS
from ._program import SELECTS, Builder, Output, Program, parse


class Extra(NamedTuple):
    """A tensor that the gradient reads beside the operands: its kind and the output that it belongs to."""

    kind: str  # grad, log_sum, expected, mean, zeros or product
    output: int


class Walk(NamedTuple):
    """One pass over the edges: a program, the operands and extras it reads, and whose gradients each of its outputs is."""

    text: str
    reads: tuple[int, ...]
    of: tuple[tuple[int, ...], ...]
    is_reversed: bool


class Gradient(NamedTuple):
    """Extras are numbered after the operands; `sums` pairs an operand of sources with one of edges whose gradient it adds up."""

    extras: tuple[Extra, ...]
    walks: tuple[Walk, ...]
    sums: tuple[tuple[int, int], ...]


@functools.cache
def gradient(text: str, needs: tuple[bool, ...]) -> Gradient:
    """The programs that give the gradients of the operands marked in `needs`.

    One walk by target gives those of targets, edges and shared rows, one by source those of sources; both run the
    program again instead of keeping values of edges. What is wanted for every edge anyway is not computed twice: an operand
    of sources that has the same gradient there adds it up.
    """
    return _Adjoint(parse(text), needs).walks()


class _Adjoint:
    def __init__(self, program: Program, needs: tuple[bool, ...]) -> None:
        self.program, self.needs, self.builder = program, needs, Builder()
        self.extras: list[Extra] = []
        b, count = self.builder, len(program.operands)
        self.values = [b.operand(*operand) for operand in program.operands]
        self.reaches = [needs[i] for i in range(count)]
        for name, values, rest in program.steps:
            self.values.append(b.step(name, *(self.values[v] for v in values), rest=rest))
            self.reaches.append(any(self.reaches[v] for v in values))
        self.adjoint: dict[int, int] = {}

    def walks(self) -> Gradient:
        b, count = self.builder, len(self.program.operands)
        for k, output in enumerate(self.program.outputs):
            if any(self.reaches[v] for v in output.values):
                self._seed(k, output)
        for value in reversed(range(count, len(self.values))):
            if value not in self.adjoint:
                continue
            name, values, rest = self.program.steps[value - count]
            inputs = [self.values[v] for v in values]
            grads = INSTRUCTIONS[name].derivative(b, self.adjoint[value], self.values[value], inputs, rest)
            for v, grad in zip(values, grads, strict=True):
                self._add(v, grad)
        sides = [operand.side for operand in self.program.operands]
        wanted = [i for i in range(count) if self.needs[i] and i in self.adjoint]
        by_target = [i for i in wanted if sides[i] != "source"]
        of_edges = {self.adjoint[i]: i for i in by_target if sides[i] == "edge"}
        by_source = [i for i in wanted if sides[i] == "source" and self.adjoint[i] not in of_edges]
        sums = [(i, of_edges[self.adjoint[i]]) for i in wanted if sides[i] == "source" and i not in by_source]
        walks = [self._walk(of, of is by_source) for of in (by_target, by_source) if of]
        return Gradient(tuple(self.extras), tuple(walks), tuple(sums))

    def _walk(self, of: list[int], is_reversed: bool) -> Walk:
        sides = self.program.operands
        outputs: dict[Output, tuple[int, ...]] = {}
        for i in of:
            output = Output("edge" if sides[i].side == "edge" else "sum", (self.adjoint[i],))
            outputs[output] = (*outputs.get(output, ()), i)
        text, reads = self.builder.text(list(outputs), is_reversed)
        return Walk(text, reads, tuple(outputs.values()), is_reversed)

    def _add(self, value: int, grad: int | None) -> None:
        if grad is None or not self.reaches[value]:
            return
        before = self.adjoint.get(value)
        self.adjoint[value] = grad if before is None else self.builder.step("add", before, grad)

    def _extra(self, kind: str, k: int, side: str, width: int) -> int:
        self.extras.append(Extra(kind, k))
        return self.builder.operand(side, width)

    def _seed(self, k: int, output: Output) -> None:
        """The gradient of the values that an output takes."""
        b, program, kind = self.builder, self.program, output.kind
        at = output.values[0]
        value, width = self.values[at], program.widths[at]
        grad = self._extra("grad", k, "edge" if kind == "edge" else "target", width)
        if kind in SELECTS:
            won = b.step("won", rest=(1, program.places[k].winner, program.winner_width, width))
            grad = b.step("mul", grad, won)
        elif kind == "variance":
            grad = b.step("mul", grad, b.step("sub", value, self._extra("mean", k, "target", width)))
        elif kind == "product":
            grad = b.step("mul", grad, self._product_of_others(k, value, width))
        elif kind == "attend":
            score, heads = self.values[output.values[1]], program.widths[output.values[1]]
            spread = (heads, width // heads, 1)
            log_sum, expected = (self._extra(name, k, "target", heads) for name in ("log_sum", "expected"))
            weight = b.step("exp", b.step("sub", score, log_sum))
            gain = b.step("fold", b.step("mul", grad, value), rest=spread)
            self._add(output.values[1], b.step("mul", weight, b.step("sub", gain, expected)))
            grad = b.step("mul", b.step("expand", weight, rest=spread), grad)
        self._add(at, grad)

    def _product_of_others(self, k: int, value: int, width: int) -> int:
        """The product of a row without this edge, from that of its values that are not 0 and the number of zeros."""
        b = self.builder
        zeros, product = (self._extra(name, k, "target", width) for name in ("zeros", "product"))
        one, is_zero = b.step("constant", rest=(1.0, width)), b.step("iszero", value)
        no_other = b.step("mul", b.step("sub", one, is_zero), b.step("iszero", zeros))
        alone = b.step("mul", is_zero, b.step("iszero", b.step("sub", zeros, one)))
        others = b.step("div", product, b.step("add", value, is_zero))
        return b.step("mul", others, b.step("add", no_other, alone))


def nonzero_programs(text: str, k: int) -> tuple[tuple[str, tuple[int, ...]], tuple[str, tuple[int, ...]]]:
    """For output k, a product: programs of the number of zeros and of the product of the other values."""
    return _derived(text, k, "iszero"), _derived(text, k, "product")


def mean_program(text: str, k: int) -> tuple[str, tuple[int, ...]]:
    """For output k, a variance: the program of the mean, and the operands that it reads."""
    return _derived(text, k, "mean")


@functools.cache
def _derived(text: str, k: int, kind: str) -> tuple[str, tuple[int, ...]]:
    program, b = parse(text), Builder()
    values = [b.operand(*operand) for operand in program.operands]
    for name, inputs, rest in program.steps:
        values.append(b.step(name, *(values[v] for v in inputs), rest=rest))
    value = values[program.outputs[k].values[0]]
    if kind == "mean":
        return b.text([Output("mean", (value,))])
    is_zero = b.step("iszero", value)
    if kind == "iszero":
        return b.text([Output("sum", (is_zero,))])
    return b.text([Output("product", (b.step("add", value, is_zero),))])
