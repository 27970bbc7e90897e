"""Sparse-dense product: every target reduces the weighted rows of its sources."""

from collections.abc import Iterator
from typing import Any, Literal

import torch
from torch import Tensor

from ...errors import GradientError, ShapeError, check_choice, message
from .._checks import check_rank, check_rows, check_same_dtype, checked_ids, expect, product
from .._operator import operator_hiding
from .._registry import others
from .._samples import sample_structures
from .._structure import Structure
from .._winners import winners
from .scatter_winners import scatter_winners

Reduce = Literal["sum", "mean", "max", "min"]
REDUCERS = ("sum", "mean", "max", "min")

# Rows of so many values are scaled faster once than at each of their edges.
_NARROW = 16


@operator_hiding("winner")
def spmm(
    rows: Structure,
    x: Tensor,
    weight: Tensor | None = None,
    reduce: Reduce = "sum",
    source_scale: Tensor | None = None,
    target_scale: Tensor | None = None,
) -> tuple[Tensor, Tensor | None]:
    """Reduce the weighted features of the sources of every target.

    `out[i] = target_scale[i] * reduce over edges e = j -> i of weight[e] * source_scale[j] * x[j]`

    *Shapes* `x: (num_sources, *F)`; `weight: (num_edges,)` or `(num_edges, *W)`, indexed by edge id, where W broadcasts with the
    first dimensions of F (heads); `source_scale: (num_sources,)`, `target_scale: (num_targets,)` -> `(num_targets, *F)`. A target
    without edges gets 0.

    Args:
        rows: edges by target; a gradient to `x` needs its `transposed`.
        reduce: of equal values max and min pass the gradient to the edge of lowest id; NaN propagates; mean divides by
            the degree.
        source_scale, target_scale: constant factors of rows, such as powers of degrees, for sum and mean.

    Raises:
        ShapeError, DtypeError, DeviceError, OptionError: if arguments do not fit each other.
        IdError, StructureError: if `rows` points outside `x` or contradicts itself.
        GradientError: if a scale wants a gradient; in backward, if `rows.transposed` is missing.

    *Cost* reads E x F, writes N x F; no E x F tensor in either direction. Rows of up to 64 bytes with a `source_scale` may take
    N x F more while it runs. float16 and bfloat16 accumulate in float32.

    >>> import torch
    >>> rows = Structure(torch.tensor([0, 2, 2]), torch.tensor([1, 0]))
    >>> spmm(rows, torch.tensor([[1.0], [10.0]]), weight=torch.tensor([2.0, 3.0]))
    tensor([[23.],
            [ 0.]])
    """
    source = checked_ids("spmm", "source", rows.source, x.shape[0], "rows in `x`")
    edge = None if rows.edge is None else checked_ids("spmm", "edge", rows.edge, rows.num_edges, "edges")
    target, n = rows.targets(), rows.num_targets
    messages = x[source]
    if weight is not None:
        w = weight if edge is None else weight[edge]
        messages = messages * w.reshape(w.shape + (1,) * (x.dim() - w.dim()))
    if source_scale is not None:
        messages = messages * _along(source_scale[source], x)
    if reduce in ("sum", "mean"):
        out = x.new_zeros((n, *x.shape[1:])).index_add(0, target, messages)
        out = out if reduce == "sum" else out / _along(rows.indptr.diff().clamp(min=1), x)
        return out if target_scale is None else out * _along(target_scale, x), None
    winner = winners(messages.detach(), target, n, reduce)
    padded = torch.cat(
        (messages, messages.new_zeros((1, *messages.shape[1:])))
    )  # row -1 answers for targets without edges
    return padded.gather(0, winner.where(winner >= 0, rows.num_edges)), winner.to(rows.source.dtype)


def _along(scale: Tensor, x: Tensor) -> Tensor:
    """One factor a row, shaped to multiply `x`."""
    return scale.reshape(-1, *(1,) * (x.dim() - 1))


@spmm.prepares
def _(rows: Structure, x: Tensor, weight: Tensor | None, reduce: Reduce, *scales: Tensor | None) -> tuple[Any, ...]:
    if scales[0] is not None or scales[1] is not None:
        _check_constant(*scales)
    if weight is None or weight.dim() <= 1 or x.dim() == 0 or weight.shape[1:] == x.shape[1 : weight.dim()]:
        return rows, x, weight, reduce, *scales
    heads, features = list(weight.shape[1:]), x.shape[1:]
    while heads and heads[-1] == 1:
        heads.pop()
    try:
        shape = torch.broadcast_shapes((*heads, *(1,) * (len(features) - len(heads))), features)
    except RuntimeError:
        shape = None
    if shape is None or len(heads) > len(features):
        raise ShapeError(
            message(
                "spmm",
                f"`weight` (num_edges,) or (num_edges, *W), W broadcasting to the first of {tuple(features)}",
                str(tuple(weight.shape)),
            )
        )
    weight = weight.reshape(weight.shape[0], *heads).expand(-1, *shape[: len(heads)])
    return rows, x.expand(-1, *shape), weight, reduce, *scales


def _check_constant(*scales: Tensor | None) -> None:
    if torch.is_grad_enabled() and any(s is not None and s.requires_grad for s in scales):
        raise GradientError(
            "spmm: expected `source_scale` and `target_scale` to be constants, got one that requires a gradient; hint: multiply "
            "`x` or the result by it instead"
        )


@spmm.outputs
def _(
    rows: Structure, x: Tensor, weight: Tensor | None, reduce: Reduce, *scales: Tensor | None
) -> tuple[Any, tuple[int, ...]]:
    check_rows("spmm", rows)
    check_choice("spmm", "reduce", reduce, REDUCERS)
    check_rank("spmm", "x", x, "(num_sources, *features)")
    targets, edges, features = rows.num_targets, rows.num_edges, x.shape[1:]
    weights = 0
    if weight is not None:
        if weight.dtype is not x.dtype:
            check_same_dtype("spmm", x=x, weight=weight)
        check_rank("spmm", "weight", weight, "(num_edges, *heads)")
        expect(
            weight.shape[0] == edges,
            lambda: message("spmm", f"one weight for each of {edges} edges", str(tuple(weight.shape))),
        )
        weights = product(features[: weight.dim() - 1])
    selects = reduce in ("max", "min")
    if scales[0] is not None or scales[1] is not None:
        check_choice("spmm", "reduce", reduce, ("sum", "mean"))
        _check_scale("source_scale", scales[0], x, x.shape[0])
        _check_scale("target_scale", scales[1], x, targets)
    out = x.new_empty((targets, *features))
    winner = rows.source.new_empty((targets, *features)) if selects else None
    return (out, winner), (targets, x.shape[0], edges, product(features), weights, REDUCERS.index(reduce))


def _check_scale(name: str, scale: Tensor | None, x: Tensor, count: int) -> None:
    if scale is not None:
        check_same_dtype("spmm", **{"x": x, name: scale})
        expect(
            scale.dim() == 1 and scale.shape[0] == count,
            lambda: message("spmm", f"`{name}` of shape ({count},)", str(tuple(scale.shape))),
        )


spmm.native(
    "spmm",
    passes="rows x weight source_scale target_scale out winner",
    dims="num_targets num_sources num_edges features weights reduce",
    value="x",
    ids="rows",
)


@spmm.backward(of="x weight", saves={"x": "weight", "weight": "", "winner": ""})
def _(
    grad: Tensor, needs: dict[str, bool], rows: Structure, x: Tensor | None, x_shape: torch.Size, weight: Tensor | None,
    reduce: Reduce, source_scale: Tensor | None, target_scale: Tensor | None, winner: Tensor | None,
) -> tuple[Tensor | None, Tensor | None]:  # fmt: skip
    if reduce in ("max", "min"):
        assert winner is not None, "max and min save their winners"
        return _select_backward(grad, needs, rows, x, x_shape, weight, winner)
    if reduce == "mean":
        exact = torch.promote_types(grad.dtype, torch.float32)
        share = rows.indptr.diff().clamp_(min=1).to(exact).reciprocal_().to(grad.dtype)
        target_scale = share if target_scale is None else share * target_scale
    if target_scale is not None and product(grad.shape[1:]) <= _NARROW:
        grad, target_scale = grad * _along(target_scale, grad), None
    grad_x = spmm(rows.reversed(), grad, weight, "sum", target_scale, source_scale) if needs["x"] else None
    if not needs["weight"]:
        return grad_x, None
    assert x is not None, "x is saved when weight needs a gradient"
    assert weight is not None, "weight needs a gradient"
    if target_scale is not None:
        grad = grad * _along(target_scale, grad)
    if source_scale is not None:
        x = x * _along(source_scale, x)
    depth = weight.dim()
    if depth == x.dim():
        return grad_x, others.sddmm(rows, grad, x, "mul")
    return grad_x, others.sddmm(rows, grad.flatten(depth), x.flatten(depth), "dot")


def _select_backward(
    grad: Tensor,
    needs: dict[str, bool],
    rows: Structure,
    x: Tensor | None,
    x_shape: torch.Size,
    weight: Tensor | None,
    winner: Tensor,
) -> tuple[Tensor | None, Tensor | None]:
    """The winning message takes the whole gradient."""
    if weight is None:
        return scatter_winners(rows, winner, grad, x_shape[0]), None
    at = winner.clamp(min=0).long()
    if not rows.num_edges:
        return grad.new_zeros(x_shape) if needs["x"] else None, torch.zeros_like(weight) if needs["weight"] else None
    heads = product(weight.shape[1:])
    head = torch.arange(heads, device=at.device).reshape(weight.shape[1:] + (1,) * (at.dim() - weight.dim()))
    slot = (at if rows.edge is None else rows.edge.long()[at]) * heads + head
    grad_x = grad_weight = None
    if needs["x"]:
        grad_x = scatter_winners(rows, winner, grad * weight.reshape(-1)[slot], x_shape[0])
    if needs["weight"]:
        assert x is not None, "x is saved when weight needs a gradient"
        exact = torch.promote_types(grad.dtype, torch.float32)
        won = (grad * x.gather(0, rows.source.long()[at])).where(winner >= 0, torch.zeros_like(grad))
        flat = torch.zeros(weight.numel(), dtype=exact, device=grad.device)
        flat = flat.scatter_add(0, slot.reshape(-1), won.reshape(-1).to(exact))
        grad_weight = flat.reshape(weight.shape).to(grad.dtype)
    return grad_x, grad_weight


spmm.tolerance(1e-5, 1e-12, 2e-2, 2e-3)
spmm.triton()


@spmm.samples
def _() -> Iterator[tuple[Any, ...]]:
    for rows, num_sources in sample_structures():
        for features, heads in (
            ((5,), ()),
            ((), ()),
            ((1,), None),
            ((2, 8), (2,)),
            ((3, 7), ()),
            ((6,), (6,)),
            ((33,), None),
            ((4, 2), (4,)),
        ):
            weight = None if heads is None else torch.randn(rows.num_edges, *heads, dtype=torch.float64)
            for reduce in REDUCERS:
                yield rows, torch.randn(num_sources, *features, dtype=torch.float64), weight, reduce, None, None
        per_source = torch.rand(num_sources, dtype=torch.float64)
        per_target = torch.rand(rows.num_targets, dtype=torch.float64)
        for features, heads, reduce, scales in (
            ((5,), None, "sum", (per_source, per_target)),
            ((33,), None, "sum", (per_source, None)),
            ((1,), None, "mean", (None, per_target)),
            ((), (), "sum", (per_source, per_target)),
            ((3, 7), (3,), "mean", (per_source, per_target)),
            ((16,), (), "mean", (None, per_target)),
        ):
            weight = None if heads is None else torch.randn(rows.num_edges, *heads, dtype=torch.float64)
            yield rows, torch.randn(num_sources, *features, dtype=torch.float64), weight, reduce, *scales
