"""Formulas: messages of one's own, written as a function of the tensors at both ends of an edge."""

from __future__ import annotations

import functools
import inspect
import itertools
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple, final

import torch

from ..errors import FormulaError, OptionError, message
from ..ops.pass_messages import Output
from ._expression import Expression, Side, UntraceableError
from ._lower import Lowering, Name, Shape

SIDES = ("source", "target", "edge", "shared")
REDUCERS = {
    "sum": "sum", "mean": "mean", "max": "max", "min": "min", "mul": "product", "var": "variance", "std": "variance",
    "softmax": "attend",
}  # fmt: skip


class Lowered(NamedTuple):
    """A formula for tensors of certain shapes: the program, its tensors in order, where results stand, and their shape."""

    program: str
    names: tuple[Name, ...]
    columns: tuple[tuple[int, int], ...]
    shape: Shape


@final
class Formula:
    """A message, and what it is computed from, traced once.

    The function gets mappings of named tensors, whose first dimension is the edges: `source["h"]` holds the row of the source
    of every edge. It may use arithmetic with tensors and numbers that broadcasts over features, `sum(dim)`, `unsqueeze`,
    `square`, `abs`, and relu, leaky_relu, sigmoid, tanh, exp, log and sqrt of torch; every tensor comes by name.

    Args:
        function: of `source`, `target`, `edge` and, if it takes a fourth argument, `shared`, whose tensors are the same for
            every edge. It returns the message, or for softmax the pair of message and score.

    Raises:
        FormulaError: if the function captures a tensor, or does what cannot be computed edge by edge.

    >>> import torch, weft
    >>> formula = Formula(lambda source, target, edge: torch.relu(source["h"] + edge["w"]))
    >>> graph = weft.Graph(torch.tensor([0, 1]), torch.tensor([2, 2]), num_nodes=3)
    >>> h, w = torch.tensor([[1.0], [-5.0], [0.0]]), torch.tensor([[1.0], [2.0]])
    >>> weft.aggregate(graph, formula, source={"h": h}, edge={"w": w})
    tensor([[0.],
            [0.],
            [2.]])
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        count = len(inspect.signature(function).parameters)
        if not 1 <= count <= 4:
            raise FormulaError(
                message("formula", "a function of source, target, edge and shared", f"{count} arguments")
            )
        try:
            found = function(*(Side(side) for side in SIDES[:count]))
        except UntraceableError as error:
            raise FormulaError(
                f"formula: expected steps that run edge by edge, got {error}; hint: compute it before, on nodes, or see "
                "weft.formula for what a formula may use"
            ) from None
        self.expressions = found if isinstance(found, tuple) else (found,)
        if not all(isinstance(e, Expression) for e in self.expressions) or len(self.expressions) > 2:
            raise FormulaError(
                message("formula", "a function that returns a message, or message and score", repr(found))
            )
        self._lowered = functools.cache(self._lower)
        self.token = f"formula {next(_numbers)}"
        _KNOWN[self.token] = self

    def __deepcopy__(self, memo: dict[int, Any]) -> Formula:
        """The formula itself, which never changes, for layers that are copied."""
        return self

    def __repr__(self) -> str:
        """The name of the function."""
        return f"Formula({getattr(self.function, '__qualname__', self.function)!s})"

    def lowered(self, shapes: tuple[tuple[Name, Shape], ...], reducers: tuple[str, ...]) -> Lowered:
        """The program for tensors of these shapes, behind their first dimension."""
        return Lowered(*_constant(self.token, shapes, reducers))

    def _lower(self, shapes: tuple[tuple[Name, Shape], ...], reducers: tuple[str, ...]) -> Lowered:
        lowering = Lowering(dict(shapes))
        values = lowering.lower_together(self.expressions)
        (value, shape), widths = values[0], lowering.builder.widths
        outputs, columns, at = [], [], 0
        for reducer in reducers:
            if reducer != "softmax" and len(values) > 1:
                form = 'reduce="softmax" for a formula of message and score'
                raise OptionError(message("aggregate", form, repr(reducer)))
            outputs.append(
                Output(REDUCERS[reducer], (value, self._score(values)) if reducer == "softmax" else (value,))
            )
            columns.append((at, at + widths[value]))
            at += sum(widths[v] for v in outputs[-1].values)
        text, used = lowering.builder.text(outputs)
        if not used:
            raise FormulaError(message("formula", "a message that reads a tensor", "a constant"))
        return Lowered(text, tuple(lowering.names[i] for i in used), tuple(columns), shape)

    @staticmethod
    def _score(values: list[tuple[int, Shape]]) -> int:
        if len(values) != 2:
            raise OptionError(
                message("aggregate", 'a formula of message and score for reduce="softmax"', "a message alone")
            )
        (_, shape), (score, heads) = values
        while heads and heads[-1] == 1 and len(heads) >= len(shape):
            heads = heads[:-1]
        if shape[: len(heads)] != heads:
            raise FormulaError(
                message("formula", f"a score for each head, the first of {shape}", f"scores of shape {values[1][1]}")
            )
        return score


# A compiler looks into no cache, and takes no object for a constant: it calls this, by name, while it compiles.
_KNOWN: weakref.WeakValueDictionary[str, Formula] = weakref.WeakValueDictionary()
_numbers = itertools.count()


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def _constant(token: str, shapes: tuple[tuple[Name, Shape], ...], reducers: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(_KNOWN[token]._lowered(shapes, reducers))


def formula(function: Callable[..., Any]) -> Formula:
    """Trace a formula of messages, for `aggregate`; see `Formula` for what it may use.

    Raises:
        FormulaError: if the function captures a tensor, or does what cannot be computed edge by edge.

    >>> import torch, weft
    >>> weft.formula(lambda source, target, edge: source["h"] * edge["w"])
    Formula(<lambda>)
    """
    return Formula(function)
