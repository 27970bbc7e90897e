"""The gradient of max and min: what each target got goes back to the source that won it."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import DtypeError, ShapeError, message
from .._checks import check_rows, checked_ids, product
from .._operator import operator
from .._samples import sample_structures
from .._structure import Structure


@operator
def scatter_winners(rows: Structure, winner: Tensor, grad: Tensor, num_sources: int) -> Tensor:
    """Add what each target got to the source that won it, feature by feature.

    `out[j, k] = sum of grad[i, k] over the targets i with source[winner[i, k]] = j`

    *Shapes* `winner: (num_targets, *F)`, a position of `rows` or -1 for none, in the dtype of `rows.source`;
    `grad: (num_targets, *F)` -> `(num_sources, *F)`.

    Raises:
        ShapeError, DtypeError, DeviceError: if arguments do not fit each other.
        IdError: if a winner or its source is not there.

    *Cost* N x F reads and scattered additions, in the order of targets; float16 and bfloat16 add in float32.

    >>> import torch
    >>> rows = Structure(torch.tensor([0, 2]), torch.tensor([1, 0]))
    >>> scatter_winners(rows, torch.tensor([[0, 1]]), torch.tensor([[5.0, 7.0]]), 2)
    tensor([[0., 7.],
            [5., 0.]])
    """
    exact = torch.promote_types(grad.dtype, torch.float32)
    out = torch.zeros((num_sources, *grad.shape[1:]), dtype=exact, device=grad.device)
    if not rows.num_edges:
        return out.to(grad.dtype)
    at = checked_ids("scatter_winners", "winner", winner.clamp(min=0), rows.num_edges, "edges")
    source = checked_ids("scatter_winners", "source", rows.source[at], num_sources, "sources")
    masked = grad.where(winner >= 0, torch.zeros((), dtype=grad.dtype, device=grad.device))
    return out.scatter_add(0, source, masked.to(exact)).to(grad.dtype)


@scatter_winners.outputs
def _(rows: Structure, winner: Tensor, grad: Tensor, num_sources: int) -> tuple[Tensor, tuple[int, ...]]:
    name = "scatter_winners"
    check_rows(name, rows)
    if winner.dtype is not rows.source.dtype:
        raise DtypeError(message(name, f"`winner` of {rows.source.dtype}, as `source`", str(winner.dtype)))
    if winner.shape != grad.shape or winner.dim() == 0:
        raise ShapeError(
            message(name, "`winner` and `grad` of one shape", f"{tuple(winner.shape)}, {tuple(grad.shape)}")
        )
    features = grad.shape[1:]
    out = grad.new_empty((num_sources, *features))
    return out, (grad.shape[0], num_sources, rows.num_edges, product(features))


scatter_winners.native(
    "scatter_winners",
    passes="rows winner grad out",
    dims="num_targets num_sources num_edges features",
    value="grad",
    ids="rows",
)
scatter_winners.autocast = "none"


@scatter_winners.backward(of="grad", saves={})
def _(grad: Tensor, needs: dict[str, bool], rows: Structure, winner: Tensor) -> tuple[Tensor]:
    if not rows.num_edges:
        return (grad.new_zeros(winner.shape),)
    source = rows.source.long()[winner.clamp(min=0).long()]
    return (grad.gather(0, source).where(winner >= 0, torch.zeros((), dtype=grad.dtype, device=grad.device)),)


scatter_winners.tolerance(1e-5, 1e-12, 2e-2, 2e-3)
scatter_winners.triton()


@scatter_winners.samples
def _() -> Iterator[tuple[Any, ...]]:
    for rows, num_sources in sample_structures():
        for features in ((5,), (), (3, 7), (40,)):
            shape = (rows.num_targets, *features)
            degree = rows.indptr.diff().reshape(-1, *(1,) * len(features)).expand(shape)
            first = rows.indptr[:-1].reshape(degree.shape[0], *(1,) * len(features))
            offset = (torch.rand(shape) * degree).long().clamp(max=(degree - 1).clamp(min=0))
            winner = torch.where(degree > 0, first + offset, -1).to(rows.source.dtype)
            yield rows, winner, torch.randn(shape, dtype=torch.float64), num_sources
