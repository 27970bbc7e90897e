"""What a formula computes, as a tree: recorded by calling the formula once with values that stand for tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, final

import torch
from torch import Tensor
from torch.nn import functional

from ..errors import FormulaError


class UntraceableError(Exception):
    """The formula does what no step of a program does; the text says what."""


@final
class Expression:
    """A value on every edge, with the arithmetic of a tensor whose first dimension is the edges."""

    def __init__(
        self, name: str, inputs: Sequence[Expression] = (), numbers: tuple[float | str | bool, ...] = ()
    ) -> None:
        self.name, self.inputs, self.numbers = name, tuple(inputs), numbers

    def __add__(self, other: Any) -> Expression:
        return _binary("add", self, other)

    def __radd__(self, other: Any) -> Expression:
        return _binary("add", other, self)

    def __sub__(self, other: Any) -> Expression:
        return _binary("sub", self, other)

    def __rsub__(self, other: Any) -> Expression:
        return _binary("sub", other, self)

    def __mul__(self, other: Any) -> Expression:
        return _binary("mul", self, other)

    def __rmul__(self, other: Any) -> Expression:
        return _binary("mul", other, self)

    def __truediv__(self, other: Any) -> Expression:
        return _binary("div", self, other)

    def __rtruediv__(self, other: Any) -> Expression:
        return _binary("div", other, self)

    def __neg__(self) -> Expression:
        return Expression("neg", (self,))

    def __abs__(self) -> Expression:
        return Expression("abs", (self,))

    def __pow__(self, exponent: Any) -> Expression:
        if exponent == 2:
            return self * self
        if exponent == 0.5:
            return Expression("sqrt", (self,))
        raise UntraceableError(f"the power {exponent!r}")

    def square(self) -> Expression:
        """The value times itself."""
        return self * self

    def sum(self, dim: int, keepdim: bool = False) -> Expression:
        """The sum along one dimension of the features."""
        return Expression("sum", (self,), (int(dim), bool(keepdim)))

    def unsqueeze(self, dim: int) -> Expression:
        """A dimension of length 1 more, behind that of the edges."""
        return Expression("unsqueeze", (self,), (int(dim),))

    def squeeze(self, dim: int) -> Expression:
        """A dimension of length 1 less."""
        return Expression("squeeze", (self,), (int(dim),))

    def __getattr__(self, name: str) -> Any:
        if name in _METHODS:
            return lambda: Expression(_METHODS[name], (self,))
        if name.startswith("__"):
            raise AttributeError(name)
        raise UntraceableError(f"the method {name}()")

    def __gt__(self, other: Any) -> Expression:
        raise UntraceableError("a comparison")

    __ge__ = __lt__ = __le__ = __gt__

    def __bool__(self) -> bool:
        raise UntraceableError("a decision that depends on values")

    def __matmul__(self, other: Any) -> Expression:
        raise UntraceableError("a matrix product")

    __rmatmul__ = __matmul__

    def __getitem__(self, index: Any) -> Expression:
        raise UntraceableError("an index into a value")

    def __iter__(self) -> Iterator[Expression]:
        raise UntraceableError("a loop over a value")

    def __call__(self, *args: Any, **options: Any) -> Expression:
        raise UntraceableError(f"a call of {'.'.join(str(n) for n in self.numbers) or self.name}")

    @classmethod
    def __torch_function__(
        cls, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Record a function of torch."""
        kwargs = kwargs or {}
        for a in (*args, *kwargs.values()):
            if isinstance(a, Tensor):
                refuse_captured(a)
        if func in _UNARY and len(args) == 1 and not set(kwargs) - {"inplace"}:
            return Expression(_UNARY[func], args)
        if func in _BINARY and len(args) == 2 and not kwargs:
            return _binary(_BINARY[func], *args)
        if func in (torch.sum, torch.unsqueeze, torch.squeeze, torch.square, torch.pow):
            method = "__pow__" if func is torch.pow else func.__name__
            return getattr(Expression, method)(*args, **kwargs)
        if func is functional.leaky_relu:
            return _leaky_relu(*args, **kwargs)
        raise UntraceableError(f"the function {getattr(func, '__name__', func)}()")


_METHODS = {name: name for name in ("relu", "exp", "log", "sigmoid", "tanh", "sqrt", "abs", "neg")}
_UNARY: dict[Any, str] = {getattr(torch, name): name for name in _METHODS} | {
    functional.relu: "relu",
    functional.sigmoid: "sigmoid",
    functional.tanh: "tanh",
}
_BINARY: dict[Any, str] = {
    torch.add: "add",
    torch.sub: "sub",
    torch.mul: "mul",
    torch.div: "div",
    torch.Tensor.add: "add",
    torch.Tensor.sub: "sub",
    torch.Tensor.mul: "mul",
    torch.Tensor.div: "div",
}


def _leaky_relu(x: Expression, negative_slope: float = 0.01, inplace: bool = False) -> Expression:
    return Expression("leaky", (x,), (float(negative_slope),))


def _binary(name: str, left: Any, right: Any) -> Expression:
    return Expression(name, (_lifted(left), _lifted(right)))


def _lifted(value: Any) -> Expression:
    if isinstance(value, Expression):
        return value
    if isinstance(value, Tensor):
        refuse_captured(value)
    if isinstance(value, (int, float)):
        return Expression("number", (), (float(value),))
    raise UntraceableError(f"a {type(value).__name__} among values")


def refuse_captured(x: Tensor) -> None:
    """Refuse a tensor that a formula holds in another way than by name."""
    raise FormulaError(
        f"formula: expected every tensor by name, got one of shape {tuple(x.shape)} that the function captured; "
        'hint: pass it as source={"name": ...}, target=, edge= or shared= and read it as shared["name"]; a module as '
        'shared={"name": module}'
    )


@final
class Side:
    """The named tensors of one side, for tracing: any name gives a value, and is remembered with it."""

    def __init__(self, side: str) -> None:
        self.side = side

    def __getitem__(self, name: str) -> Expression:
        return Expression("operand", (), (self.side, name))
