"""Softmax of edge scores over the edges that enter each target, and its gradient."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import message
from .._checks import check_rank, check_rows, check_same_dtype, checked_ids, expect, product
from .._operator import operator
from .._samples import sample_structures
from .._structure import Structure


@operator
def edge_softmax(rows: Structure, score: Tensor) -> Tensor:
    """Softmax of scores over the edges that enter each target.

    `out[e] = exp(score[e]) / sum of exp(score[f]) over the edges f that enter the target of e`

    *Shapes* `score: (num_edges, *H)` by edge id -> the same.

    Raises:
        ShapeError, DtypeError, DeviceError: if arguments do not fit each other.
        IdError, StructureError: if `rows` holds an edge that is not there or contradicts itself.

    *Cost* reads E x H, writes it; rows of more than 4,096 edges are read twice. Backward saves only the
    result. Stable: the highest score of a target is subtracted.

    >>> import torch
    >>> rows = Structure(torch.tensor([0, 2, 3]), torch.tensor([1, 0, 0]))
    >>> edge_softmax(rows, torch.tensor([0.0, 0.0, 5.0]))
    tensor([0.5000, 0.5000, 1.0000])
    """
    target = _targets(rows)
    index = target.reshape(-1, *(1,) * (score.dim() - 1)).expand_as(score)
    lowest = score.new_full((rows.num_targets, *score.shape[1:]), float("-inf"))
    top = lowest.scatter_reduce(0, index, score.detach(), "amax")
    p = (score - top[target]).exp()
    return p / _sums(rows, target, p)[target]


def _targets(rows: Structure) -> Tensor:
    """Target of each edge, by edge id."""
    target = rows.targets()
    if rows.edge is None:
        return target
    edge = checked_ids("edge_softmax", "edge", rows.edge, rows.num_edges, "edges")
    return torch.empty_like(target).index_copy(0, edge, target)


def _sums(rows: Structure, target: Tensor, values: Tensor) -> Tensor:
    return values.new_zeros((rows.num_targets, *values.shape[1:])).index_add(0, target, values)


def _allocate(name: str, rows: Structure, **values: Tensor) -> tuple[Tensor, tuple[int, ...]]:
    check_rows(name, rows)
    check_same_dtype(name, **values)
    first = next(iter(values.values()))
    for argument, t in values.items():
        check_rank(name, argument, t, "(num_edges, *heads)")
        expect(
            t.shape[0] == rows.num_edges and t.shape[1:] == first.shape[1:],
            lambda t=t, argument=argument: message(
                name, f"`{argument}` with a row for each of {rows.num_edges} edges", str(tuple(t.shape))
            ),  # type: ignore[misc]
        )
    return first.new_empty(first.shape), (rows.num_targets, rows.num_edges, product(first.shape[1:]))


@edge_softmax.outputs
def _(rows: Structure, score: Tensor) -> tuple[Tensor, tuple[int, ...]]:
    return _allocate("edge_softmax", rows, score=score)


edge_softmax.native(
    "edge_softmax", passes="rows score out", dims="num_targets num_edges heads", value="score", ids="rows"
)
edge_softmax.autocast = "float32"


@edge_softmax.backward(of="score", saves={"out": ""})
def _(grad: Tensor, needs: dict[str, bool], rows: Structure, out: Tensor) -> tuple[Tensor]:
    return (edge_softmax_backward(rows, out, grad),)


@operator
def edge_softmax_backward(rows: Structure, probability: Tensor, grad: Tensor) -> Tensor:
    """Gradient of edge_softmax with respect to its scores.

    `out[e] = probability[e] * (grad[e] - sum of probability[f] * grad[f] over the edges f that enter the target of e)`

    *Shapes* `probability, grad: (num_edges, *H)` -> the same.

    *Cost* reads two E x H, writes one; rows of more than 4,096 edges are read twice.
    """
    target = _targets(rows)
    return probability * (grad - _sums(rows, target, probability * grad)[target])


@edge_softmax_backward.outputs
def _(rows: Structure, probability: Tensor, grad: Tensor) -> tuple[Tensor, tuple[int, ...]]:
    return _allocate("edge_softmax_backward", rows, probability=probability, grad=grad)


edge_softmax_backward.native(
    "edge_softmax_backward",
    passes="rows probability grad out",
    dims="num_targets num_edges heads",
    value="grad",
    ids="rows",
)
edge_softmax_backward.autocast = "float32"
edge_softmax_backward.backward_from_reference(of="probability grad")

for _op in (edge_softmax, edge_softmax_backward):
    _op.tolerance(1e-5, 1e-12, 2e-2, 2e-3)
    _op.triton()


@edge_softmax.samples
def _() -> Iterator[tuple[Any, ...]]:
    for rows, _count in sample_structures():
        for heads in ((), (1,), (3,), (8,), (2, 4)):
            yield rows, 3 * torch.randn(rows.num_edges, *heads, dtype=torch.float64)


@edge_softmax_backward.samples
def _() -> Iterator[tuple[Any, ...]]:
    for rows, _count in sample_structures():
        for heads in ((), (3,), (8,)):
            shape = (rows.num_edges, *heads)
            yield rows, torch.rand(shape, dtype=torch.float64), torch.randn(shape, dtype=torch.float64)
