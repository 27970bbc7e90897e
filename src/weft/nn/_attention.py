"""What layers of attention share: heads, scores of their own, residuals, and what the features of an edge add."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import OptionError, ShapeError, message
from ..graph import Adjacency
from ..ops import Structure, edge_softmax, gat_attention
from ._aggregate import aggregate
from ._arguments import draw_seed
from ._formula import formula

Residual = bool | Literal["linear"]


def by_head(x: Tensor, num_heads: int) -> Tensor:
    """(N, *, H * D) as (N, *, H, D)."""
    return x.reshape(*x.shape[:-1], num_heads, x.shape[-1] // num_heads)


def block_diagonal(attention: Tensor) -> Tensor:
    """(1, H, D) as (H * D, H), so that one matrix product gives the scores of all heads."""
    _, heads, width = attention.shape
    eye = torch.eye(heads, dtype=attention.dtype, device=attention.device)
    return (attention.reshape(heads, width, 1) * eye.unsqueeze(1)).reshape(heads * width, heads)


def check_residual(where: str, residual: Residual) -> None:
    """Refuse what is no choice of a residual."""
    if residual not in (False, True, "linear"):
        raise OptionError(message(where, '`residual` to be False, True or "linear"', repr(residual)))


def residual_map(residual: Residual, in_features: int, out_features: int, bias: bool) -> nn.Module | None:
    """What a layer adds of the targets: nothing, themselves if the widths agree, or a linear map of them."""
    if not residual:
        return None
    if residual == "linear" or in_features != out_features:
        return nn.Linear(in_features, out_features, bias=bias)
    return nn.Identity()


def joined(out: Tensor, concat: bool, *terms: Tensor | None, in_place: bool = True) -> Tensor:
    """Heads side by side, or their mean, plus terms of that width.

    Args:
        in_place: False if the gradient of what gave `out` reads it.

    *Shapes* `out: (N, *, H, D)` -> `(N, *, H * D)` or `(N, *, D)`
    """
    heads = out.shape[-2]
    if not concat:
        out, in_place = out.mean(-2), True
    for term in terms:
        if term is not None:
            part = by_head(term, heads) if concat else term
            # In place: a fresh N x F costs more than the addition, and no gradient reads what stood there.
            out = out.add_(part) if in_place else out + part.to(out.dtype)
            in_place = True
    return out.flatten(-2) if concat else out


def check_edge_features(where: str, values: Tensor | None, adjacency: Adjacency, width: int | None) -> Tensor | None:
    """Refuse features of edges that the layer was not made for.

    Raises:
        ShapeError: if they are missing, left over, or of another shape.
    """
    if width is None and values is not None:
        hint = "make the layer with edge_features=" + str(values.shape[-1] if values.dim() else 1)
        raise ShapeError(message(where, "no `edge_features`", str(tuple(values.shape)), hint))
    if width is not None and (values is None or values.shape != (adjacency.num_edges, width)):
        got = "none" if values is None else str(tuple(values.shape))
        raise ShapeError(message(where, f"`edge_features` of shape ({adjacency.num_edges}, {width})", got))
    return values


def beside(values: Tensor, x: Tensor, trailing: int) -> Tensor:
    """Values of edges, with a dimension of length 1 for each that `x` has between nodes and its `trailing` last ones."""
    return values.reshape(values.shape[0], *(1,) * (x.dim() - 1 - trailing), *values.shape[1:])


def attend(
    rows: Structure, z: Tensor, score: Tensor, edge_weight: Tensor | None = None, dropout: float = 0.0
) -> Tensor:
    """Sum of the rows of sources, weighted by a softmax of scores that are given for each edge and head.

    *Shapes* `z: (num_sources, *, H, D)`, `score: (num_edges, *, H)` -> `(num_targets, *, H, D)`
    """
    score = score.to(z.dtype)
    ends = [z.new_zeros(count, *z.shape[1:-1]) for count in (z.shape[0], rows.num_targets)]
    return gat_attention(rows, z, ends[0], ends[1], 0.2, score, *edge_factors(z, edge_weight, dropout))


def edge_factors(z: Tensor, edge_weight: Tensor | None, dropout: float) -> tuple[Tensor | None, float, Tensor | None]:
    """What attention operators multiply shares of edges by: weights in the dtype of z, dropout and its seed."""
    weight = None if edge_weight is None else edge_weight.to(z.dtype)
    return weight, dropout, draw_seed(z) if dropout > 0 else None


def probabilities(rows: Structure, score: Tensor, edge_weight: Tensor | None = None, dropout: float = 0.0) -> Tensor:
    """Softmax of scores over the edges that enter each target, dropped, and times the weights of edges.

    *Shapes* `score: (num_edges, *, H)` -> the same
    """
    p = edge_softmax(rows, score)
    if dropout > 0:
        p = functional.dropout(p, dropout)
    return p if edge_weight is None else weighted(p, edge_weight)


def weighted(attention: Tensor, edge_weight: Tensor) -> Tensor:
    """Values of edges times a number for each edge."""
    return attention * edge_weight.reshape(-1, *(1,) * (attention.dim() - 1))


def sum_edge_features(adjacency: Adjacency, p: Tensor, values: Tensor, weight: Tensor) -> Tensor:
    """Sum of projected features of edges, weighted for each head, without a tensor of edges and heads and features.

    `out[i, h] = W[h] (sum over edges e that enter i of p[e, h] * values[e])`

    *Shapes* `p: (num_edges, *, H)`, `values: (num_edges, K)`, `weight: (H * D, K)` -> `(num_targets, *, H, D)`
    """
    heads = p.shape[-1]
    edge = {"p": p.unsqueeze(-1), "values": beside(values, p, 0).to(p.dtype)}
    sums = aggregate(adjacency, _PRODUCT, edge=edge)
    matrices = weight.reshape(heads, -1, weight.shape[-1])
    return torch.einsum("...hk,hdk->...hd", sums, matrices)


_PRODUCT = formula(lambda source, target, edge: edge["p"] * edge["values"])
