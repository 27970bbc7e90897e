"""Messages and reducers by name, for `update_all` and its kin: `copy_u`, `u_mul_e` and 30 more, `sum`, `mean`, `max`, `min`.

A binary message is called `{left}_{op}_{right}`, where left and right are two of u (source), v (target) and e (edge), and op
is add, sub, mul, div or dot.
"""

from dataclasses import dataclass
from itertools import permutations
from typing import Any

from ._later import absent

OPS = ("add", "sub", "mul", "div", "dot")


class BuiltinFunction:
    """A message or a reducer that is known by name."""

    name: Any


@dataclass(unsafe_hash=True)
class CopyMessageFunction(BuiltinFunction):
    """The feature `in_field` of the source ("u") or the edge ("e") as it is."""

    target: str
    in_field: str
    out_field: str

    @property
    def name(self) -> str:
        """As in `copy_u`."""
        return f"copy_{self.target}"


@dataclass(unsafe_hash=True)
class BinaryMessageFunction(BuiltinFunction):
    """Two features of an edge and its ends, combined; `dot` sums over the last dimension and keeps it with length 1."""

    binary_op: str
    lhs: str
    rhs: str
    lhs_field: str
    rhs_field: str
    out_field: str

    @property
    def name(self) -> str:
        """As in `u_mul_e`."""
        return f"{self.lhs}_{self.binary_op}_{self.rhs}"


@dataclass(unsafe_hash=True)
class SimpleReduceFunction(BuiltinFunction):
    """The messages `msg_field` that a node gets, reduced; 0 where it gets none."""

    name: str
    msg_field: str
    out_field: str


MessageFunction = CopyMessageFunction | BinaryMessageFunction


def copy_u(u: str, out: str) -> CopyMessageFunction:
    """Send the feature `u` of the source.

    >>> copy_u("h", "m").name
    'copy_u'
    """
    return CopyMessageFunction("u", u, out)


def copy_e(e: str, out: str) -> CopyMessageFunction:
    """Send the feature `e` of the edge."""
    return CopyMessageFunction("e", e, out)


def sum(msg: str, out: str) -> SimpleReduceFunction:  # noqa: A001
    """Add up the messages `msg`."""
    return SimpleReduceFunction("sum", msg, out)


def mean(msg: str, out: str) -> SimpleReduceFunction:
    """Average the messages `msg`."""
    return SimpleReduceFunction("mean", msg, out)


def max(msg: str, out: str) -> SimpleReduceFunction:  # noqa: A001
    """Take the largest of the messages `msg`, number by number."""
    return SimpleReduceFunction("max", msg, out)


def min(msg: str, out: str) -> SimpleReduceFunction:  # noqa: A001
    """Take the smallest of the messages `msg`, number by number."""
    return SimpleReduceFunction("min", msg, out)


class _Binary:
    """`u_add_v("x", "y", "m")` and its kin."""

    def __init__(self, left: str, op: str, right: str) -> None:
        self.__name__ = self.__qualname__ = f"{left}_{op}_{right}"
        self.__doc__ = f"Send {left} {op} {right}: the features `lhs_field` and `rhs_field`, combined."
        self._parts = (op, left, right)

    def __call__(self, lhs_field: str, rhs_field: str, out: str) -> BinaryMessageFunction:
        return BinaryMessageFunction(*self._parts, lhs_field, rhs_field, out)

    def __repr__(self) -> str:
        return f"<function {self.__name__}>"


_BINARIES = {f"{a}_{op}_{b}": _Binary(a, op, b) for a, b in permutations("uve", 2) for op in OPS}
globals().update(_BINARIES)

__getattr__ = absent("function", globals())
