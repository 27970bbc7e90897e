"""How a formula runs: on the kernel that is made for it, or as a program; and what that costs."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import OptionError, ShapeError, message
from ..graph import Adjacency, adjacency_of
from ..ops import pass_messages, spmm
from ._arguments import Edges
from ._expression import Expression
from ._formula import REDUCERS, SIDES, Formula, Lowered
from ._lower import Name

Named = Mapping[str, Tensor]


class Plan(NamedTuple):
    """A formula on a graph: the operator that runs it, its tensors, and the program if it is one."""

    adjacency: Adjacency
    reducers: tuple[str, ...]
    tensors: tuple[Tensor, ...]
    lowered: Lowered
    kernel: str

    def run(self) -> tuple[Tensor, ...]:
        """One result for each reducer."""
        rows = self.adjacency.by_target
        if self.kernel == "spmm":
            x, weight = (*self.tensors, None)[:2]
            return (spmm(rows, x, weight, self.reducers[0]),)  # type: ignore[arg-type]
        out, *_ = pass_messages(rows, self.lowered.program, *self.tensors)
        results = []
        for reducer, (begin, end) in zip(self.reducers, self.lowered.columns, strict=True):
            result = out[:, begin:end].reshape(out.shape[0], *self.lowered.shape)
            results.append(_root(result) if reducer == "std" else result)
        return tuple(results)

    def explain(self) -> str:
        """The operator, what it runs, and the bytes that go from and to memory in a forward pass."""
        counts = [
            self.adjacency.num_edges if side != "target" else self.adjacency.num_targets
            for side, _ in self.lowered.names
        ]
        reads = sum(
            x[:1].numel() * x.element_size() * count
            for x, count in zip(self.tensors, counts, strict=True)
            if x.shape[0]
        )
        width = self.lowered.columns[-1][1]
        writes = self.adjacency.num_targets * width * self.tensors[0].element_size()
        each = self.adjacency.num_edges * width * self.tensors[0].element_size()
        return (
            f"{self.kernel}: {self.lowered.program}\n"
            f"reads {_bytes(reads)}, writes {_bytes(writes)}; a tensor of messages would be {_bytes(each)}"
        )


def named_tensors(
    source: Named | None, target: Named | None, edge: Named | None, shared: Named | None
) -> dict[Name, Tensor]:
    """All tensors by side and name."""
    return {
        (side, name): tensor
        for side, tensors in zip(SIDES, (source, target, edge, shared), strict=True)
        for name, tensor in (tensors or {}).items()
    }


def plan(adjacency: Adjacency, formula: Formula, named: Mapping[Name, Tensor], reduce: str | tuple[str, ...]) -> Plan:
    """Check the tensors of a formula and choose what runs it.

    Raises:
        OptionError: if there is no such reducer.
        ShapeError: if a tensor has no row for each source, target or edge.
        FormulaError: if the formula does not fit the tensors.
    """
    reducers = (reduce,) if isinstance(reduce, str) else tuple(reduce)
    for reducer in reducers:
        if reducer not in REDUCERS:
            raise OptionError(message("aggregate", f"`reduce` of {', '.join(REDUCERS)}", repr(reducer)))
    if not reducers:
        raise OptionError(message("aggregate", "at least one reducer", "an empty tuple"))
    counts = {"source": adjacency.num_sources, "target": adjacency.num_targets, "edge": adjacency.num_edges}
    for (side, name), x in named.items():
        if side != "shared" and (x.dim() == 0 or x.shape[0] != counts[side]):
            form = f'{side}["{name}"] with a row for each of {counts[side]} {side}s'
            raise ShapeError(message("aggregate", form, str(tuple(x.shape))))
    shapes = tuple((name, _sizes(x.shape[name[0] != "shared" :])) for name, x in named.items())
    lowered = formula.lowered(shapes, reducers)
    given = [named[name] for name in lowered.names]
    dtype = functools.reduce(torch.promote_types, (x.dtype for x in given))
    weighted = (
        _weighted_rows(formula, named) if len(reducers) == 1 and reducers[0] in ("sum", "mean", "max", "min") else None
    )
    if weighted is not None:
        return Plan(adjacency, reducers, tuple(x.to(dtype) for x in weighted), lowered, "spmm")
    rows = tuple(
        x.to(dtype).reshape(1 if name[0] == "shared" else x.shape[0], math.prod(dict(shapes)[name]))
        for name, x in zip(lowered.names, given, strict=True)
    )
    return Plan(adjacency, reducers, rows, lowered, "pass_messages")


def explain_plan(
    graph: Edges,
    formula: Formula,
    *,
    reduce: str | tuple[str, ...] = "sum",
    source: Named | None = None,
    target: Named | None = None,
    edge: Named | None = None,
    shared: Named | None = None,
) -> str:
    """Say which operator `aggregate` would run for these arguments, and what that costs in bytes.

    Raises:
        what `aggregate` raises.

    >>> import torch, weft
    >>> graph = weft.Graph(torch.tensor([0, 1]), torch.tensor([1, 2]), num_nodes=3)
    >>> formula = weft.formula(lambda source, target, edge: torch.relu(source["h"] + edge["w"]))
    >>> print(weft.explain_plan(graph, formula, source={"h": torch.ones(3, 4)}, edge={"w": torch.ones(2, 4)}))
    pass_messages: source:4 edge:4 | add 0 1; relu 2 | sum 3
    reads 64 B, writes 48 B; a tensor of messages would be 32 B
    """
    return plan(adjacency_of(graph), formula, named_tensors(source, target, edge, shared), reduce).explain()


def _weighted_rows(formula: Formula, named: Mapping[Name, Tensor]) -> tuple[Tensor, ...] | None:
    """Features and weights, if the message is a row of the source, or that times numbers of the edge."""
    if len(formula.expressions) > 1:
        return None
    (e,) = formula.expressions
    parts = e.inputs if e.name == "mul" else (e,)
    found = {_side(part): named[_name(part)] for part in parts if part.name == "operand"}
    if len(found) != len(parts) or found.keys() not in ({"source"}, {"source", "edge"}):
        return None
    x = found["source"]
    if "edge" not in found:
        return (x,)
    heads = list(found["edge"].shape[1:])
    while heads and heads[-1] == 1:
        heads.pop()
    if tuple(heads) != tuple(x.shape[1 : 1 + len(heads)]):
        return None
    return x, found["edge"].reshape(-1, *heads)


def _sizes(shape: torch.Size) -> tuple[int, ...]:
    """Sizes as plain numbers: a program is written for them, so a compiler that takes them for unknown has to look."""
    return tuple(operator.index(size) for size in shape)


def _side(e: Expression) -> str:
    return str(e.numbers[0])


def _name(e: Expression) -> Name:
    return str(e.numbers[0]), str(e.numbers[1])


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
