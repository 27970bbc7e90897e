"""What becomes of the messages of a chunk: named reducers, a function of mailboxes, or a row kept for each edge.

A reduction fills tensors of a row for each target while chunks pass by, and says afterwards which gradient the values of a
chunk get. Every named reducer goes on in a row that two chunks share.
"""

from __future__ import annotations

import abc
import functools
import inspect
import math
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, final

import torch
from torch import Tensor

from ..errors import FormulaError, OptionError, message
from ..ops import IdSet, Structure, pass_messages
from ..ops.pass_messages import Builder, Output
from ._chunks import Chunk, by_degree, consecutive, only
from ._given import Reading
from ._lower import check_values
from ._trial import Trial

MAX_OPERANDS = 12  # of a program
# Columns that a kind of output needs; the first is the result.
PARTS = {
    "sum": ("sum",), "mean": ("mean",), "max": ("max",), "min": ("min",), "product": ("product", "zeros", "nonzero"),
    "variance": ("variance", "average"), "attend": ("attended", "log_sum"),
}  # fmt: skip


class Reduction(abc.ABC):
    """Turns the values of chunks into results, and gradients of results into those of values."""

    @abc.abstractmethod
    def cuts(self, rows: Structure, capacity: int) -> Iterator[Chunk]:
        """The chunks, always in the same order."""

    def finish(self, values: tuple[Tensor, ...], reading: Reading) -> tuple[Tensor, ...]:
        """What is left to compute in the chunk, differentiably."""
        return values

    @abc.abstractmethod
    def begin(self, rows: Structure, trial: Trial, device: torch.device) -> list[Tensor]:
        """Tensors to fill: first the results, then what else a gradient reads."""

    @abc.abstractmethod
    def take(self, filled: list[Tensor], chunk: Chunk, values: tuple[Tensor, ...]) -> None:
        """Put in what a chunk gave."""

    def results(self, filled: list[Tensor], trial: Trial) -> list[Tensor]:
        """The results among the tensors that were filled, in their shapes."""
        return filled

    def reached(
        self, rows: Structure, filled: Sequence[Tensor], grads: Sequence[Tensor | None]
    ) -> tuple[Structure, Sequence[Tensor]]:
        """The edges to which a gradient comes, and what was filled with regard to them; all if there are not much fewer."""
        return rows, filled

    @abc.abstractmethod
    def gradients(self, rows: Structure, filled: Sequence[Tensor], grads: Sequence[Tensor | None]) -> Gradients:
        """A function of a chunk and its values that gives the gradient of each value."""

    @abc.abstractmethod
    def together(self, rows: Structure, chunks: Sequence[Chunk], values: Sequence[tuple[Tensor, ...]]) -> list[Tensor]:
        """The results, as a differentiable function of the values of all chunks."""


Gradients = Callable[[Chunk, tuple[Tensor, ...]], list[Tensor]]


@final
class NamedReducers(Reduction):
    """Reducers of the operator `pass_messages`, run on the messages of a chunk.

    Args:
        kinds: of outputs, each once.
        keeps: whether a gradient will be asked for.
    """

    def __init__(self, kinds: tuple[str, ...], keeps: bool) -> None:
        self.kinds, self.keeps = kinds, keeps
        self._carry: dict[str, Tensor] = {}
        self._carried_winner: Tensor | None = None

    def cuts(self, rows: Structure, capacity: int) -> Iterator[Chunk]:
        """Between targets, and within one that is too long."""
        return consecutive(rows, capacity)

    def finish(self, values: tuple[Tensor, ...], reading: Reading) -> tuple[Tensor, ...]:
        """Refuse what the reducers do not take."""
        check_values(self.kinds, tuple(tuple(x.shape[1:]) for x in values))
        return values

    def begin(self, rows: Structure, trial: Trial, device: torch.device) -> list[Tensor]:
        """Zeros: a target without edges keeps them."""
        shape, dtype = trial.shapes[0], functools.reduce(torch.promote_types, trial.dtypes)
        width, heads = shape.numel(), trial.shapes[-1].numel() if "attend" in self.kinds else 0
        self._text, self._parts = _forward(self.kinds, width, heads, self.keeps)
        n = rows.num_targets
        by_name = {name: torch.zeros(n, end - at, dtype=dtype, device=device) for name, at, end in self._parts}
        self._names = [PARTS[kind][0] for kind in self.kinds]
        self._names += [name for name in by_name if name not in self._names]
        self._selects = [kind for kind in self.kinds if kind in ("max", "min")]
        won = rows.source.new_full((n, width * len(self._selects) if self.keeps else 0), -1)
        self._carry = {}
        return [*(by_name[name] for name in self._names), won]

    def results(self, filled: list[Tensor], trial: Trial) -> list[Tensor]:
        """One for each kind, in the shape of a message."""
        return [x.reshape(x.shape[0], *trial.shapes[0]) for x in filled[: len(self.kinds)]]

    def take(self, filled: list[Tensor], chunk: Chunk, values: tuple[Tensor, ...]) -> None:
        """Reduce in the chunk; a row that began before is put together with what it had."""
        out, _, won = pass_messages(chunk.structure, self._text, *_flat(values))
        if not self.keeps:
            won = won[:, :0]
        elif chunk.begin:  # a row without edges then names one of another row, which is as good as none
            won.add_(chunk.begin)
        found = {name: out[:, at:end] for name, at, end in self._parts}
        first: dict[str, Tensor] = {}
        if chunk.num_before:
            now = {name: _widened(x[:1]) for name, x in found.items()}
            num_now = int(chunk.structure.indptr[1])
            assert self._carried_winner is not None, "a row that goes on was begun"
            first, chosen = _merged(self._carry, now, (self._carried_winner, won[:1]), (chunk.num_before, num_now))
            won = torch.cat((chosen, won[1:]))
        for x, name in zip(filled, self._names, strict=False):
            x[chunk.rows] = found[name]
            if first:
                x[chunk.rows][:1] = first[name].to(x.dtype)
        filled[-1][chunk.rows] = won
        if chunk.goes_on:
            only = bool(first) and out.shape[0] == 1
            self._carry = first if only else {name: _widened(x[-1:]) for name, x in found.items()}
            self._carried_winner = won[-1:]

    def reached(
        self, rows: Structure, filled: Sequence[Tensor], grads: Sequence[Tensor | None]
    ) -> tuple[Structure, Sequence[Tensor]]:
        """The edges that gave a highest or lowest value, where no other reducer asks."""
        asked = {kind for kind, grad in zip(self.kinds, grads, strict=True) if grad is not None}
        if not asked <= {"max", "min"} or not rows.num_edges:
            return rows, filled
        won = filled[-1].clamp(min=0).flatten()  # a row without edges names one of another row
        found = IdSet.of(won, rows.num_edges)
        if 2 * len(found) > rows.num_edges:
            return rows, filled
        return only(rows, found), [*filled[:-1], found.places(won).view_as(filled[-1])]

    def gradients(self, rows: Structure, filled: Sequence[Tensor], grads: Sequence[Tensor | None]) -> Gradients:
        """A program that reads the totals of the targets."""
        by_name, won = dict(zip(self._names, filled, strict=False)), filled[-1]
        asked = {kind: grad for kind, grad in zip(self.kinds, grads, strict=True) if grad is not None}
        width = by_name[self._names[0]].shape[1]
        heads = by_name["log_sum"].shape[1] if "attend" in asked else 0
        degree = rows.indptr.diff().clamp(min=1).unsqueeze(1)
        totals: list[Tensor] = []
        for kind, grad in asked.items():
            totals += _totals(kind, grad.reshape(grad.shape[0], width), by_name, degree)
        text, used = _backward(tuple(asked), width, heads, tuple(self._selects))
        selects = bool(self._selects) and "won" in text

        def gradients(chunk: Chunk, values: tuple[Tensor, ...]) -> list[Tensor]:
            operands = [*_flat(values), *(x[chunk.rows] for x in totals)]
            slots = [*(operands[i] for i in used), *[None] * (MAX_OPERANDS - len(used))]
            local = won[chunk.rows] - chunk.begin if selects else None
            _, out, _ = pass_messages(chunk.structure, text, *slots, local)  # type: ignore[call-arg, arg-type]
            return [
                part.reshape(x.shape)
                for x, part in zip(values, out.split([width, *[heads] * bool(heads)], 1), strict=True)
            ]

        return gradients

    def together(self, rows: Structure, chunks: Sequence[Chunk], values: Sequence[tuple[Tensor, ...]]) -> list[Tensor]:
        """The operator on all messages at once."""
        joined = tuple(torch.cat(parts) for parts in zip(*values, strict=True)) if len(values) != 1 else values[0]
        flat = _flat(joined)
        width = operator.index(flat[0].shape[1])  # a program is written for it, so that a compiler has to look
        heads = operator.index(flat[-1].shape[1]) if "attend" in self.kinds else 0
        text, parts = _forward(self.kinds, width, heads, False)
        out = pass_messages(Structure(rows.indptr, rows.source), text, *flat)[0]
        by_name = {name: out[:, at:end] for name, at, end in parts}
        shape = joined[0].shape[1:]
        return [by_name[PARTS[kind][0]].reshape(rows.num_targets, *shape) for kind in self.kinds]


@final
class Mailboxes(Reduction):
    """A function of the messages of targets of one degree: `(num_rows, degree, *F)` -> `(num_rows, *G)`."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self._takes_shared = len(inspect.signature(function).parameters) > 1

    def cuts(self, rows: Structure, capacity: int) -> Iterator[Chunk]:
        """Whole rows, by degree."""
        return (chunk for chunk, _ in by_degree(rows, capacity))

    def finish(self, values: tuple[Tensor, ...], reading: Reading) -> tuple[Tensor, ...]:
        """Run the function."""
        if len(values) != 1:
            raise OptionError(
                message("aggregate", "a message alone for a reducer of one's own", f"{len(values)} values")
            )
        count = reading.chunk.structure.num_targets
        mailbox = values[0].reshape(count, reading.chunk.num_edges // max(count, 1), *values[0].shape[1:])
        out = reading.call(self.function, mailbox, *([reading.sides[3]] if self._takes_shared else []))
        if not isinstance(out, Tensor) or out.dim() == 0 or out.shape[0] != count:
            got = str(tuple(out.shape)) if isinstance(out, Tensor) else type(out).__name__
            raise FormulaError(message("aggregate", f"`reduce` to return a row for each of {count} targets", got))
        return (out,)

    def begin(self, rows: Structure, trial: Trial, device: torch.device) -> list[Tensor]:
        """Zeros: a target without edges keeps them."""
        return [torch.zeros(rows.num_targets, *trial.shapes[0], dtype=trial.dtypes[0], device=device)]

    def take(self, filled: list[Tensor], chunk: Chunk, values: tuple[Tensor, ...]) -> None:
        """Put in the rows."""
        filled[0][chunk.rows] = values[0]

    def gradients(self, rows: Structure, filled: Sequence[Tensor], grads: Sequence[Tensor | None]) -> Gradients:
        """The rows of the gradient."""
        (grad,) = grads
        assert grad is not None, "the only result has a gradient"
        return lambda chunk, values: [grad[chunk.rows]]

    def together(self, rows: Structure, chunks: Sequence[Chunk], values: Sequence[tuple[Tensor, ...]]) -> list[Tensor]:
        """All rows put in."""
        at, made = torch.cat([torch.as_tensor(c.rows) for c in chunks]), torch.cat([v[0] for v in values])
        return [made.new_zeros(rows.num_targets, *made.shape[1:]).index_copy(0, at, made)]


@final
class KeptByEdge(Reduction):
    """Nothing is reduced: every edge keeps what the formula returns for it."""

    def cuts(self, rows: Structure, capacity: int) -> Iterator[Chunk]:
        """In the order of targets."""
        return consecutive(rows, capacity)

    def begin(self, rows: Structure, trial: Trial, device: torch.device) -> list[Tensor]:
        """A row for each edge."""
        pairs = zip(trial.shapes, trial.dtypes, strict=True)
        return [torch.zeros(rows.num_edges, *shape, dtype=dtype, device=device) for shape, dtype in pairs]

    def take(self, filled: list[Tensor], chunk: Chunk, values: tuple[Tensor, ...]) -> None:
        """Put in the rows."""
        for x, value in zip(filled, values, strict=True):
            x[chunk.edge] = value

    def gradients(self, rows: Structure, filled: Sequence[Tensor], grads: Sequence[Tensor | None]) -> Gradients:
        """The rows of the gradients."""

        def gradients(chunk: Chunk, values: tuple[Tensor, ...]) -> list[Tensor]:
            return [torch.zeros_like(v) if g is None else g[chunk.edge] for g, v in zip(grads, values, strict=True)]

        return gradients

    def together(self, rows: Structure, chunks: Sequence[Chunk], values: Sequence[tuple[Tensor, ...]]) -> list[Tensor]:
        """All rows put in."""
        made = [torch.cat(parts) for parts in zip(*values, strict=True)] if len(values) != 1 else list(values[0])
        return made if rows.edge is None else [x.new_zeros(x.shape).index_copy(0, rows.edge.long(), x) for x in made]


def _flat(values: Sequence[Tensor]) -> list[Tensor]:
    dtype = functools.reduce(torch.promote_types, (x.dtype for x in values))
    return [x.to(dtype).reshape(x.shape[0], math.prod(x.shape[1:])) for x in values]


def _widened(x: Tensor) -> Tensor:
    return x.to(torch.promote_types(x.dtype, torch.float32))


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def _forward(
    kinds: tuple[str, ...], width: int, heads: int, keeps: bool
) -> tuple[str, tuple[tuple[str, int, int], ...]]:
    """The program of results and, if kept, of what gradients read; and name and columns of each part."""
    return _written(kinds, width, heads, keeps)


@functools.cache
def _written(
    kinds: tuple[str, ...], width: int, heads: int, keeps: bool
) -> tuple[str, tuple[tuple[str, int, int], ...]]:
    b = Builder()
    x = b.operand("edge", width)
    outputs: list[Output] = []
    names: list[tuple[str, int]] = []
    for kind in kinds:
        values = (x, b.operand("edge", heads)) if kind == "attend" else (x,)
        outputs.append(Output(kind, values))
        names += [("attended", width), ("log_sum", heads)] if kind == "attend" else [(PARTS[kind][0], width)]
        if kind == "variance":
            outputs.append(Output("mean", (x,)))
            names.append(("average", width))
        if kind == "product" and keeps:
            is_zero = b.step("iszero", x)
            outputs += [Output("sum", (is_zero,)), Output("product", (b.step("add", x, is_zero),))]
            names += [("zeros", width), ("nonzero", width)]
    parts, at = [], 0
    for name, size in names:
        parts.append((name, at, at + size))
        at += size
    return b.text(outputs)[0], tuple(parts)


@functools.cache
def _backward(kinds: tuple[str, ...], width: int, heads: int, selects: tuple[str, ...]) -> tuple[str, tuple[int, ...]]:
    """The program of the gradients of messages and scores, and which operands it reads: values, then `_totals`."""
    b = Builder()
    x = b.operand("edge", width)
    score = b.operand("edge", heads) if heads else 0
    terms, of_score = [], 0
    for kind in kinds:
        grad = b.operand("target", width)
        if kind in ("max", "min"):
            columns = (1.0, float(width * selects.index(kind)), float(width * len(selects)), float(width))
            grad = b.step("mul", grad, b.step("won", rest=columns))
        elif kind == "variance":
            grad = b.step("mul", grad, b.step("sub", x, b.operand("target", width)))
        elif kind == "product":
            zeros, nonzero = b.operand("target", width), b.operand("target", width)
            one, is_zero = b.step("constant", rest=(1.0, float(width))), b.step("iszero", x)
            no_other = b.step("mul", b.step("sub", one, is_zero), b.step("iszero", zeros))
            alone = b.step("mul", is_zero, b.step("iszero", b.step("sub", zeros, one)))
            others = b.step("div", nonzero, b.step("add", x, is_zero))
            grad = b.step("mul", grad, b.step("mul", others, b.step("add", no_other, alone)))
        elif kind == "attend":
            spread = (float(heads), float(width // heads), 1.0)
            log_sum, expected = b.operand("target", heads), b.operand("target", heads)
            weight = b.step("exp", b.step("sub", score, log_sum))
            gain = b.step("fold", b.step("mul", grad, x), rest=spread)
            of_score = b.step("mul", weight, b.step("sub", gain, expected))
            grad = b.step("mul", b.step("expand", weight, rest=spread), grad)
        terms.append(grad)
    total = functools.reduce(lambda left, right: b.step("add", left, right), terms)
    return b.text([Output("edge", (total,)), *([Output("edge", (of_score,))] if heads else [])])


def _totals(kind: str, grad: Tensor, kept: dict[str, Tensor], degree: Tensor) -> list[Tensor]:
    """The operands with a row for each target that the gradient of one kind reads."""
    if kind in ("mean", "variance"):
        exact = torch.promote_types(grad.dtype, torch.float32)
        grad = grad * ((2.0 if kind == "variance" else 1.0) / degree.to(exact)).to(grad.dtype)
    if kind == "variance":
        return [grad, kept["average"]]
    if kind == "product":
        return [grad, kept["zeros"], kept["nonzero"]]
    if kind == "attend":
        log_sum = kept["log_sum"]
        expected = (grad * kept["attended"]).reshape(*log_sum.shape, grad.shape[1] // log_sum.shape[1]).sum(2)
        return [grad, log_sum, expected]
    return [grad]


def _merged(
    a: dict[str, Tensor], b: dict[str, Tensor], winners: tuple[Tensor, Tensor], counts: tuple[int, int]
) -> tuple[dict[str, Tensor], Tensor]:
    """Two parts of one row put together, the first of `counts[0]` edges; of equal values the earlier edge wins."""
    m, n = counts
    out, at, chosen = {}, 0, []
    for name, now in b.items():
        had = a[name]
        if name in ("sum", "zeros"):
            out[name] = had + now
        elif name in ("mean", "average"):
            out[name] = had + (now - had) * (n / (m + n))
        elif name == "variance":
            apart = (a["average"] - b["average"]).square() * (m * n / (m + n) ** 2)
            out[name] = (had * m + now * n) / (m + n) + apart
        elif name in ("product", "nonzero"):
            out[name] = had * now
        elif name == "log_sum":
            out[name] = torch.logaddexp(had, now)
            shares = [
                (x[name] - out[name]).exp().repeat_interleave(a["attended"].shape[1] // had.shape[1], 1) for x in (a, b)
            ]
            out["attended"] = a["attended"] * shares[0] + b["attended"] * shares[1]
        elif name in ("max", "min"):
            better = (now > had if name == "max" else now < had) | (now.isnan() & ~had.isnan())
            out[name] = now.where(better, had)
            columns = slice(at, at + now.shape[1])
            if winners[1].shape[1]:
                chosen.append(winners[1][:, columns].where(better, winners[0][:, columns]))
            at += now.shape[1]
    return out, torch.cat(chosen, 1) if chosen else winners[1]
