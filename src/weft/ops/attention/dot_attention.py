"""Scaled dot-product attention over edges: that of Transformers, for graphs."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from ...errors import message
from .._checks import expect
from .._gradient import from_reference
from .._operator import operator, operator_hiding
from .._structure import Structure
from . import _softmax
from ._softmax import Edges


@operator_hiding("lse")
def dot_attention(
    rows: Structure,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    scale: float = 1.0,
    edge_score: Tensor | None = None,
    edge_weight: Tensor | None = None,
    dropout: float = 0.0,
    seed: Tensor | None = None,
) -> tuple[Tensor, Tensor | None]:
    """Sum of the sources' values, weighted by a softmax over scaled dot products of queries and keys.

    `out[i, h] = sum over edges e = j -> i of p[e, h] * edge_weight[e, h] * value[j, h]`, where p is the softmax, over
    the edges that enter i, of `scale * query[i, h] . key[j, h] + edge_score[e, h]`

    *Shapes* `query: (num_targets, *H, key_width)`, `key: (num_sources, *H, key_width)`, `value: (num_sources, *H,
    width)`, `edge_score: (num_edges, *H)`, `edge_weight: (num_edges,)` or `(num_edges, *H)`, both by edge id ->
    `(num_targets, *H, width)`. A target without edges gets 0.

    Args:
        scale: of the dot products; 1 / sqrt(key_width) in the source.
        dropout: probability of dropping an edge of a head after the softmax; the others are multiplied by 1 / (1 -
        dropout). seed: () of int64, which with the edge id and the head decides what is dropped.

    Raises:
        ShapeError, DtypeError, DeviceError: if arguments do not fit each other.
        OptionError: if `dropout` is no probability or stands without `seed`, or `scale` is not finite.
        IdError, StructureError: if `rows` points outside `value` or contradicts itself.
        GradientError: in backward, if `rows.transposed` is missing.

    *Cost* reads the keys and values of sources once an edge, writes N x F; keeps one N x H for backward, which reads
    both ends again. Nothing of size E is allocated but gradients of `edge_score` and `edge_weight`.

    *Source* Vaswani and others, 2017, Attention Is All You Need, arXiv:1706.03762, equation 1; over the edges of a
    graph as by Shi and others, 2021, Masked Label Prediction, arXiv:2009.03509.

    >>> import torch
    >>> rows = Structure(torch.tensor([0, 2, 2]), torch.tensor([1, 0]))
    >>> query, key, value = torch.ones(2, 1, 1), torch.zeros(2, 1, 1), torch.tensor([[[2.0]], [[4.0]]])
    >>> dot_attention(rows, query, key, value)
    tensor([[[3.]],
    <BLANKLINE>
            [[0.]]])
    """
    ends = _softmax.ends_of("dot_attention", rows, value.shape[0])
    exact = torch.promote_types(value.dtype, torch.float32)
    score = (query.to(exact)[ends.target] * key.to(exact)[ends.source]).sum(-1) * scale
    out, lse = _softmax.attend(rows, ends, score, value.to(exact), Edges(edge_score, edge_weight, dropout, seed))
    return out.to(value.dtype), lse


@dot_attention.prepares
def _(
    rows: Structure, query: Tensor, key: Tensor, value: Tensor, scale: float,
    edge_score: Tensor | None, edge_weight: Tensor | None, dropout: float, seed: Tensor | None,
) -> tuple[Any, ...]:  # fmt: skip
    seed = _softmax.seed_of("dot_attention", dropout, seed)
    return rows, query, key, value, scale, edge_score, edge_weight, dropout, seed


@dot_attention.outputs
def _(
    rows: Structure, query: Tensor, key: Tensor, value: Tensor, scale: float, *edges: Any
) -> tuple[tuple[Tensor, Tensor], tuple[int, ...]]:
    dims = _checked("dot_attention", rows, query, key, value, scale, Edges(*edges))
    exact = torch.promote_types(value.dtype, torch.float32)
    out = value.new_empty((rows.num_targets, *value.shape[1:]))
    return (out, value.new_empty(out.shape[:-1], dtype=exact)), dims


def _checked(
    name: str, rows: Structure, query: Tensor, key: Tensor, value: Tensor, scale: float, edges: Edges
) -> tuple[int, ...]:
    form = (
        "`query` (num_targets, *H, key_width), `key` (num_sources, *H, key_width) and `value` (num_sources, *H, width)"
    )
    _softmax.check_ends(name, rows, form, {"value": value, "key": key}, {"query": query})
    got = f"{tuple(query.shape)}, {tuple(key.shape)} and {tuple(value.shape)}"
    expect(query.shape[-1] == key.shape[-1], lambda: message(name, form, got))
    return _softmax.sizes(name, rows, value, key.shape[-1], edges, scale)


dot_attention.native(
    "dot_attention",
    passes="rows query key value edge_score edge_weight seed out lse",
    dims=_softmax.DIMS,
    value="value",
    ids="rows",
)


@dot_attention.backward(
    of="query key value edge_score edge_weight",
    saves=dict.fromkeys(("query", "key", "value", "edge_score", "edge_weight", "out", "lse"), ""),
)
def _(
    grad: Tensor, needs: dict[str, bool], rows: Structure, query: Tensor, key: Tensor, value: Tensor, scale: float,
    edge_score: Tensor | None, edge_weight: Tensor | None, dropout: float, seed: Tensor | None, out: Tensor, lse: Tensor,
) -> tuple[Tensor | None, ...]:  # fmt: skip
    if torch.is_grad_enabled():  # somebody will differentiate the gradient
        inputs = (rows, query, key, value, scale, edge_score, edge_weight, dropout, seed)
        return tuple(_differentiable(grad, needs, *inputs))
    wants_edges = needs["edge_score"] or needs["edge_weight"]
    edges = (edge_score, edge_weight, seed)
    sent = dot_attention_backward(rows, query, key, value, *edges, lse, grad, out, scale, dropout, wants_edges)
    return _softmax.asked(needs, sent)


def _visible(*args: Any) -> Tensor:
    return dot_attention.reference(*args)[0]


_differentiable = from_reference(_visible, dot_attention.signature, "query key value edge_score edge_weight")


@operator
def dot_attention_backward(
    rows: Structure,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    edge_score: Tensor | None,
    edge_weight: Tensor | None,
    seed: Tensor | None,
    lse: Tensor,
    grad: Tensor,
    result: Tensor,
    scale: float,
    dropout: float,
    edge_gradients: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Gradients of dot_attention with respect to `query`, `key`, `value`, `edge_score` and `edge_weight`.

    *Shapes* `lse: (num_targets, *H)`, the logarithm of the sum of exp(score) of each target; `result`, `grad` as the
    output of dot_attention; the others as there. The last two gradients have no elements if their input is absent or
    `edge_gradients` is false.

    *Cost* reads keys and values, then queries and gradients once an edge, writes N x F; the softmax is computed again.
    """
    ends, exact = _softmax.ends_of("dot_attention_backward", rows, value.shape[0]), lse.dtype
    queries, keys = query.to(exact)[ends.target], key.to(exact)[ends.source]
    edges = Edges(edge_score, edge_weight, dropout, seed)
    score = (queries * keys).sum(-1) * scale
    sent = _softmax.send_back(rows, ends, score, value.to(exact), edges, lse, grad, result, edge_gradients)
    through = sent.score.unsqueeze(-1) * scale
    grad_query = torch.zeros(query.shape, dtype=exact, device=value.device).index_add(0, ends.target, through * keys)
    grad_key = torch.zeros(key.shape, dtype=exact, device=value.device).index_add(0, ends.source, through * queries)
    return _softmax.cast(value.dtype, grad_query, grad_key, sent.value, sent.edge_score, sent.edge_weight)


@dot_attention_backward.prepares
def _(
    rows: Structure, query: Tensor, key: Tensor, value: Tensor,
    edge_score: Tensor | None, edge_weight: Tensor | None, seed: Tensor | None, lse: Tensor, *rest: Any,
) -> tuple[Any, ...]:  # fmt: skip
    lse = lse.to(torch.promote_types(value.dtype, torch.float32))
    return rows, query, key, value, edge_score, edge_weight, seed, lse, *rest


@dot_attention_backward.outputs
def _(
    rows: Structure, query: Tensor, key: Tensor, value: Tensor,
    edge_score: Tensor | None, edge_weight: Tensor | None, seed: Tensor | None, lse: Tensor, grad: Tensor, result: Tensor,
    scale: float, dropout: float, edge_gradients: bool,
) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:  # fmt: skip
    name, edges = "dot_attention_backward", Edges(edge_score, edge_weight, dropout, seed)
    dims = _checked(name, rows, query, key, value, scale, edges)
    _softmax.check_gradient(name, rows, value, lse, grad, result)
    of_ends = (query.new_empty(query.shape), key.new_empty(key.shape), value.new_empty(value.shape))
    return (*of_ends, *_softmax.edge_room(value, edges, edge_gradients)), dims


dot_attention_backward.native(
    "dot_attention_backward",
    passes="rows transposed query key value edge_score edge_weight seed lse grad result "
    "grad_query grad_key grad_value grad_edge_score grad_edge_weight",
    dims=_softmax.DIMS,
    value="value",
    ids="rows",
)
dot_attention_backward.backward_from_reference(of="query key value edge_score edge_weight lse grad result")
_softmax.declare(dot_attention, dot_attention_backward)


@dot_attention.samples
def _() -> Iterator[tuple[Any, ...]]:
    for rows, num_sources, heads, width, edges in _softmax.samples():
        key_width = width + 3 * (width == 5)
        query = torch.randn(rows.num_targets, *heads, key_width, dtype=torch.float64)
        key = torch.randn(num_sources, *heads, key_width, dtype=torch.float64)
        value = torch.randn(num_sources, *heads, width, dtype=torch.float64)
        yield rows, query, key, value, key_width**-0.5, *edges


@dot_attention_backward.samples
def _() -> Iterator[tuple[Any, ...]]:
    for rows, query, key, value, scale, *edges in islice(dot_attention.make_samples(), 1, None, 5):
        yield _softmax.gradient_sample(dot_attention, rows, (query, key, value), scale, Edges(*edges))
