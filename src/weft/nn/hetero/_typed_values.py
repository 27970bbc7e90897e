"""Tensors by type that act as one tensor: what a model for one type computes with when it is made for many."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from ...errors import OptionError, message


class TypedValues:
    """Tensors by node type or edge type, on which functions of torch, methods of tensors and operators act type by type.

    Of several operands, a result has the types that all of them have.
    """

    def __init__(self, values: Mapping[Any, Any]) -> None:
        self.values = dict(values)

    @classmethod
    def __torch_function__(
        cls, func: Callable[..., Any], types: Iterable[type], args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        return by_type(func, args, kwargs or {})

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in ("dtype", "device", "requires_grad", "is_cuda"):
            return getattr(next(iter(self.values.values())), name)
        if not callable(getattr(Tensor, name, None)):
            expected = "what tensors of all types share: functions and methods of torch, operators, dtype and device"
            raise OptionError(message("to_hetero", expected, f"`{name}`", "sizes are those of each type"))

        def method(*args: Any, **kwargs: Any) -> Any:
            return by_type(getattr(Tensor, name), (self, *args), kwargs)

        return method

    def __getitem__(self, index: Any) -> Any:
        return by_type(operator.getitem, (self, index), {})

    def __add__(self, other: Any) -> Any:
        return by_type(torch.add, (self, other), {})

    def __sub__(self, other: Any) -> Any:
        return by_type(torch.sub, (self, other), {})

    def __mul__(self, other: Any) -> Any:
        return by_type(torch.mul, (self, other), {})

    def __truediv__(self, other: Any) -> Any:
        return by_type(torch.div, (self, other), {})

    def __pow__(self, other: Any) -> Any:
        return by_type(torch.pow, (self, other), {})

    def __matmul__(self, other: Any) -> Any:
        return by_type(torch.matmul, (self, other), {})

    def __gt__(self, other: Any) -> Any:
        return by_type(torch.gt, (self, other), {})

    def __ge__(self, other: Any) -> Any:
        return by_type(torch.ge, (self, other), {})

    def __lt__(self, other: Any) -> Any:
        return by_type(torch.lt, (self, other), {})

    def __le__(self, other: Any) -> Any:
        return by_type(torch.le, (self, other), {})

    def __ne__(self, other: object) -> Any:
        return by_type(torch.ne, (self, other), {})

    def __eq__(self, other: object) -> Any:
        return by_type(torch.eq, (self, other), {})

    def __radd__(self, other: Any) -> Any:
        return by_type(torch.add, (self, other), {})

    def __rmul__(self, other: Any) -> Any:
        return by_type(torch.mul, (self, other), {})

    def __rsub__(self, other: Any) -> Any:
        return by_type(torch.rsub, (self, other), {})

    def __rtruediv__(self, other: Any) -> Any:
        return by_type(operator.truediv, (other, self), {})

    def __neg__(self) -> Any:
        return by_type(torch.neg, (self,), {})

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        hint = "what a model decides by values has to be written for each type"
        raise OptionError(message("to_hetero", "a model that does not branch on features", "their truth value", hint))


def by_type(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Call a function once for each type that all its arguments have."""
    keys = shared_types((args, tuple(kwargs.values())))
    results = {
        key: function(*(_of(key, each) for each in args), **{name: _of(key, each) for name, each in kwargs.items()})
        for key in keys
    }
    first = next(iter(results.values()), None)
    if isinstance(first, (tuple, list)):
        parts = [TypedValues({key: value[at] for key, value in results.items()}) for at in range(len(first))]
        return type(first)(parts) if type(first) in (tuple, list) else tuple(parts)
    return TypedValues(results)


def shared_types(value: Any) -> list[Any]:
    """The types that all values have, in the order of the first."""
    found: list[list[Any]] = []
    _collect(value, found)
    return [key for key in found[0] if all(key in keys for keys in found)] if found else []


def _collect(value: Any, found: list[list[Any]]) -> None:
    if isinstance(value, TypedValues):
        found.append(list(value.values))
    elif isinstance(value, (tuple, list)):
        for each in value:
            _collect(each, found)


def _of(key: Any, value: Any) -> Any:
    """What an argument is for one type."""
    if isinstance(value, TypedValues):
        return value.values[key]
    if isinstance(value, (tuple, list)):
        return type(value)([_of(key, each) for each in value])
    return value
