"""Formulas: messages of one's own, written as a function of the tensors at both ends of an edge."""

from __future__ import annotations

import functools
import inspect
import itertools
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple, final

import torch
from torch import nn

from ..errors import FormulaError, message
from ..ops.pass_messages import Output
from ._expression import Expression, Side, UntraceableError
from ._given import SIDES
from ._lower import Lowering, Name, Shape, check_values


class Lowered(NamedTuple):
    """A formula for tensors of certain shapes: the program, its tensors in order, and where each result stands in what shape."""

    program: str
    names: tuple[Name, ...]
    columns: tuple[tuple[int, int], ...]
    shapes: tuple[Shape, ...]


@final
class Formula:
    """A message, and what it is computed from, traced once.

    The function gets mappings of named tensors, whose first dimension is the edges: `source["h"]` holds the row of the source
    of every edge. Arithmetic with tensors and numbers that broadcasts over features, `sum(dim)`, `unsqueeze`,
    `square`, `abs`, and relu, leaky_relu, sigmoid, tanh, exp, log and sqrt of torch make a program, which runs edge by edge.
    A function that does anything else runs as it is, on chunks of edges: see `aggregate`. Every tensor comes by name.

    Args:
        function: of `source`, `target`, `edge` and, if it takes a fourth argument, `shared`, whose tensors and modules are
            the same for every edge. It returns the message, or for softmax the pair of message and score.
        trace: False to run in chunks whatever it does.
        chunk_bytes: memory for the edges of a chunk, instead of `weft.settings.chunk_bytes`.

    Raises:
        FormulaError: if the function captures a tensor, or returns no message.

    >>> import torch, weft
    >>> formula = Formula(lambda source, target, edge: torch.relu(source["h"] + edge["w"]))
    >>> graph = weft.Graph(torch.tensor([0, 1]), torch.tensor([2, 2]), num_nodes=3)
    >>> h, w = torch.tensor([[1.0], [-5.0], [0.0]]), torch.tensor([[1.0], [2.0]])
    >>> weft.aggregate(graph, formula, source={"h": h}, edge={"w": w})
    tensor([[0.],
            [0.],
            [2.]])
    """

    def __init__(self, function: Callable[..., Any], *, trace: bool = True, chunk_bytes: int | None = None) -> None:
        self.function, self.chunk_bytes = function, chunk_bytes
        if isinstance(function, nn.Module):
            hint = 'shared={"mlp": module} in aggregate, and a function that calls shared["mlp"]'
            raise FormulaError(message("formula", "a function", f"the module {type(function).__name__}", hint))
        self.num_sides = len(inspect.signature(function).parameters)
        if not 1 <= self.num_sides <= 4:
            raise FormulaError(
                message("formula", "a function of source, target, edge and shared", f"{self.num_sides} arguments")
            )
        self.expressions: tuple[Expression, ...] = ()
        self.why_untraced = "trace=False" if not trace else self._trace()
        self._lowered = functools.cache(self._lower)
        self.token = f"formula {next(_numbers)}"
        _KNOWN[self.token] = self

    def _trace(self) -> str:
        """Record the expressions, or say why there are none."""
        try:
            found = self.function(*(Side(side) for side in SIDES[: self.num_sides]))
        except UntraceableError as error:
            return f"no step does what it does: {error}"
        except (TypeError, AttributeError) as error:
            return f"no step does what it does: {error}"
        values = found if isinstance(found, tuple) else (found,)
        if not values or not all(isinstance(e, Expression) for e in values) or len(values) > 2:
            raise FormulaError(
                message("formula", "a function that returns a message, or message and score", repr(found))
            )
        self.expressions = values
        return ""

    def __deepcopy__(self, memo: dict[int, Any]) -> Formula:
        """The formula itself, which never changes, for layers that are copied."""
        return self

    def __repr__(self) -> str:
        """The name of the function."""
        return f"Formula({getattr(self.function, '__qualname__', self.function)!s})"

    def lowered(self, shapes: tuple[tuple[Name, Shape], ...], kinds: tuple[str, ...]) -> Lowered:
        """The program of outputs of these kinds for tensors of these shapes, behind their first dimension."""
        return Lowered(*_constant(self.token, shapes, kinds))

    def _lower(self, shapes: tuple[tuple[Name, Shape], ...], kinds: tuple[str, ...]) -> Lowered:
        lowering = Lowering(dict(shapes))
        values = lowering.lower_together(self.expressions)
        if kinds == ("edge",):
            outputs, formed = [Output("edge", (v,)) for v, _ in values], [shape for _, shape in values]
        else:
            check_values(kinds, [shape for _, shape in values])
            outputs = [Output(kind, tuple(v for v, _ in values)) for kind in kinds]
            formed = [values[0][1]] * len(kinds)
        columns, at, widths = [], 0, lowering.builder.widths
        for output in outputs:
            columns.append((at, at + widths[output.values[0]]))
            at += sum(widths[v] for v in output.values)
        text, used = lowering.builder.text(outputs)
        if not used:
            raise FormulaError(message("formula", "a message that reads a tensor", "a constant"))
        return Lowered(text, tuple(lowering.names[i] for i in used), tuple(columns), tuple(formed))


# A compiler looks into no cache, and takes no object for a constant: it calls this, by name, while it compiles.
_KNOWN: weakref.WeakValueDictionary[str, Formula] = weakref.WeakValueDictionary()
_numbers = itertools.count()


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def _constant(token: str, shapes: tuple[tuple[Name, Shape], ...], kinds: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(_KNOWN[token]._lowered(shapes, kinds))


def formula(function: Callable[..., Any], *, trace: bool = True, chunk_bytes: int | None = None) -> Formula:
    """Make a formula of messages, for `aggregate`; see `Formula` for what it may use.

    Args:
        trace: False to run in chunks whatever the function does.
        chunk_bytes: memory for the edges of a chunk, instead of `weft.settings.chunk_bytes`.

    Raises:
        FormulaError: if the function captures a tensor, or returns no message.

    >>> import torch, weft
    >>> weft.formula(lambda source, target, edge: source["h"] * edge["w"])
    Formula(<lambda>)
    """
    return Formula(function, trace=trace, chunk_bytes=chunk_bytes)
