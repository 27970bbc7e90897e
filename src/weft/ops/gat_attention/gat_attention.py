"""Graph attention without a tensor of edges: scores, softmax and weighted sum in one operator, and again in its gradient."""

import struct
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ...errors import OptionError, ShapeError, message
from .._checks import check_rows, check_same_dtype, check_transposed, checked_ids, expect, product
from .._gradient import from_reference
from .._operator import operator, operator_hiding
from .._samples import sample_structures
from .._structure import Structure


@operator_hiding("lse")
def gat_attention(
    rows: Structure, z: Tensor, left: Tensor, right: Tensor, negative_slope: float = 0.2
) -> tuple[Tensor, Tensor | None]:
    """Sum of the sources' features, weighted by a softmax over scores that are sums of two ends.

    `out[i, h] = sum over edges e = j -> i of p[e, h] * z[j, h]`, where p is the softmax, over the edges that enter i, of
    `leaky_relu(left[j, h] + right[i, h])`

    *Shapes* `z: (num_sources, *H, width)`, `left: (num_sources, *H)`, `right: (num_targets, *H)` ->
    `(num_targets, *H, width)`. A target without edges gets 0.

    Raises:
        ShapeError, DtypeError, DeviceError: if arguments do not fit each other.
        OptionError: if the slope is negative: the highest score would not be that of the highest `left`.
        IdError, StructureError: if `rows` points outside `z` or contradicts itself.
        GradientError: in backward, if `rows.transposed` is missing.

    *Cost* reads E x F, writes N x F; keeps one N x H for backward, which reads E x F twice. Nothing of size E is allocated.

    *Source* Veličković, Cucurull, Casanova, Romero, Liò and Bengio, 2018, Graph Attention Networks, arXiv:1710.10903.

    >>> import torch
    >>> rows = Structure(torch.tensor([0, 2, 2]), torch.tensor([1, 0]))
    >>> z, zeros = torch.tensor([[[2.0]], [[4.0]]]), torch.zeros(2, 1)
    >>> gat_attention(rows, z, zeros, zeros)
    tensor([[[3.]],
    <BLANKLINE>
            [[0.]]])
    """
    source = checked_ids("gat_attention", "source", rows.source, z.shape[0], "rows in `z`")
    target, heads = rows.targets(), left.shape[1:]
    exact = torch.promote_types(z.dtype, torch.float32)
    score = functional.leaky_relu((left.to(exact))[source] + (right.to(exact))[target], negative_slope)
    index = target.reshape(-1, *(1,) * len(heads)).expand_as(score)
    lowest = score.new_full((rows.num_targets, *heads), float("-inf"))
    top = lowest.scatter_reduce(0, index, score.detach(), "amax")
    weight = (score - top[target]).exp()
    sums = score.new_zeros((rows.num_targets, *heads)).index_add(0, target, weight)
    messages = (weight / sums[target]).unsqueeze(-1) * z.to(exact)[source]
    out = score.new_zeros((rows.num_targets, *z.shape[1:])).index_add(0, target, messages)
    has_edges = (rows.indptr.diff() > 0).reshape(-1, *(1,) * len(heads))
    lse = torch.where(has_edges, top + sums.clamp(min=torch.finfo(exact).tiny).log(), 0)
    return out.to(z.dtype), lse.detach()


@gat_attention.outputs
def _(
    rows: Structure, z: Tensor, left: Tensor, right: Tensor, negative_slope: float
) -> tuple[tuple[Tensor, Tensor], tuple[int, ...]]:
    dims = _checked("gat_attention", rows, z, left, right, negative_slope)
    out = z.new_empty((rows.num_targets, *z.shape[1:]))
    return (out, right.new_empty(right.shape, dtype=torch.promote_types(z.dtype, torch.float32))), dims


def _checked(
    name: str, rows: Structure, z: Tensor, left: Tensor, right: Tensor, negative_slope: float
) -> tuple[int, ...]:
    check_rows(name, rows)
    check_same_dtype(name, z=z, left=left, right=right)
    shapes = f"{tuple(z.shape)}, {tuple(left.shape)} and {tuple(right.shape)}"
    form = "`z` (num_sources, *H, width), `left` (num_sources, *H) and `right` (num_targets, *H)"
    if z.dim() < 2 or left.dim() != z.dim() - 1 or right.dim() != left.dim():
        raise ShapeError(message(name, form, shapes))
    expect(z.shape[-1] > 0, lambda: message(name, "`z` with a width of at least 1", shapes))
    expect(left.shape == z.shape[:-1], lambda: message(name, form, shapes))
    expect(
        right.shape[0] == rows.num_targets and right.shape[1:] == left.shape[1:], lambda: message(name, form, shapes)
    )
    if not negative_slope >= 0:
        raise OptionError(message(name, "`negative_slope` of at least 0", repr(negative_slope)))
    slope = struct.unpack("q", struct.pack("d", float(negative_slope)))[0]
    return rows.num_targets, z.shape[0], rows.num_edges, product(left.shape[1:]), z.shape[-1], slope


gat_attention.native(
    "gat_attention",
    passes="rows z left right out lse",
    dims="num_targets num_sources num_edges heads width slope",
    value="z",
    ids="rows",
)


@gat_attention.backward(of="z left right", saves={"z": "", "left": "", "right": "", "lse": ""})
def _(
    grad: Tensor,
    needs: dict[str, bool],
    rows: Structure,
    z: Tensor,
    left: Tensor,
    right: Tensor,
    negative_slope: float,
    lse: Tensor,
) -> tuple[Tensor | None, ...]:
    if torch.is_grad_enabled():  # somebody will differentiate the gradient
        return tuple(_differentiable(grad, needs, rows, z, left, right, negative_slope))
    return gat_attention_backward(rows, z, left, right, lse, grad, negative_slope)


def _visible(*args: Any) -> Tensor:
    return gat_attention.reference(*args)[0]


_differentiable = from_reference(_visible, gat_attention.signature, "z left right")


@operator
def gat_attention_backward(
    rows: Structure,
    z: Tensor,
    left: Tensor,
    right: Tensor,
    lse: Tensor,
    grad: Tensor,
    negative_slope: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of gat_attention with respect to `z`, `left` and `right`.

    *Shapes* `lse: (num_targets, *H)`, the logarithm of the sum of exp(score) of each target; `grad` as the output of
    gat_attention; the others as there.

    *Cost* reads E x F twice, writes N x F; the softmax is computed again.
    """
    source = checked_ids("gat_attention_backward", "source", rows.source, z.shape[0], "rows in `z`")
    target, exact = rows.targets(), lse.dtype
    score = left.to(exact)[source] + right.to(exact)[target]
    slope = torch.full_like(score, negative_slope).masked_fill(score > 0, 1.0)
    p = (score * slope - lse[target]).exp()
    mine, theirs = grad.to(exact)[target], z.to(exact)[source]
    dots = (mine * theirs).sum(-1)
    mean = torch.zeros_like(lse).index_add(0, target, p * dots)
    through = p * (dots - mean[target]) * slope
    grad_z = torch.zeros(z.shape, dtype=exact, device=z.device).index_add(0, source, p.unsqueeze(-1) * mine)
    grad_left = torch.zeros(left.shape, dtype=exact, device=z.device).index_add(0, source, through)
    grad_right = torch.zeros_like(lse).index_add(0, target, through)
    return grad_z.to(z.dtype), grad_left.to(z.dtype), grad_right.to(z.dtype)


@gat_attention_backward.prepares
def _(
    rows: Structure, z: Tensor, left: Tensor, right: Tensor, lse: Tensor, grad: Tensor, negative_slope: float
) -> tuple[Any, ...]:
    return rows, z, left, right, lse.to(torch.promote_types(z.dtype, torch.float32)), grad, negative_slope


@gat_attention_backward.outputs
def _(
    rows: Structure, z: Tensor, left: Tensor, right: Tensor, lse: Tensor, grad: Tensor, negative_slope: float
) -> tuple[tuple[Tensor, Tensor, Tensor], tuple[int, ...]]:
    name = "gat_attention_backward"
    dims = _checked(name, rows, z, left, right, negative_slope)
    check_same_dtype(name, z=z, grad=grad)
    got = f"{tuple(lse.shape)} and {tuple(grad.shape)}"
    expect(
        lse.shape == right.shape and grad.shape == (rows.num_targets, *z.shape[1:]),
        lambda: message(name, f"`lse` {tuple(right.shape)} and `grad` as the output of gat_attention", got),
    )
    check_transposed(name, rows, z.shape[0])
    return (z.new_empty(z.shape), left.new_empty(left.shape), right.new_empty(right.shape)), dims


gat_attention_backward.native(
    "gat_attention_backward",
    passes="rows transposed z left right lse grad grad_z grad_left grad_right",
    dims="num_targets num_sources num_edges heads width slope",
    value="z",
    ids="rows",
)
gat_attention_backward.autocast = "none"
gat_attention_backward.backward_from_reference(of="z left right lse grad")

for _op in (gat_attention, gat_attention_backward):
    _op.tolerance(2e-5, 1e-11, 2e-2, 4e-3)
    _op.lacks("triton", issue=8)


@gat_attention.samples
def _() -> Iterator[tuple[Any, ...]]:
    for rows, num_sources in sample_structures():
        for heads, width in (((2,), 8), ((), 5), ((3,), 7), ((8,), 2), ((2, 4), 16), ((20,), 1)):
            z = torch.randn(num_sources, *heads, width, dtype=torch.float64)
            left = 2 * torch.randn(num_sources, *heads, dtype=torch.float64)
            right = 2 * torch.randn(rows.num_targets, *heads, dtype=torch.float64)
            yield rows, z, left, right, 0.2


@gat_attention_backward.samples
def _() -> Iterator[tuple[Any, ...]]:
    for rows, z, left, right, slope in gat_attention.make_samples():
        lse = gat_attention.reference(rows, z, left, right, slope)[1]
        grad = torch.randn(rows.num_targets, *z.shape[1:], dtype=torch.float64)
        yield rows, z, left, right, lse, grad, slope
