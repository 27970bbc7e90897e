"""The gradient of every kind of attention."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from ...errors import check_choice, message
from .._checks import check_same_dtype, check_transposed, expect
from .._operator import operator
from .._registry import others
from .._structure import Structure
from ._kinds import KINDS
from ._softmax import DIMS, Edges, declare, ends_of, exact_of, send_back, sizes


@operator
def attention_backward(
    rows: Structure,
    kind: str,
    a: Tensor,
    b: Tensor,
    c: Tensor,
    edge_score: Tensor | None,
    edge_weight: Tensor | None,
    seed: Tensor | None,
    lse: Tensor,
    grad: Tensor,
    result: Tensor | None,
    option: float,
    dropout: float,
    edge_gradients: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Gradients of gat_attention, gatv2_attention or dot_attention with respect to their inputs, scores and weights.

    *Shapes* `a, b, c`: the three inputs, in the order of that operator; `lse: (num_targets, *H)`, the logarithm of the sum of
    exp(score) of each target; `grad` and `result` as its output -> gradients of `a`, `b`, `c`, `edge_score` and
    `edge_weight`. The last two have no elements if their input is absent or `edge_gradients` is false.

    Args:
        kind: "gat", "gatv2" or "dot".
        result: None for gat, whose gradient does not read it.
        option: the slope or scale.

    *Cost* reads E x F twice (gat), three times (gatv2) or keys, values, queries and gradients (dot), writes N x F; the softmax
    is computed again.
    """
    known, inputs = KINDS[kind], (a, b, c)
    exact, edges = exact_of(inputs), Edges(edge_score, edge_weight, dropout, seed)
    value = exact[known.value_at]
    ends = ends_of("attention_backward", rows, value.shape[0])
    score = known.score(ends, exact, option)
    of_value, of_score, *of_edges = send_back(rows, ends, score, value, edges, lse, grad, result, edge_gradients)
    of_ends = known.send(ends, exact, option, of_score, of_value)
    first, second, third, of_edge_score, of_edge_weight = (x.to(a.dtype) for x in (*of_ends, *of_edges))
    return first, second, third, of_edge_score, of_edge_weight


@attention_backward.prepares
def _(rows: Structure, kind: str, a: Tensor, *args: Any) -> tuple[Any, ...]:
    *given, lse, grad, result, option, dropout, edge_gradients = args
    lse = lse.to(torch.promote_types(a.dtype, torch.float32))
    return rows, kind, a, *given, lse, grad, result, option, dropout, edge_gradients


@attention_backward.outputs
def _(
    rows: Structure, kind: str, a: Tensor, b: Tensor, c: Tensor, edge_score: Tensor | None, edge_weight: Tensor | None,
    seed: Tensor | None, lse: Tensor, grad: Tensor, result: Tensor | None, option: float, dropout: float,
    edge_gradients: bool,
) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:  # fmt: skip
    name, edges = "attention_backward", Edges(edge_score, edge_weight, dropout, seed)
    check_choice(name, "kind", kind, tuple(KINDS))
    known = KINDS[kind]
    value = (a, b, c)[known.value_at]
    dims = sizes(name, rows, value, known.check(name, rows, (a, b, c)), edges, option)
    check_same_dtype(name, a=a, grad=grad, result=result)
    shape, read = (rows.num_targets, *value.shape[1:]), result if known.reads_output else grad
    got = f"{tuple(lse.shape)}, {tuple(grad.shape)} and {None if read is None else tuple(read.shape)}"
    expect(
        read is not None and lse.shape == shape[:-1] and grad.shape == shape and read.shape == shape,
        lambda: message(name, f"`lse` {tuple(shape[:-1])}, `grad` and `result` {tuple(shape)}", got),
    )
    check_transposed(name, rows, value.shape[0])
    wanted = (x if edge_gradients else None for x in (edge_score, edge_weight))
    of_edges = (value.new_empty(0 if x is None else x.shape) for x in wanted)
    of_ends = (x.new_empty(x.shape) for x in (a, b, c))
    return (*of_ends, *of_edges), (*dims, tuple(KINDS).index(kind))


attention_backward.native(
    "attention_backward",
    passes="rows transposed a b c edge_score edge_weight seed lse grad result "
    "grad_a grad_b grad_c grad_edge_score grad_edge_weight",
    dims=f"{DIMS} kind",
    value="a",
    ids="rows",
)
attention_backward.autocast = "none"
attention_backward.backward_from_reference(of="a b c edge_score edge_weight lse grad result")
declare(attention_backward)


@attention_backward.samples
def _() -> Iterator[tuple[Any, ...]]:
    for at, known in enumerate(KINDS.values()):
        forward = getattr(others, f"{known.name}_attention")
        for args in islice(forward.make_samples(), 1 + at, None, 5):
            rows, a, b, c, option, edge_score, edge_weight, dropout, seed = args
            out, lse = forward.reference(*args)
            given = (rows, known.name, a, b, c, edge_score, edge_weight, seed, lse, torch.randn_like(out))
            yield *given, out if known.reads_output else None, option, dropout, True
