"""Graph attention: scores that are sums of a number of each end."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from .._gradient import from_reference
from .._operator import operator, operator_hiding
from .._structure import Structure
from . import _softmax
from ._softmax import Edges


@operator_hiding("lse")
def gat_attention(
    rows: Structure,
    z: Tensor,
    left: Tensor,
    right: Tensor,
    negative_slope: float = 0.2,
    edge_score: Tensor | None = None,
    edge_weight: Tensor | None = None,
    dropout: float = 0.0,
    seed: Tensor | None = None,
) -> tuple[Tensor, Tensor | None]:
    """Sum of the sources' features, weighted by a softmax over scores that are sums of two ends.

    `out[i, h] = sum over edges e = j -> i of p[e, h] * edge_weight[e, h] * z[j, h]`, where p is the softmax, over the
    edges that enter i, of `leaky_relu(left[j, h] + right[i, h]) + edge_score[e, h]`

    *Shapes* `z: (num_sources, *H, width)`, `left: (num_sources, *H)`, `right: (num_targets, *H)`, `edge_score:
    (num_edges, *H)`, `edge_weight: (num_edges,)` or `(num_edges, *H)`, both by edge id -> `(num_targets, *H, width)`.
    A target without edges gets 0.

    Args:
        dropout: probability of dropping an edge of a head after the softmax; the others are multiplied by 1 / (1 -
        dropout). seed: () of int64, which with the edge id and the head decides what is dropped.

    Raises:
        ShapeError, DtypeError, DeviceError: if arguments do not fit each other.
        OptionError: if `dropout` is no probability or stands without `seed`, or `negative_slope` is not finite.
        IdError, StructureError: if `rows` points outside `z` or contradicts itself.
        GradientError: in backward, if `rows.transposed` is missing.

    *Cost* reads E x F, writes N x F; keeps one N x H for backward, which reads E x F twice and computes the rest
    again. Nothing of size E is allocated but gradients of `edge_score` and `edge_weight`.

    *Source* Veličković, Cucurull, Casanova, Romero, Liò and Bengio, 2018, Graph Attention Networks, arXiv:1710.10903.

    >>> import torch
    >>> rows = Structure(torch.tensor([0, 2, 2]), torch.tensor([1, 0]))
    >>> z, zeros = torch.tensor([[[2.0]], [[4.0]]]), torch.zeros(2, 1)
    >>> gat_attention(rows, z, zeros, zeros)
    tensor([[[3.]],
    <BLANKLINE>
            [[0.]]])
    """
    ends = _softmax.ends_of("gat_attention", rows, z.shape[0])
    exact = torch.promote_types(z.dtype, torch.float32)
    score = functional.leaky_relu(left.to(exact)[ends.source] + right.to(exact)[ends.target], negative_slope)
    out, lse = _softmax.attend(rows, ends, score, z.to(exact), Edges(edge_score, edge_weight, dropout, seed))
    return out.to(z.dtype), lse


@gat_attention.prepares
def _(
    rows: Structure, z: Tensor, left: Tensor, right: Tensor, negative_slope: float,
    edge_score: Tensor | None, edge_weight: Tensor | None, dropout: float, seed: Tensor | None,
) -> tuple[Any, ...]:  # fmt: skip
    seed = _softmax.seed_of("gat_attention", dropout, seed)
    return rows, z, left, right, negative_slope, edge_score, edge_weight, dropout, seed


@gat_attention.outputs
def _(
    rows: Structure, z: Tensor, left: Tensor, right: Tensor, negative_slope: float, *edges: Any
) -> tuple[tuple[Tensor, Tensor], tuple[int, ...]]:
    dims = _checked("gat_attention", rows, z, left, right, negative_slope, Edges(*edges))
    out = z.new_empty((rows.num_targets, *z.shape[1:]))
    return (out, right.new_empty(right.shape, dtype=torch.promote_types(z.dtype, torch.float32))), dims


def _checked(
    name: str, rows: Structure, z: Tensor, left: Tensor, right: Tensor, slope: float, edges: Edges
) -> tuple[int, ...]:
    form = "`z` (num_sources, *H, width), `left` (num_sources, *H) and `right` (num_targets, *H)"
    _softmax.check_ends(name, rows, form, {"z": z, "left": left.unsqueeze(-1)}, {"right": right.unsqueeze(-1)})
    return _softmax.sizes(name, rows, z, z.shape[-1], edges, slope)


gat_attention.native(
    "gat_attention",
    passes="rows z left right edge_score edge_weight seed out lse",
    dims=_softmax.DIMS,
    value="z",
    ids="rows",
)


@gat_attention.backward(
    of="z left right edge_score edge_weight",
    saves=dict.fromkeys(("z", "left", "right", "edge_score", "edge_weight", "lse"), ""),
)
def _(
    grad: Tensor, needs: dict[str, bool], rows: Structure, z: Tensor, left: Tensor, right: Tensor, negative_slope: float,
    edge_score: Tensor | None, edge_weight: Tensor | None, dropout: float, seed: Tensor | None, lse: Tensor,
) -> tuple[Tensor | None, ...]:  # fmt: skip
    if torch.is_grad_enabled():  # somebody will differentiate the gradient
        inputs = (rows, z, left, right, negative_slope, edge_score, edge_weight, dropout, seed)
        return tuple(_differentiable(grad, needs, *inputs))
    wants_edges = needs["edge_score"] or needs["edge_weight"]
    edges = (edge_score, edge_weight, seed)
    sent = gat_attention_backward(rows, z, left, right, *edges, lse, grad, negative_slope, dropout, wants_edges)
    return _softmax.asked(needs, sent)


def _visible(*args: Any) -> Tensor:
    return gat_attention.reference(*args)[0]


_differentiable = from_reference(_visible, gat_attention.signature, "z left right edge_score edge_weight")


@operator
def gat_attention_backward(
    rows: Structure,
    z: Tensor,
    left: Tensor,
    right: Tensor,
    edge_score: Tensor | None,
    edge_weight: Tensor | None,
    seed: Tensor | None,
    lse: Tensor,
    grad: Tensor,
    negative_slope: float,
    dropout: float,
    edge_gradients: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Gradients of gat_attention with respect to `z`, `left`, `right`, `edge_score` and `edge_weight`.

    *Shapes* `lse: (num_targets, *H)`, the logarithm of the sum of exp(score) of each target; `grad` as the
    output of gat_attention; the others as there. The last two gradients have no elements if their input is absent or
    `edge_gradients` is false.

    *Cost* reads E x F twice, writes N x F; the softmax is computed again.
    """
    ends, exact = _softmax.ends_of("gat_attention_backward", rows, z.shape[0]), lse.dtype
    raw = left.to(exact)[ends.source] + right.to(exact)[ends.target]
    slope = torch.full_like(raw, negative_slope).masked_fill(raw > 0, 1.0)
    edges = Edges(edge_score, edge_weight, dropout, seed)
    sent = _softmax.send_back(rows, ends, raw * slope, z.to(exact), edges, lse, grad, None, edge_gradients)
    through = sent.score * slope
    grad_left = torch.zeros(left.shape, dtype=exact, device=z.device).index_add(0, ends.source, through)
    grad_right = torch.zeros_like(lse).index_add(0, ends.target, through)
    return _softmax.cast(z.dtype, sent.value, grad_left, grad_right, sent.edge_score, sent.edge_weight)


@gat_attention_backward.prepares
def _(
    rows: Structure, z: Tensor, left: Tensor, right: Tensor,
    edge_score: Tensor | None, edge_weight: Tensor | None, seed: Tensor | None, lse: Tensor, *rest: Any,
) -> tuple[Any, ...]:  # fmt: skip
    lse = lse.to(torch.promote_types(z.dtype, torch.float32))
    return rows, z, left, right, edge_score, edge_weight, seed, lse, *rest


@gat_attention_backward.outputs
def _(
    rows: Structure, z: Tensor, left: Tensor, right: Tensor,
    edge_score: Tensor | None, edge_weight: Tensor | None, seed: Tensor | None, lse: Tensor, grad: Tensor,
    negative_slope: float, dropout: float, edge_gradients: bool,
) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:  # fmt: skip
    name, edges = "gat_attention_backward", Edges(edge_score, edge_weight, dropout, seed)
    dims = _checked(name, rows, z, left, right, negative_slope, edges)
    _softmax.check_gradient(name, rows, z, lse, grad)
    of_ends = (z.new_empty(z.shape), left.new_empty(left.shape), right.new_empty(right.shape))
    return (*of_ends, *_softmax.edge_room(z, edges, edge_gradients)), dims


gat_attention_backward.native(
    "gat_attention_backward",
    passes="rows transposed z left right edge_score edge_weight seed lse grad "
    "grad_z grad_left grad_right grad_edge_score grad_edge_weight",
    dims=_softmax.DIMS,
    value="z",
    ids="rows",
)
gat_attention_backward.backward_from_reference(of="z left right edge_score edge_weight lse grad")
_softmax.declare(gat_attention, gat_attention_backward)


@gat_attention.samples
def _() -> Iterator[tuple[Any, ...]]:
    for rows, num_sources, heads, width, edges in _softmax.samples():
        z = torch.randn(num_sources, *heads, width, dtype=torch.float64)
        left = 2 * torch.randn(num_sources, *heads, dtype=torch.float64)
        right = 2 * torch.randn(rows.num_targets, *heads, dtype=torch.float64)
        yield rows, z, left, right, 0.2 if width > 2 else -0.3, *edges


@gat_attention_backward.samples
def _() -> Iterator[tuple[Any, ...]]:
    for rows, z, left, right, slope, *edges in islice(gat_attention.make_samples(), 1, None, 5):
        yield _softmax.gradient_sample(gat_attention, rows, (z, left, right), slope, Edges(*edges), False)
