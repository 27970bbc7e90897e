"""The gradient of relational aggregation to the weights of edges: a bilinear form of both ends for every edge."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import ShapeError, message
from .._checks import check_same_dtype, expect
from .._operator import operator
from .._registry import others
from .._structure import Structure
from ..segment_matmul.segment_matmul import check_weight
from .relational_matmul import at_edges, check_relations, relational_matmul, sample_relations


@operator
def relational_sddmm(rows: Structure, x: Tensor, weight: Tensor, y: Tensor, edge_type: Tensor) -> Tensor:
    """Combine the rows at both ends of every edge by the matrix of its type.

    `out[e] = x[j] @ weight[edge_type[e]] @ y[i]` for e = j -> i

    *Shapes* `x: (num_sources, in_features)`; `weight: (num_types, in_features, out_features)`; `y: (num_targets, out_features)`;
    `edge_type: (num_edges,)` by edge id, in the dtype of `rows.source` -> `(num_edges,)` by edge id.

    Args:
        rows: edges by target; a gradient to `x` needs its `transposed`.

    Raises:
        ShapeError, DtypeError, DeviceError: if arguments do not fit each other.
        IdError, StructureError: if `rows` or `edge_type` points outside what it names, or `rows` contradicts itself.
        GradientError: in backward to `x`, if `rows.transposed` is missing.

    *Cost* that of `relational_matmul`.

    >>> import torch
    >>> rows = Structure(torch.tensor([0, 2, 2]), torch.tensor([1, 0]))
    >>> x, weight = torch.tensor([[1.0], [2.0]]), torch.tensor([[[10.0]], [[100.0]]])
    >>> relational_sddmm(rows, x, weight, torch.tensor([[3.0], [5.0]]), torch.tensor([0, 1]))
    tensor([ 60., 300.])
    """
    source, types, _ = at_edges("relational_sddmm", rows, x, weight.shape[0], edge_type, None)
    # One type after the other: a matrix for every edge would be E x in_features x out_features.
    target = rows.targets()
    out = x.new_zeros(rows.num_edges)
    for type_, matrix in enumerate(weight.unbind(0)):
        out = out + ((x @ matrix)[source] * y[target]).sum(1) * (types == type_).to(x.dtype)
    return out if rows.edge is None else torch.empty_like(out).index_copy(0, rows.edge.long(), out)


@relational_sddmm.outputs
def _(rows: Structure, x: Tensor, weight: Tensor, y: Tensor, edge_type: Tensor) -> tuple[Tensor, tuple[int, ...]]:
    name = "relational_sddmm"
    check_same_dtype(name, x=x, weight=weight, y=y)
    check_relations(name, rows, x, edge_type, None)
    if weight.dim() != 3:
        check_weight(name, weight, 0, 0)
    types, depth, width = weight.shape
    check_weight(name, weight, types, x.shape[1])
    if y.dim() != 2:
        raise ShapeError(message(name, "`y` of shape (num_targets, out_features)", str(tuple(y.shape))))
    targets = rows.num_targets
    expect(
        y.shape[0] == targets and y.shape[1] == width,
        lambda: message(name, f"`y` of shape ({targets}, {width})", str(tuple(y.shape))),
    )
    return x.new_empty(rows.num_edges), (targets, x.shape[0], rows.num_edges, types, depth, width)


relational_sddmm.native(
    "relational_sddmm",
    passes="rows x weight y edge_type out",
    dims="num_targets num_sources num_edges num_types depth width",
    value="x",
    ids="rows",
)


@relational_sddmm.backward(of="x weight y", saves={"x": "", "weight": "", "y": ""})
def _(
    grad: Tensor, needs: dict[str, bool], rows: Structure, x: Tensor, weight: Tensor, y: Tensor, edge_type: Tensor
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    grad_x = grad_weight = grad_y = None
    if needs["x"]:
        grad_x = relational_matmul(rows.reversed(), y, weight.transpose(1, 2), edge_type, grad)
    if needs["weight"]:
        grad_weight = others.relational_outer(rows, x, y, edge_type, grad, weight.shape[0])
    if needs["y"]:
        grad_y = relational_matmul(rows, x, weight, edge_type, grad)
    return grad_x, grad_weight, grad_y


relational_sddmm.tolerance(1e-5, 1e-12, 2e-2, 2e-3)
relational_sddmm.triton()


@relational_sddmm.samples
def _() -> Iterator[tuple[Any, ...]]:
    for rows, sources, types, depth, width, edge_type, _ in sample_relations():
        x, weight = torch.randn(sources, depth).double(), torch.randn(types, depth, width).double() / depth
        yield rows, x, weight, torch.randn(rows.num_targets, width).double(), edge_type
