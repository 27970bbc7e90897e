"""The gradient of relational aggregation to its matrices: outer products over typed edges."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import OptionError, ShapeError, message
from .._checks import check_same_dtype, expect
from .._operator import operator
from .._registry import others
from .._structure import Structure
from .relational_matmul import at_edges, check_relations, relational_matmul, sample_relations


@operator
def relational_outer(
    rows: Structure, x: Tensor, y: Tensor, edge_type: Tensor, edge_weight: Tensor | None, num_types: int
) -> Tensor:
    """Add up the outer products of the rows at both ends of the edges of each type.

    `out[t] = sum over edges e = j -> i of type t of edge_weight[e] * outer(x[j], y[i])`

    *Shapes* `x: (num_sources, in_features)`; `y: (num_targets, out_features)`; `edge_type: (num_edges,)` in the dtype of
    `rows.source`, `edge_weight: (num_edges,)`, both by edge id -> `(num_types, in_features, out_features)`. A type without
    edges gets 0.

    Args:
        rows: edges by target; a gradient to `x` needs its `transposed`.

    Raises:
        ShapeError, DtypeError, DeviceError, OptionError: if arguments do not fit each other.
        IdError, StructureError: if `rows` or `edge_type` points outside what it names, or `rows` contradicts itself.
        GradientError: in backward to `x`, if `rows.transposed` is missing.

    *Cost* that of `relational_matmul`; partial results of at most 64 MiB, or of one result.

    >>> import torch
    >>> rows = Structure(torch.tensor([0, 2, 2]), torch.tensor([1, 0]))
    >>> x = torch.tensor([[1.0], [2.0]])
    >>> relational_outer(rows, x, torch.tensor([[3.0], [5.0]]), torch.tensor([0, 1]), None, 2).flatten()
    tensor([6., 3.])
    """
    source, types, scale = at_edges("relational_outer", rows, x, num_types, edge_type, edge_weight)
    products = (x[source] * scale.unsqueeze(1)).unsqueeze(2) * y[rows.targets()].unsqueeze(1)
    return x.new_zeros((num_types, x.shape[1], y.shape[1])).index_add(0, types, products)


@relational_outer.outputs
def _(
    rows: Structure, x: Tensor, y: Tensor, edge_type: Tensor, edge_weight: Tensor | None, num_types: int
) -> tuple[Tensor, tuple[int, ...]]:
    name = "relational_outer"
    check_same_dtype(name, x=x, y=y, edge_weight=edge_weight)
    check_relations(name, rows, x, edge_type, edge_weight)
    if isinstance(num_types, int) and num_types < 0:
        raise OptionError(message(name, "`num_types` of at least 0", str(num_types)))
    if y.dim() != 2:
        raise ShapeError(message(name, "`y` of shape (num_targets, out_features)", str(tuple(y.shape))))
    targets, depth, width = rows.num_targets, x.shape[1], y.shape[1]
    expect(y.shape[0] == targets, lambda: message(name, f"`y` with a row for each of {targets}", str(tuple(y.shape))))
    return x.new_empty((num_types, depth, width)), (targets, x.shape[0], rows.num_edges, num_types, depth, width)


relational_outer.native(
    "relational_outer",
    passes="rows x y edge_type edge_weight out",
    dims="num_targets num_sources num_edges num_types depth width",
    value="x",
    ids="rows",
)


@relational_outer.backward(of="x y edge_weight", saves={"x": "", "y": "", "edge_weight": ""})
def _(
    grad: Tensor,
    needs: dict[str, bool],
    rows: Structure,
    x: Tensor,
    y: Tensor,
    edge_type: Tensor,
    edge_weight: Tensor | None,
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    grad_x = grad_y = grad_edge_weight = None
    if needs["x"]:
        grad_x = relational_matmul(rows.reversed(), y, grad.transpose(1, 2), edge_type, edge_weight)
    if needs["y"]:
        grad_y = relational_matmul(rows, x, grad, edge_type, edge_weight)
    if needs["edge_weight"]:
        grad_edge_weight = others.relational_sddmm(rows, x, grad, y, edge_type)
    return grad_x, grad_y, grad_edge_weight


relational_outer.tolerance(1e-5, 1e-12, 2e-2, 2e-3)
relational_outer.triton()


@relational_outer.samples
def _() -> Iterator[tuple[Any, ...]]:
    for rows, sources, types, depth, width, edge_type, edge_weight in sample_relations():
        x, y = torch.randn(sources, depth).double() / 4, torch.randn(rows.num_targets, width).double()
        yield rows, x, y, edge_type, edge_weight, types
