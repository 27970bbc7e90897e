"""Relational aggregation by whichever order of products is cheaper, and with matrices that share parameters."""

import torch
from torch import Tensor

from ...errors import DtypeError, message
from .._checks import checked_ids
from .._registry import others
from .._structure import Structure
from ..gather_matmul._decompositions import check_bases, check_blocks
from .relational_matmul import relational_matmul

# Reading one value of a random row takes as long as so many multiplications (measured, docs/decisions/0013-typed-linear.md).
_GATHERED = 12


def typed_sources(rows: Structure, edge_type: Tensor, *, num_types: int, num_sources: int) -> Structure:
    """The same edges with a source of its own for every pair of a source and a type.

    `source * num_types + edge_type[e]` takes the place of the source of e, so that `x[j] @ weight[t]` can stand at row
    `j * num_types + t` of what `spmm` reads. It is built once for a graph, and has its `transposed`.

    *Shapes* `edge_type: (num_edges,)`, by edge id, in the dtype of `rows.source`. Ids become int64 if int32 cannot number the
    pairs.

    Raises:
        IdError: if a type is negative or not below `num_types`.
        DtypeError: if `edge_type` has another dtype than `rows.source`.

    *Cost* two counting sorts of the edges.

    >>> import torch
    >>> rows = Structure(torch.tensor([0, 2, 2]), torch.tensor([1, 0]))
    >>> typed_sources(rows, torch.tensor([0, 1]), num_types=2, num_sources=2).source.tolist()
    [2, 1]
    """
    if edge_type.dtype is not rows.source.dtype:
        raise DtypeError(message("typed_sources", f"`edge_type` in {rows.source.dtype}", str(edge_type.dtype)))
    checked_ids("typed_sources", "edge_type", edge_type, num_types, "types")
    source = checked_ids("typed_sources", "source", rows.source, num_sources, "sources")
    dtype = rows.source.dtype if num_sources * num_types < 2**31 else torch.int64
    positions = torch.arange(rows.num_edges, device=rows.source.device)
    edge = positions if rows.edge is None else rows.edge.long()
    paired = (source * num_types + others.gather_rows(edge_type, edge).long()).to(dtype)
    # The transpose lists edges by rising id, so that ties go to the lowest.
    by_id = torch.empty_like(edge).scatter(0, edge, positions)
    indptr, target, of = others.coo_to_csc(
        others.gather_rows(paired, by_id), others.gather_rows(rows.targets().to(dtype), by_id), num_sources * num_types
    )
    back = Structure(indptr, target, of)
    return Structure(rows.indptr, paired, None if rows.edge is None else edge.to(dtype), back)


def transforms_first(rows: Structure, x: Tensor, weight: Tensor) -> bool:
    """Whether `relational_aggregate` multiplies before it adds: a decision by sizes alone.

    >>> import torch
    >>> rows = Structure(torch.arange(0, 1001, 10), torch.zeros(1000, dtype=torch.int64))
    >>> transforms_first(rows, torch.ones(100, 512), torch.ones(2, 512, 4))
    True
    >>> transforms_first(rows, torch.ones(100, 4), torch.ones(2, 4, 512))
    False
    """
    types, depth, width = weight.shape
    edges = rows.num_edges
    after = _GATHERED * edges * depth + min(edges, rows.num_targets * types) * depth * width
    before = _GATHERED * (edges + x.shape[0] * types) * width + x.shape[0] * types * depth * width
    # Products take memory, and those of pairs without edges are made in vain: they have to be worth it.
    return 2 * before < after


def relational_aggregate(
    rows: Structure,
    x: Tensor,
    weight: Tensor,
    *,
    edge_type: Tensor,
    edge_weight: Tensor | None = None,
    typed: Structure | None = None,
) -> Tensor:
    """Add, at every target, the rows of its sources times the matrices of the edges, in the cheaper order.

    `out[i] = sum over edges e = j -> i of edge_weight[e] * x[j] @ weight[edge_type[e]]`

    Where in_features are many more than out_features, every row is multiplied by all matrices first and `spmm` adds the
    products; otherwise `relational_matmul` adds first. The choice reads sizes only; see `transforms_first`.

    *Shapes* `x: (num_sources, in_features)`; `weight: (num_types, in_features, out_features)`; `edge_type: (num_edges,)` in the
    dtype of `rows.source`, `edge_weight: (num_edges,)`, both by edge id -> `(num_targets, out_features)`.

    Args:
        typed: what `typed_sources` gave for `rows` and `edge_type`. Without it `relational_matmul` runs.

    Raises:
        ShapeError, DtypeError, DeviceError, IdError, StructureError, GradientError: as `relational_matmul` and `spmm` do.

    *Source* M. Schlichtkrull et al., 2017, Modeling relational data with graph convolutional networks, arXiv:1703.06103,
    equation 2 without its self-loop; `edge_weight` holds 1 / c.

    *Cost* that of `relational_matmul`, or that of `spmm` and num_sources x num_types x out_features values.

    >>> import torch
    >>> rows = Structure(torch.tensor([0, 2, 2]), torch.tensor([1, 0]))
    >>> x, weight = torch.tensor([[1.0], [2.0]]), torch.tensor([[[10.0]], [[100.0]]])
    >>> relational_aggregate(rows, x, weight, edge_type=torch.tensor([0, 1])).flatten().tolist()
    [120.0, 0.0]
    """
    if typed is None or not transforms_first(rows, x, weight):
        return relational_matmul(rows, x, weight, edge_type, edge_weight)
    types, depth, width = weight.shape
    products = x @ weight.transpose(0, 1).reshape(depth, types * width)
    return others.spmm(typed, products.reshape(-1, width), edge_weight)  # type: ignore[no-any-return]


def relational_basis_matmul(
    rows: Structure,
    x: Tensor,
    bases: Tensor,
    *,
    coefficients: Tensor,
    edge_type: Tensor,
    edge_weight: Tensor | None = None,
) -> Tensor:
    """Relational aggregation with matrices that are sums of bases.

    `weight[t] = sum over b of coefficients[t, b] * bases[b]`, then as `relational_matmul`

    *Shapes* `x: (num_sources, in_features)`; `bases: (num_bases, in_features, out_features)`;
    `coefficients: (num_types, num_bases)`; `edge_type, edge_weight: (num_edges,)` by edge id -> `(num_targets, out_features)`.

    Raises:
        ShapeError, DtypeError, DeviceError, IdError, StructureError, GradientError: as `relational_matmul` does.

    *Source* M. Schlichtkrull et al., 2017, arXiv:1703.06103, equation 3.

    *Cost* makes the matrices of all types; or, where these have more values than `num_bases` tensors of targets x in_features,
    one weight an edge, one `spmm` and one product for each basis. Compiled or exported, always the first.

    >>> import torch
    >>> rows = Structure(torch.tensor([0, 2, 2]), torch.tensor([1, 0]))
    >>> bases, coefficients = torch.tensor([[[10.0]]]), torch.tensor([[1.0], [2.0]])
    >>> x, edge_type = torch.tensor([[1.0], [2.0]]), torch.tensor([0, 1])
    >>> relational_basis_matmul(rows, x, bases, coefficients=coefficients, edge_type=edge_type).flatten().tolist()
    [40.0, 0.0]
    """
    check_bases("relational_basis_matmul", bases, coefficients)
    num_bases, _, width = bases.shape
    # A trace is for all sizes, so that none of them may choose.
    if (
        torch.compiler.is_compiling() or coefficients.shape[0] * width <= rows.num_targets * num_bases
    ):  # times in_features
        return relational_matmul(rows, x, torch.tensordot(coefficients, bases, 1), edge_type, edge_weight)
    share = others.gather_rows(coefficients, edge_type)
    out = x.new_zeros((rows.num_targets, width))
    for b in range(num_bases):
        scale = share[:, b] if edge_weight is None else share[:, b] * edge_weight
        out = out + others.spmm(rows, x, scale) @ bases[b]
    return out


def relational_block_matmul(
    rows: Structure, x: Tensor, weight: Tensor, *, edge_type: Tensor, edge_weight: Tensor | None = None
) -> Tensor:
    """Relational aggregation with block-diagonal matrices.

    `out[i, block b] = sum over edges e = j -> i of edge_weight[e] * x[j, block b] @ weight[edge_type[e], b]`

    *Shapes* `x: (num_sources, num_blocks * in_block)`; `weight: (num_types, num_blocks, in_block, out_block)`;
    `edge_type, edge_weight: (num_edges,)` by edge id -> `(num_targets, num_blocks * out_block)`.

    Raises:
        ShapeError, DtypeError, DeviceError, IdError, StructureError, GradientError: as `relational_matmul` does.

    *Source* M. Schlichtkrull et al., 2017, arXiv:1703.06103, equation 4.

    *Cost* one `relational_matmul` a block, and a copy of `x` and of the result.

    >>> import torch
    >>> rows = Structure(torch.tensor([0, 2, 2]), torch.tensor([1, 0]))
    >>> x, weight = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[[[1.0]], [[10.0]]]])
    >>> relational_block_matmul(rows, x, weight, edge_type=torch.tensor([0, 0])).tolist()
    [[4.0, 60.0], [0.0, 0.0]]
    """
    check_blocks("relational_block_matmul", x, weight)
    parts = [
        relational_matmul(rows, part, weight[:, b], edge_type, edge_weight)
        for b, part in enumerate(x.split(weight.shape[2], 1))
    ]
    return torch.cat(parts, 1)
