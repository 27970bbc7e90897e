"""The steps of a program: what each computes in plain torch, and its derivative as further steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from ._program import Builder

# What follows the values in the text of a step: sizes are outer, repeat, inner.
Rest = tuple[float, ...]
Derivative = Callable[["Builder", int, int, Sequence[int], Rest], Sequence[int | None]]


@dataclass(frozen=True)
class Instruction:
    """How many values a step reads, how many numbers follow them, what it computes and its derivative.

    `reference(*values, *rest)` computes (num_edges, width); `derivative(builder, grad, out, values, rest)` writes steps that
    turn the gradient of the result into that of each value.
    """

    num_values: int
    num_rest: int
    reference: Callable[..., Tensor] | None
    derivative: Derivative


def _unary(reference: Callable[[Tensor], Tensor], slope: Callable[[Builder, int, int], int]) -> Instruction:
    """A function of one value, whose derivative is a factor computed from the value and the result."""

    def derivative(b: Builder, grad: int, out: int, values: Sequence[int], _: Rest) -> Sequence[int]:
        return (b.step("mul", grad, slope(b, values[0], out)),)

    return Instruction(1, 0, reference, derivative)


def _sigmoid_slope(b: Builder, _: int, y: int) -> int:
    one = b.step("constant", rest=(1.0, b.widths[y]))
    return b.step("mul", y, b.step("sub", one, y))


def _tanh_slope(b: Builder, _: int, y: int) -> int:
    one = b.step("constant", rest=(1.0, b.widths[y]))
    return b.step("sub", one, b.step("mul", y, y))


def _sqrt_slope(b: Builder, _: int, y: int) -> int:
    return b.step("div", b.step("constant", rest=(0.5, b.widths[y])), y)


def _log_slope(b: Builder, x: int, _: int) -> int:
    return b.step("div", b.step("constant", rest=(1.0, b.widths[x])), x)


def _mul(b: Builder, grad: int, _out: int, values: Sequence[int], _: Rest) -> Sequence[int]:
    return b.step("mul", grad, values[1]), b.step("mul", grad, values[0])


def _div(b: Builder, grad: int, out: int, values: Sequence[int], _: Rest) -> Sequence[int]:
    over = b.step("div", grad, values[1])
    return over, b.step("neg", b.step("mul", over, out))


def _leaky(b: Builder, grad: int, _out: int, values: Sequence[int], rest: Rest) -> Sequence[int]:
    return (b.step("mul", grad, b.step("positive", values[0], rest=rest)),)


def _expand(x: Tensor, outer: float, repeat: float, inner: float) -> Tensor:
    split = x.reshape(x.shape[0], int(outer), 1, int(inner)).expand(-1, -1, int(repeat), -1)
    return split.reshape(x.shape[0], int(outer * repeat * inner))


def _fold(x: Tensor, outer: float, repeat: float, inner: float) -> Tensor:
    return x.reshape(x.shape[0], int(outer), int(repeat), int(inner)).sum(2).flatten(1)


def _positive(x: Tensor, otherwise: float) -> Tensor:
    return torch.ones_like(x).where(x > 0, torch.full_like(x, otherwise))


# In the order of `enum Op` in instructions.h.
INSTRUCTIONS: dict[str, Instruction] = {
    "add": Instruction(2, 0, torch.add, lambda b, grad, out, values, rest: (grad, grad)),
    "sub": Instruction(2, 0, torch.sub, lambda b, grad, out, values, rest: (grad, b.step("neg", grad))),
    "mul": Instruction(2, 0, torch.mul, _mul),
    "div": Instruction(2, 0, torch.div, _div),
    "neg": Instruction(1, 0, torch.neg, lambda b, grad, out, values, rest: (b.step("neg", grad),)),
    "relu": _unary(torch.relu, lambda b, x, y: b.step("positive", x, rest=(0.0,))),
    "positive": Instruction(1, 1, _positive, lambda b, grad, out, values, rest: (None,)),
    "leaky": Instruction(1, 1, lambda x, slope: torch.where(x > 0, x, x * slope), _leaky),
    "exp": _unary(torch.exp, lambda b, x, y: y),
    "log": _unary(torch.log, _log_slope),
    "sigmoid": _unary(torch.sigmoid, _sigmoid_slope),
    "tanh": _unary(torch.tanh, _tanh_slope),
    "sqrt": _unary(torch.sqrt, _sqrt_slope),
    "abs": _unary(torch.abs, lambda b, x, y: b.step("sign", x)),
    "sign": Instruction(1, 0, torch.sign, lambda b, grad, out, values, rest: (None,)),
    "iszero": Instruction(1, 0, lambda x: (x == 0).to(x.dtype), lambda b, grad, out, values, rest: (None,)),
    "constant": Instruction(0, 2, None, lambda b, grad, out, values, rest: ()),
    "expand": Instruction(1, 3, _expand, lambda b, grad, out, values, rest: (b.step("fold", grad, rest=rest),)),
    "fold": Instruction(1, 3, _fold, lambda b, grad, out, values, rest: (b.step("expand", grad, rest=rest),)),
    "won": Instruction(0, 4, None, lambda b, grad, out, values, rest: ()),
    "keep": Instruction(0, 2, None, lambda b, grad, out, values, rest: ()),
}


def width_of(name: str, widths: Sequence[int], rest: Rest) -> int:
    """Width of a step's result, from the widths of its values.

    Raises:
        AssertionError: if they do not fit each other; programs are written by weft.
    """
    if name == "constant":
        return int(rest[1])
    if name in ("won", "keep"):
        return int(rest[-1])
    if name in ("expand", "fold"):
        outer, repeat, inner = (int(n) for n in rest)
        narrow, wide = outer * inner, outer * repeat * inner
        assert widths[0] == (narrow if name == "expand" else wide), f"{name} {rest} of width {widths[0]}"
        return wide if name == "expand" else narrow
    assert len(set(widths)) == 1, f"{name} of widths {widths}"
    return widths[0]


def reference(name: str, values: Sequence[Tensor], rest: Rest) -> Tensor:
    """The result of a step that reads nothing but values."""
    compute = INSTRUCTIONS[name].reference
    assert compute is not None, f"{name} reads more than values"
    return compute(*values, *rest)
