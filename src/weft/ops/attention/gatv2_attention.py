"""Graph attention of the second kind: scores that see the features of both ends together."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ...errors import message
from .._checks import check_same_dtype, expect
from .._gradient import from_reference
from .._operator import operator, operator_hiding
from .._structure import Structure
from . import _softmax
from ._softmax import Edges


@operator_hiding("lse")
def gatv2_attention(
    rows: Structure,
    left: Tensor,
    right: Tensor,
    factor: Tensor,
    negative_slope: float = 0.2,
    edge_score: Tensor | None = None,
    edge_weight: Tensor | None = None,
    dropout: float = 0.0,
    seed: Tensor | None = None,
) -> tuple[Tensor, Tensor | None]:
    """Sum of the sources' features, weighted by a softmax over scores that see the features of both ends together.

    `out[i, h] = sum over edges e = j -> i of p[e, h] * edge_weight[e, h] * left[j, h]`, where p is the softmax, over
    the edges that enter i, of `factor[h] . leaky_relu(left[j, h] + right[i, h]) + edge_score[e, h]`

    *Shapes* `left: (num_sources, *H, width)`, `right: (num_targets, *H, width)`, `factor: (*H, width)`, `edge_score:
    (num_edges, *H)`, `edge_weight: (num_edges,)` or `(num_edges, *H)`, both by edge id -> `(num_targets, *H, width)`.
    A target without edges gets 0.

    Args:
        dropout: probability of dropping an edge of a head after the softmax; the others are multiplied by 1 / (1 -
        dropout). seed: () of int64, which with the edge id and the head decides what is dropped.

    Raises:
        ShapeError, DtypeError, DeviceError: if arguments do not fit each other.
        OptionError: if `dropout` is no probability or stands without `seed`, or `negative_slope` is not finite.
        IdError, StructureError: if `rows` points outside `left` or contradicts itself.
        GradientError: in backward, if `rows.transposed` is missing.

    *Cost* reads E x F, writes N x F; keeps one N x H for backward, which reads E x F three times and computes the
    rest again. Nothing of size E is allocated but gradients of `edge_score` and `edge_weight`.

    *Source* Brody, Alon and Yahav, 2022, How Attentive are Graph Attention Networks?, arXiv:2105.14491, equation 7.

    >>> import torch
    >>> rows = Structure(torch.tensor([0, 2, 2]), torch.tensor([1, 0]))
    >>> left, right, factor = torch.tensor([[[2.0]], [[4.0]]]), torch.zeros(2, 1, 1), torch.zeros(1, 1)
    >>> gatv2_attention(rows, left, right, factor)
    tensor([[[3.]],
    <BLANKLINE>
            [[0.]]])
    """
    ends = _softmax.ends_of("gatv2_attention", rows, left.shape[0])
    exact = torch.promote_types(left.dtype, torch.float32)
    value = left.to(exact)  # once, so that its gradients add up before they are rounded
    both = value[ends.source] + right.to(exact)[ends.target]
    score = (functional.leaky_relu(both, negative_slope) * factor.to(exact)).sum(-1)
    out, lse = _softmax.attend(rows, ends, score, value, Edges(edge_score, edge_weight, dropout, seed))
    return out.to(left.dtype), lse


@gatv2_attention.prepares
def _(
    rows: Structure, left: Tensor, right: Tensor, factor: Tensor, negative_slope: float,
    edge_score: Tensor | None, edge_weight: Tensor | None, dropout: float, seed: Tensor | None,
) -> tuple[Any, ...]:  # fmt: skip
    seed = _softmax.seed_of("gatv2_attention", dropout, seed)
    return rows, left, right, factor, negative_slope, edge_score, edge_weight, dropout, seed


@gatv2_attention.outputs
def _(
    rows: Structure, left: Tensor, right: Tensor, factor: Tensor, negative_slope: float, *edges: Any
) -> tuple[tuple[Tensor, Tensor], tuple[int, ...]]:
    dims = _checked("gatv2_attention", rows, left, right, factor, negative_slope, Edges(*edges))
    exact = torch.promote_types(left.dtype, torch.float32)
    out = left.new_empty((rows.num_targets, *left.shape[1:]))
    return (out, left.new_empty(out.shape[:-1], dtype=exact)), dims


def _checked(
    name: str, rows: Structure, left: Tensor, right: Tensor, factor: Tensor, slope: float, edges: Edges
) -> tuple[int, ...]:
    form = "`left` (num_sources, *H, width), `right` (num_targets, *H, width) and `factor` (*H, width)"
    _softmax.check_ends(name, rows, form, {"left": left}, {"right": right})
    check_same_dtype(name, left=left, factor=factor)
    got = f"{tuple(left.shape)}, {tuple(right.shape)} and {tuple(factor.shape)}"
    expect(right.shape[-1] == left.shape[-1] and factor.shape == left.shape[1:], lambda: message(name, form, got))
    return _softmax.sizes(name, rows, left, left.shape[-1], edges, slope)


gatv2_attention.native(
    "gatv2_attention",
    passes="rows left right factor edge_score edge_weight seed out lse",
    dims=_softmax.DIMS,
    value="left",
    ids="rows",
)


@gatv2_attention.backward(
    of="left right factor edge_score edge_weight",
    saves=dict.fromkeys(("left", "right", "factor", "edge_score", "edge_weight", "out", "lse"), ""),
)
def _(
    grad: Tensor, needs: dict[str, bool], rows: Structure, left: Tensor, right: Tensor, factor: Tensor, negative_slope: float,
    edge_score: Tensor | None, edge_weight: Tensor | None, dropout: float, seed: Tensor | None, out: Tensor, lse: Tensor,
) -> tuple[Tensor | None, ...]:  # fmt: skip
    if torch.is_grad_enabled():  # somebody will differentiate the gradient
        inputs = (rows, left, right, factor, negative_slope, edge_score, edge_weight, dropout, seed)
        return tuple(_differentiable(grad, needs, *inputs))
    wants_edges = needs["edge_score"] or needs["edge_weight"]
    edges = (edge_score, edge_weight, seed)
    sent = gatv2_attention_backward(
        rows, left, right, factor, *edges, lse, grad, out, negative_slope, dropout, wants_edges
    )
    return _softmax.asked(needs, sent)


def _visible(*args: Any) -> Tensor:
    return gatv2_attention.reference(*args)[0]


_differentiable = from_reference(_visible, gatv2_attention.signature, "left right factor edge_score edge_weight")


@operator
def gatv2_attention_backward(
    rows: Structure,
    left: Tensor,
    right: Tensor,
    factor: Tensor,
    edge_score: Tensor | None,
    edge_weight: Tensor | None,
    seed: Tensor | None,
    lse: Tensor,
    grad: Tensor,
    result: Tensor,
    negative_slope: float,
    dropout: float,
    edge_gradients: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Gradients of gatv2_attention with respect to `left`, `right`, `factor`, `edge_score` and `edge_weight`.

    *Shapes* `lse: (num_targets, *H)`, the logarithm of the sum of exp(score) of each target; `result`, `grad` as the
    output of gatv2_attention; the others as there. The last two gradients have no elements if their input is absent
    or `edge_gradients` is false.

    *Cost* reads E x F three times, writes N x F; the softmax is computed again.
    """
    ends, exact = _softmax.ends_of("gatv2_attention_backward", rows, left.shape[0]), lse.dtype
    value, weight = left.to(exact), factor.to(exact)
    both = value[ends.source] + right.to(exact)[ends.target]
    slope = torch.full_like(both, negative_slope).masked_fill(both > 0, 1.0)
    edges = Edges(edge_score, edge_weight, dropout, seed)
    score = (both * slope * weight).sum(-1)
    sent = _softmax.send_back(rows, ends, score, value, edges, lse, grad, result, edge_gradients)
    through = sent.score.unsqueeze(-1) * slope
    grad_factor = (through * both).sum(0)
    through = through * weight
    grad_left = sent.value.index_add(0, ends.source, through)
    grad_right = torch.zeros(right.shape, dtype=exact, device=left.device).index_add(0, ends.target, through)
    return _softmax.cast(left.dtype, grad_left, grad_right, grad_factor, sent.edge_score, sent.edge_weight)


@gatv2_attention_backward.prepares
def _(
    rows: Structure, left: Tensor, right: Tensor, factor: Tensor,
    edge_score: Tensor | None, edge_weight: Tensor | None, seed: Tensor | None, lse: Tensor, *rest: Any,
) -> tuple[Any, ...]:  # fmt: skip
    lse = lse.to(torch.promote_types(left.dtype, torch.float32))
    return rows, left, right, factor, edge_score, edge_weight, seed, lse, *rest


@gatv2_attention_backward.outputs
def _(
    rows: Structure, left: Tensor, right: Tensor, factor: Tensor,
    edge_score: Tensor | None, edge_weight: Tensor | None, seed: Tensor | None, lse: Tensor, grad: Tensor, result: Tensor,
    negative_slope: float, dropout: float, edge_gradients: bool,
) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:  # fmt: skip
    name, edges = "gatv2_attention_backward", Edges(edge_score, edge_weight, dropout, seed)
    dims = _checked(name, rows, left, right, factor, negative_slope, edges)
    _softmax.check_gradient(name, rows, left, lse, grad, result)
    of_ends = (left.new_empty(left.shape), right.new_empty(right.shape), factor.new_empty(factor.shape))
    return (*of_ends, *_softmax.edge_room(left, edges, edge_gradients)), dims


gatv2_attention_backward.native(
    "gatv2_attention_backward",
    passes="rows transposed left right factor edge_score edge_weight seed lse grad result "
    "grad_left grad_right grad_factor grad_edge_score grad_edge_weight",
    dims=_softmax.DIMS,
    value="left",
    ids="rows",
)
gatv2_attention_backward.backward_from_reference(of="left right factor edge_score edge_weight lse grad result")
_softmax.declare(gatv2_attention, gatv2_attention_backward)


@gatv2_attention.samples
def _() -> Iterator[tuple[Any, ...]]:
    for rows, num_sources, heads, width, edges in _softmax.samples():
        left = torch.randn(num_sources, *heads, width, dtype=torch.float64)
        right = torch.randn(rows.num_targets, *heads, width, dtype=torch.float64)
        factor = torch.randn(*heads, width, dtype=torch.float64) / width**0.5
        yield rows, left, right, factor, 0.2 if width > 2 else -0.3, *edges


@gatv2_attention_backward.samples
def _() -> Iterator[tuple[Any, ...]]:
    for rows, left, right, factor, slope, *edges in islice(gatv2_attention.make_samples(), 1, None, 5):
        yield _softmax.gradient_sample(gatv2_attention, rows, (left, right, factor), slope, Edges(*edges))
