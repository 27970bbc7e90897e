"""The parts that the operators of attention have in common: the reference, and what is declared around it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from .._gradient import from_reference
from .._operator import Operator
from .._registry import others
from .._structure import Structure
from ._kinds import Inputs, Kind
from ._softmax import DIMS, Edges, declare, edge_samples, ends_of, exact_of, seed_of, sizes, softmax_sum


def attend(kind: Kind, rows: Structure, inputs: Inputs, option: float, edges: Edges) -> tuple[Tensor, Tensor]:
    """The reference: the output, and the logarithm of the sum of exp(score) of each target and head."""
    value = inputs[kind.value_at]
    ends, exact = ends_of(f"{kind.name}_attention", rows, value.shape[0]), exact_of(inputs)
    out, lse = softmax_sum(rows, ends, kind.score(ends, exact, option), exact[kind.value_at], edges)
    return out.to(value.dtype), lse.detach()


def complete(op: Operator[..., Any], kind: Kind) -> None:
    """Declare the parts of an operator of `rows`, three inputs, an option and the arguments of edges."""
    names, of = " ".join(kind.inputs), (*kind.inputs, "edge_score", "edge_weight")

    @op.prepares
    def _(rows: Structure, *args: Any) -> tuple[Any, ...]:
        *given, dropout, seed = args
        return rows, *given, dropout, seed_of(op.name, dropout, seed)

    @op.outputs
    def _(rows: Structure, a: Tensor, b: Tensor, c: Tensor, option: float, *edges: Any) -> Any:
        values = (a, b, c)[kind.value_at]
        score_width = kind.check(op.name, rows, (a, b, c))
        dims = sizes(op.name, rows, values, score_width, Edges(*edges), option)
        out = values.new_empty((rows.num_targets, *values.shape[1:]))
        return (out, values.new_empty(out.shape[:-1], dtype=torch.promote_types(values.dtype, torch.float32))), dims

    op.native(
        op.name,
        passes=f"rows {names} edge_score edge_weight seed out lse",
        dims=DIMS,
        value=kind.inputs[0],
        ids="rows",
    )
    again = from_reference(lambda *args: op.reference(*args)[0], op.signature, " ".join(of))
    kept = (*of, *(("out",) if kind.reads_output else ()), "lse")

    def gradient(grad: Tensor, needs: dict[str, bool], rows: Structure, *reads: Any) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():  # somebody will differentiate the gradient
            return tuple(again(grad, needs, rows, *reads[:8]))
        a, b, c, option, edge_score, edge_weight, dropout, seed, *made = reads
        result, lse = made if kind.reads_output else (None, *made)
        wants_edges = needs["edge_score"] or needs["edge_weight"]
        edges = (edge_score, edge_weight, seed)
        sent = others.attention_backward(
            rows, kind.name, a, b, c, *edges, lse, grad, result, option, dropout, wants_edges
        )
        return *sent[:3], *(x if needs[n] else None for n, x in zip(of[3:], sent[3:], strict=True))

    reads = ("grad", "needs", *op.signature.names, *kept[len(of) :])
    parameters = [inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in reads]
    gradient.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    op.backward(of=" ".join(of), saves=dict.fromkeys(kept, ""))(gradient)
    declare(op)

    @op.samples
    def _() -> Iterator[tuple[Any, ...]]:
        for rows, num_sources, heads, width, edges in edge_samples():
            inputs, option = kind.draw(rows, num_sources, heads, width)
            yield rows, *inputs, option, *edges
