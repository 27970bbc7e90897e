"""How a formula runs: on the kernel that is made for it, as a program, or in chunks; and what that costs."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ..errors import DtypeError, FormulaError, OptionError, ShapeError, message
from ..graph import Adjacency, adjacency_of
from ..ops import REGISTRY, Structure, pass_messages
from ._arguments import Edges
from ._formula import Formula, Lowered
from ._given import SIDES, Given, Named, Shared
from ._in_chunks import InChunks
from ._lower import Name
from ._recognise import recognise
from ._reduction import MAX_OPERANDS, PARTS, KeptByEdge, Mailboxes, NamedReducers, Reduction

REDUCERS = {
    "sum": "sum", "mean": "mean", "max": "max", "min": "min", "mul": "product", "var": "variance", "std": "variance",
    "softmax": "attend",
}  # fmt: skip
Reducers = str | tuple[str, ...] | Callable[..., Any] | None
Values = Mapping[Name, Tensor | nn.Module]


class Plan(NamedTuple):
    """A formula on a graph that one operator runs: its tensors, the kinds of its outputs, and the program."""

    adjacency: Adjacency
    kinds: tuple[str, ...]
    tensors: tuple[Tensor, ...]
    lowered: Lowered
    kernel: str
    call: Callable[[Structure], list[Tensor]]

    def run(self) -> list[Tensor]:
        """One result for each output."""
        return self.call(self.adjacency.by_target)

    def explain(self) -> str:
        """The operator, what it runs, and the bytes that go from and to memory in a forward pass."""
        num_edges, size = self.adjacency.num_edges, self.tensors[0].element_size()
        counts = [num_edges if side != "target" else self.adjacency.num_targets for side, _ in self.lowered.names]
        reads = sum(
            x[:1].numel() * x.element_size() * count
            for x, count in zip(self.tensors, counts, strict=True)
            if x.shape[0]
        )
        width = self.lowered.columns[-1][1]
        writes = (num_edges if self.kinds == ("edge",) else self.adjacency.num_targets) * width * size
        each = num_edges * width * size
        device = self.tensors[0].device
        where = "" if device.type == "cpu" else f" on {device.type}, {REGISTRY[self.kernel].kernel_on(device)}"
        return (
            f"{self.kernel}{where}: {self.lowered.program}\n"
            f"reads {_bytes(reads)}, writes {_bytes(writes)}; a tensor of messages would be {_bytes(each)}"
        )


class ChunkedPlan(NamedTuple):
    """A formula on a graph that runs on chunks of edges, and why."""

    job: InChunks
    reason: str

    def run(self) -> list[Tensor]:
        """One result for each output."""
        return self.job.run()

    def explain(self) -> str:
        """Why no operator runs it, how it is cut, and the bytes that this takes."""
        job, trial = self.job, self.job.trial
        count = sum(1 for _ in job.chunks())
        return (
            f"in chunks, because {self.reason}\n"
            f"{count} chunk{'s' * (count != 1)} of up to {min(job.capacity, job.rows.num_edges)} edges, at about "
            f"{_bytes(job.bytes_per_edge)} an edge, within {_bytes(job.budget)}; a tensor of messages would be "
            f"{_bytes(job.rows.num_edges * trial.bytes_of_message)}"
        )


def named_values(source: Named | None, target: Named | None, edge: Named | None, shared: Shared | None) -> Values:
    """All tensors and modules by side and name.

    Raises:
        DtypeError: if one is neither, or a module has rows.
    """
    found: dict[Name, Tensor | nn.Module] = {}
    for side, values in zip(SIDES, (source, target, edge, shared), strict=True):
        for name, value in (values or {}).items():
            if not isinstance(value, Tensor) and not (isinstance(value, nn.Module) and side == "shared"):
                form = f'{side}["{name}"] to be a tensor' + (" or a module" if side == "shared" else "")
                raise DtypeError(message("aggregate", form, type(value).__name__))
            found[side, name] = value
    return found


def kinds_of(reduce: Reducers) -> tuple[str, ...]:
    """The kinds of outputs of the program, or of what runs in its place, for reducers; none for a function."""
    if reduce is None:
        return ("edge",)
    if callable(reduce):
        return ()
    reducers = (reduce,) if isinstance(reduce, str) else tuple(reduce)
    for reducer in reducers:
        if reducer not in REDUCERS:
            raise OptionError(message("aggregate", f"`reduce` of {', '.join(REDUCERS)}, or a function", repr(reducer)))
    if not reducers:
        raise OptionError(message("aggregate", "at least one reducer", "an empty tuple"))
    return tuple(dict.fromkeys(REDUCERS[reducer] for reducer in reducers))


def results_of(reduce: Reducers, results: list[Tensor]) -> tuple[Tensor, ...]:
    """One result for each reducer from one for each kind."""
    if reduce is None or callable(reduce):
        return tuple(results)
    reducers, by_kind = (
        (reduce,) if isinstance(reduce, str) else reduce,
        dict(zip(kinds_of(reduce), results, strict=True)),
    )
    return tuple(_root(by_kind["variance"]) if name == "std" else by_kind[REDUCERS[name]] for name in reducers)


def plan(adjacency: Adjacency, formula: Formula, named: Values, reduce: Reducers) -> Plan | ChunkedPlan:
    """Check the tensors of a formula and choose what runs it.

    Raises:
        OptionError: if there is no such reducer.
        ShapeError: if a tensor has no row for each source, target or edge.
        FormulaError: if the formula does not fit the tensors.
    """
    kinds = kinds_of(reduce)
    counts = {"source": adjacency.num_sources, "target": adjacency.num_targets, "edge": adjacency.num_edges}
    for (side, name), x in named.items():
        if isinstance(x, Tensor) and side != "shared" and (x.dim() == 0 or x.shape[0] != counts[side]):
            form = f'{side}["{name}"] with a row for each of {counts[side]} {side}s'
            raise ShapeError(message("aggregate", form, str(tuple(x.shape))))
    reason = formula.why_untraced or ("the reducer is a function" if callable(reduce) else "")
    if reason:
        return _in_chunks(adjacency, formula, named, reduce, kinds, reason)
    tensors = {name: x for name, x in named.items() if isinstance(x, Tensor)}
    shapes = tuple((name, _sizes(x.shape[name[0] != "shared" :])) for name, x in tensors.items())
    lowered = formula.lowered(shapes, kinds)
    given = [tensors[name] for name in lowered.names]
    dtype = functools.reduce(torch.promote_types, (x.dtype for x in given))
    known = recognise(formula.expressions, kinds[0], tensors) if len(kinds) == 1 else None
    if known is not None:
        return Plan(adjacency, kinds, tuple(given), lowered, known.kernel, lambda rows: [known.call(rows, dtype)])
    reason = _too_many(lowered, kinds, given)
    if reason:
        return _in_chunks(adjacency, formula, named, reduce, kinds, reason)
    rows = tuple(
        x.to(dtype).reshape(1 if name[0] == "shared" else x.shape[0], math.prod(dict(shapes)[name]))
        for name, x in zip(lowered.names, given, strict=True)
    )
    return Plan(adjacency, kinds, rows, lowered, "pass_messages", functools.partial(_run_program, kinds, lowered, rows))


def explain_plan(
    graph: Edges,
    formula: Formula,
    *,
    reduce: Reducers = "sum",
    source: Named | None = None,
    target: Named | None = None,
    edge: Named | None = None,
    shared: Shared | None = None,
) -> str:
    """Say what `aggregate` would run for these arguments, or why it runs in chunks, and what that costs in bytes.

    Args:
        reduce: as in `aggregate`; None for `apply_edges`.

    Raises:
        what `aggregate` raises.

    >>> import torch, weft
    >>> graph = weft.Graph(torch.tensor([0, 1]), torch.tensor([1, 2]), num_nodes=3)
    >>> formula = weft.formula(lambda source, target, edge: torch.relu(source["h"] + edge["w"]))
    >>> print(weft.explain_plan(graph, formula, source={"h": torch.ones(3, 4)}, edge={"w": torch.ones(2, 4)}))
    pass_messages: source:4 edge:4 | add 0 1; relu 2 | sum 3
    reads 64 B, writes 48 B; a tensor of messages would be 32 B
    """
    return plan(adjacency_of(graph), formula, named_values(source, target, edge, shared), reduce).explain()


def _run_program(
    kinds: tuple[str, ...], lowered: Lowered, tensors: tuple[Tensor, ...], rows: Structure
) -> list[Tensor]:
    reduced, kept, _ = pass_messages(rows, lowered.program, *tensors)
    out = kept if kinds == ("edge",) else reduced
    return [
        out[:, begin:end].reshape(out.shape[0], *shape)
        for (begin, end), shape in zip(lowered.columns, lowered.shapes, strict=True)
    ]


def _in_chunks(
    adjacency: Adjacency, formula: Formula, named: Values, reduce: Reducers, kinds: tuple[str, ...], reason: str
) -> ChunkedPlan:
    given = Given(named)
    reduction: Reduction
    if callable(reduce):
        if torch.compiler.is_compiling():
            hint = "aggregate outside of torch.compile, or use a reducer with a name"
            raise FormulaError(
                message("aggregate", "a named reducer while compiling", "a function, which runs degree by degree", hint)
            )
        reduction = Mailboxes(reduce)
    elif reduce is None:
        reduction = KeptByEdge()
    else:
        keeps = torch.is_grad_enabled() and any(x.requires_grad for x in given.tensors)
        reduction = NamedReducers(kinds, keeps)
    # A traced formula means the same in chunks: there, shared tensors take the place of a value of an edge.
    traced = not formula.why_untraced
    job = InChunks(
        formula.function, formula.num_sides, traced, adjacency.by_target, given, reduction, formula.chunk_bytes
    )
    return ChunkedPlan(job, reason)


def _too_many(lowered: Lowered, kinds: tuple[str, ...], given: list[Tensor]) -> str:
    """Why a program, or its gradient, reads more tensors than it can; empty if it does not."""
    if len(given) > MAX_OPERANDS:
        return f"it reads {len(given)} tensors, and a program at most {MAX_OPERANDS}"
    count = len(given) + sum(len(PARTS.get(kind, "1")) + (kind == "attend") for kind in kinds)
    if count > MAX_OPERANDS and torch.is_grad_enabled() and any(x.requires_grad for x in given):
        return f"its gradient reads up to {count} tensors, and a program at most {MAX_OPERANDS}"
    return ""


def _sizes(shape: torch.Size) -> tuple[int, ...]:
    """Sizes as plain numbers: a program is written for them, so a compiler that takes them for unknown has to look."""
    return tuple(operator.index(size) for size in shape)


def _root(variance: Tensor) -> Tensor:
    """Square root with the gradient 0 at 0."""
    is_zero = variance == 0
    return torch.where(is_zero, 0, torch.where(is_zero, 1, variance).sqrt())


def _bytes(count: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.4g} {unit}"
        count /= 1024
    return f"{count:.4g} GiB"
