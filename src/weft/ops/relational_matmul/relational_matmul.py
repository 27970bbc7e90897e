"""Relational aggregation: every target adds the rows of its sources, each times the matrix of its edge's type."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import DtypeError, ShapeError, message
from .._checks import check_rows, check_same_dtype, checked_ids, expect
from .._operator import operator
from .._registry import others
from .._samples import sample_structures
from .._structure import Structure
from ..segment_matmul.segment_matmul import check_weight


@operator
def relational_matmul(
    rows: Structure, x: Tensor, weight: Tensor, edge_type: Tensor, edge_weight: Tensor | None = None
) -> Tensor:
    """Add, at every target, the rows of its sources times the matrices of the edges.

    `out[i] = sum over edges e = j -> i of edge_weight[e] * x[j] @ weight[edge_type[e]]`

    *Shapes* `x: (num_sources, in_features)`; `weight: (num_types, in_features, out_features)`; `edge_type: (num_edges,)` in the
    dtype of `rows.source`, `edge_weight: (num_edges,)`, both by edge id -> `(num_targets, out_features)`. A target without
    edges gets 0.

    Args:
        rows: edges by target; a gradient to `x` needs its `transposed`. They need not be sorted by type.

    Raises:
        ShapeError, DtypeError, DeviceError: if arguments do not fit each other.
        IdError, StructureError: if `rows` or `edge_type` points outside what it names, or `rows` contradicts itself.
        GradientError: in backward to `x`, if `rows.transposed` is missing.

    *Source* M. Schlichtkrull et al., 2017, Modeling relational data with graph convolutional networks, arXiv:1703.06103,
    equation 2 without its self-loop; `edge_weight` holds 1 / c.

    *Cost* reads E x in_features; in_features x out_features multiplications for every pair of a target and a type that has edges;
    keeps nothing of the size of the edges or of the pairs, forward or backward. float16 and bfloat16 accumulate in float32.

    >>> import torch
    >>> rows = Structure(torch.tensor([0, 2, 2]), torch.tensor([1, 0]))
    >>> x, weight = torch.tensor([[1.0], [2.0]]), torch.tensor([[[10.0]], [[100.0]]])
    >>> relational_matmul(rows, x, weight, edge_type=torch.tensor([0, 1]))
    tensor([[120.],
            [  0.]])
    """
    source, types, scale = at_edges("relational_matmul", rows, x, weight.shape[0], edge_type, edge_weight)
    # One type after the other: a matrix for every edge would be E x in_features x out_features.
    out = x.new_zeros((rows.num_targets, weight.shape[2]))
    target = rows.targets()
    for type_, matrix in enumerate(weight.unbind(0)):
        given = scale * (types == type_).to(x.dtype)
        summed = x.new_zeros((rows.num_targets, x.shape[1])).index_add(0, target, x[source] * given.unsqueeze(1))
        out = out + summed @ matrix
    return out


def at_edges(
    name: str, rows: Structure, x: Tensor, num_types: int, edge_type: Tensor, edge_weight: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """For references: source, type and weight at every position."""
    source = checked_ids(name, "source", rows.source, x.shape[0], "rows in `x`")
    types = checked_ids(name, "edge_type", edge_type, num_types, "types")
    weight = x.new_ones(rows.num_edges) if edge_weight is None else edge_weight
    if rows.edge is None:
        return source, types, weight
    edge = checked_ids(name, "edge", rows.edge, rows.num_edges, "edges")
    return source, types[edge], weight[edge]


def check_relations(name: str, rows: Structure, x: Tensor, edge_type: Tensor, edge_weight: Tensor | None) -> None:
    """Refuse what does not describe typed edges between rows of `x` and targets."""
    check_rows(name, rows)
    if edge_type.dtype is not rows.source.dtype:
        raise DtypeError(message(name, f"`edge_type` in {rows.source.dtype}, as `rows.source`", str(edge_type.dtype)))
    if x.dim() != 2:
        raise ShapeError(message(name, "`x` of shape (num_sources, in_features)", str(tuple(x.shape))))
    for argument, t in (("edge_type", edge_type), ("edge_weight", edge_weight)):
        if t is not None:
            expect(
                t.dim() == 1 and t.shape[0] == rows.num_edges,
                lambda argument=argument, t=t: message(  # type: ignore[misc]
                    name, f"`{argument}` of shape ({rows.num_edges},)", str(tuple(t.shape))
                ),
            )


@relational_matmul.outputs
def _(
    rows: Structure, x: Tensor, weight: Tensor, edge_type: Tensor, edge_weight: Tensor | None
) -> tuple[Tensor, tuple[int, ...]]:
    name = "relational_matmul"
    check_same_dtype(name, x=x, weight=weight, edge_weight=edge_weight)
    check_relations(name, rows, x, edge_type, edge_weight)
    if weight.dim() != 3:
        check_weight(name, weight, 0, 0)
    types, depth, width = weight.shape
    check_weight(name, weight, types, x.shape[1])
    return x.new_empty((rows.num_targets, width)), (rows.num_targets, x.shape[0], rows.num_edges, types, depth, width)


relational_matmul.native(
    "relational_matmul",
    passes="rows x weight edge_type edge_weight out",
    dims="num_targets num_sources num_edges num_types depth width",
    value="x",
    ids="rows",
)


@relational_matmul.backward(of="x weight edge_weight", saves={"x": "", "weight": "", "edge_weight": ""})
def _(
    grad: Tensor,
    needs: dict[str, bool],
    rows: Structure,
    x: Tensor,
    weight: Tensor,
    edge_type: Tensor,
    edge_weight: Tensor | None,
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    grad_x = grad_weight = grad_edge_weight = None
    if needs["x"]:
        grad_x = relational_matmul(rows.reversed(), grad, weight.transpose(1, 2), edge_type, edge_weight)
    if needs["weight"]:
        grad_weight = others.relational_outer(rows, x, grad, edge_type, edge_weight, weight.shape[0])
    if needs["edge_weight"]:
        grad_edge_weight = others.relational_sddmm(rows, x, weight, grad, edge_type)
    return grad_x, grad_weight, grad_edge_weight


relational_matmul.tolerance(1e-5, 1e-12, 2e-2, 2e-3)
relational_matmul.triton()


def sample_relations() -> Iterator[tuple[Structure, int, int, int, int, Tensor, Tensor | None]]:
    """(rows, sources, types, in_features, out_features, edge_type, edge_weight); one type has no edge."""
    for rows, num_sources in sample_structures():
        for types, depth, width, is_weighted in (
            (3, 5, 3, True),
            (2, 16, 32, False),
            (9, 33, 8, True),
            (3, 70, 1, False),
        ):
            edge_type = torch.randint(types - 1, (rows.num_edges,)).to(rows.source.dtype)
            edge_weight = torch.randn(rows.num_edges).double() if is_weighted else None
            yield rows, num_sources, types, depth, width, edge_type, edge_weight


@relational_matmul.samples
def _() -> Iterator[tuple[Any, ...]]:
    for rows, sources, types, depth, width, edge_type, edge_weight in sample_relations():
        x, weight = torch.randn(sources, depth).double(), torch.randn(types, depth, width).double() / depth
        yield rows, x, weight, edge_type, edge_weight
