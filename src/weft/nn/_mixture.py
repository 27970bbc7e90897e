"""Sums of several matrices of a source, mixed by numbers of the edge: what FeaSt and Gaussian mixtures have in common."""

import torch
from torch import Tensor

from ..graph import Adjacency
from ..ops import spmm
from ._aggregate import aggregate
from ._arguments import Reduce
from ._attention import beside, by_head
from ._formula import formula

_SPREAD = formula(lambda source, target, edge: source["x"] * edge["mix"])
_MIXED = formula(lambda source, target, edge: (source["z"] * edge["mix"]).sum(-2))


def mix(adjacency: Adjacency, x: Tensor, coefficients: Tensor, weight: Tensor, reduce: Reduce) -> Tensor:
    """Reduce mixtures of linear maps of the sources, without a tensor of edges and features.

    `out[i] = reduce over edges e = j -> i of sum over k of coefficients[e, k] * W[k] x[j]`

    *Shapes* `x: (num_sources, *, F)`, `coefficients: (num_edges, *, K)` or `(num_edges, K)`, `weight: (K * D, F)` ->
    `(num_targets, *, D)`

    *Cost* reads E x F if sums come first, which they do if F is not above D, otherwise E x K x D; writes N x K times that.
    """
    num_mixed, fan_in = coefficients.shape[-1], x.shape[-1]
    matrices = weight.reshape(num_mixed, -1, fan_in)
    if reduce in ("sum", "mean") and fan_in <= matrices.shape[1]:
        mixing = {"mix": _like(coefficients, x).unsqueeze(-1).to(x.dtype)}
        sums = aggregate(adjacency, _SPREAD, source={"x": x.unsqueeze(-2)}, edge=mixing, reduce=reduce)
        return torch.einsum("...kf,kdf->...d", sums, matrices)
    z = by_head(torch.nn.functional.linear(x, weight), num_mixed)
    mixing_z = _like(coefficients, x).to(z.dtype)
    if reduce in ("sum", "mean"):
        return spmm(adjacency.by_target, z, mixing_z, reduce).sum(-2)
    return aggregate(adjacency, _MIXED, source={"z": z}, edge={"mix": mixing_z.unsqueeze(-1)}, reduce=reduce)


def _like(coefficients: Tensor, x: Tensor) -> Tensor:
    """Coefficients with the dimensions that `x` has between nodes and features."""
    return coefficients if coefficients.dim() == x.dim() else beside(coefficients, x, 1)
