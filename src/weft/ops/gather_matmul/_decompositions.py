"""Typed linear maps whose matrices are sums of a few bases, or block-diagonal."""

import torch
from torch import Tensor

from ...errors import ShapeError, message
from .._registry import others
from .gather_matmul import gather_matmul, type_order


def basis_matmul(x: Tensor, bases: Tensor, coefficients: Tensor, *, type: Tensor) -> Tensor:  # noqa: A002
    """Multiply each row by the matrix of its type, a sum of bases.

    `out[r] = sum over b of coefficients[type[r], b] * x[r] @ bases[b]`

    *Shapes* `x: (num_rows, in_features)`; `bases: (num_bases, in_features, out_features)`;
    `coefficients: (num_types, num_bases)`; `type: (num_rows,)`, int32 or int64 -> `(num_rows, out_features)`.

    Raises:
        IdError: if a type is negative or not below num_types.
        ShapeError, DtypeError, DeviceError: if arguments do not fit each other.

    *Cost* makes the matrices of all types, or the product with one basis after the other, whichever has fewer values; compiled
    or exported, always the first.

    >>> import torch
    >>> bases, coefficients = torch.tensor([[[1.0]], [[10.0]]]), torch.tensor([[1.0, 1.0], [0.0, 2.0]])
    >>> basis_matmul(torch.tensor([[1.0], [2.0]]), bases, coefficients, type=torch.tensor([0, 1])).flatten()
    tensor([11., 40.])
    """
    check_bases("basis_matmul", bases, coefficients)
    num_bases, depth, width = bases.shape
    # A trace is for all sizes, so that none of them may choose.
    if torch.compiler.is_compiling() or coefficients.shape[0] * depth <= x.shape[0] * num_bases:
        return gather_matmul(x, torch.tensordot(coefficients, bases, 1), type)
    share = others.gather_rows(coefficients, type)
    out = x.new_zeros((x.shape[0], width))
    for b in range(num_bases):
        out = out + share[:, b : b + 1] * (x @ bases[b])
    return out


def block_matmul(x: Tensor, weight: Tensor, type: Tensor) -> Tensor:  # noqa: A002
    """Multiply each row by the block-diagonal matrix of its type.

    `out[r, block b] = x[r, block b] @ weight[type[r], b]`

    *Shapes* `x: (num_rows, num_blocks * in_block)`; `weight: (num_types, num_blocks, in_block, out_block)`;
    `type: (num_rows,)`, int32 or int64 -> `(num_rows, num_blocks * out_block)`.

    Raises:
        IdError: if a type is negative or not below num_types.
        ShapeError, DtypeError, DeviceError: if arguments do not fit each other.

    *Cost* one product a block, and a copy of `x` and of the result.

    >>> import torch
    >>> weight = torch.tensor([[[[1.0]], [[10.0]]], [[[2.0]], [[20.0]]]])
    >>> block_matmul(torch.tensor([[1.0, 2.0], [1.0, 2.0]]), weight, torch.tensor([0, 1])).tolist()
    [[1.0, 20.0], [2.0, 40.0]]
    """
    check_blocks("block_matmul", x, weight)
    order = type_order(type, weight.shape[0])
    parts = x.split(weight.shape[2], 1)
    return torch.cat([gather_matmul(part, weight[:, b], order=order) for b, part in enumerate(parts)], 1)


def check_bases(name: str, bases: Tensor, coefficients: Tensor) -> None:
    """Refuse bases and coefficients that do not fit each other."""
    if bases.dim() != 3 or coefficients.dim() != 2 or coefficients.shape[1] != bases.shape[0]:
        form = (
            "`bases` (num_bases, in_features, out_features) and `coefficients` (num_types, num_bases), num_bases alike"
        )
        raise ShapeError(message(name, form, f"{tuple(bases.shape)} and {tuple(coefficients.shape)}"))


def check_blocks(name: str, x: Tensor, weight: Tensor) -> None:
    """Refuse rows that are not as wide as all blocks."""
    if weight.dim() != 4 or x.dim() != 2 or not weight.shape[2] or x.shape[1] != weight.shape[1] * weight.shape[2]:
        form = "`weight` (num_types, num_blocks, in_block, out_block) and `x` of num_blocks * in_block columns"
        raise ShapeError(message(name, form, f"{tuple(weight.shape)} and {tuple(x.shape)}"))
