"""From scores on all kinds of attention are one: checks of what belongs to edges, the softmax, its gradient, samples.

For the edge e = j -> i, with s the score of the two ends and c the factor of e,

    p[e]   = softmax of s[e] + edge_score[e] over the edges that enter i
    out[i] = sum of p[e] * c[e] * value[j],    c[e] = edge_weight[e] * (0 with probability dropout, else 1 / (1 - dropout))
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ...errors import OptionError, ShapeError, check_probability, message
from .._checks import check_same_dtype, checked_ids, expect, product
from .._operator import Operator
from .._philox import keep_limit, keep_scale, kept
from .._samples import sample_structures
from .._structure import Structure
from ._kinds import Ends, Inputs

DIMS = "num_targets num_sources num_edges heads width score_width weights limit scale option"


class Edges(NamedTuple):
    """The arguments that belong to single edges."""

    score: Tensor | None
    weight: Tensor | None
    dropout: float
    seed: Tensor | None


def ends_of(name: str, rows: Structure, num_sources: int) -> Ends:
    """The ends of every edge, checked."""
    source = checked_ids(name, "source", rows.source, num_sources, "sources")
    if rows.edge is None:
        edge = torch.arange(rows.num_edges, device=rows.source.device)
    else:
        edge = checked_ids(name, "edge", rows.edge, rows.num_edges, "edges")
    return Ends(source, rows.targets(), edge)


def exact_of(inputs: Inputs) -> Inputs:
    """The inputs in the dtype that sums have: once, so that gradients add up before they are rounded."""
    first, second, third = (x.to(torch.promote_types(x.dtype, torch.float32)) for x in inputs)
    return first, second, third


def softmax_sum(rows: Structure, ends: Ends, score: Tensor, value: Tensor, edges: Edges) -> tuple[Tensor, Tensor]:
    """The sum of values weighted by a softmax over scores, and the logarithm of the sum of exp(score).

    *Shapes* `score: (num_edges, *H)` by position, `value: (num_sources, *H, width)`
    """
    target, heads = ends.target, score.shape[1:]
    score = _biased(score, ends, edges)
    index = target.reshape(-1, *(1,) * len(heads)).expand_as(score)
    lowest = score.new_full((rows.num_targets, *heads), float("-inf"))
    top = lowest.scatter_reduce(0, index, score.detach(), "amax")
    weight = (score - top[target]).exp()
    sums = score.new_zeros((rows.num_targets, *heads)).index_add(0, target, weight)
    share = weight / sums[target]
    factor = _factor(ends, edges, score)
    if factor is not None:
        share = share * factor
    messages = share.unsqueeze(-1) * value[ends.source]
    out = score.new_zeros((rows.num_targets, *value.shape[1:])).index_add(0, target, messages)
    has_edges = (rows.indptr.diff() > 0).reshape(-1, *(1,) * len(heads))
    lse = torch.where(has_edges, top + sums.clamp(min=torch.finfo(score.dtype).tiny).log(), 0)
    return out, lse


def send_back(
    rows: Structure, ends: Ends, score: Tensor, value: Tensor, edges: Edges, lse: Tensor, grad: Tensor,
    result: Tensor | None, edge_gradients: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:  # fmt: skip
    """The gradients of values, of scores by position, and by edge id of edge scores and weights, in the dtype of `lse`.

    `result` is the output; without it what is needed of it is computed again.
    """
    exact, source, target = lse.dtype, ends.source, ends.target
    p = (_biased(score, ends, edges) - lse[target]).exp()
    mine = grad.to(exact)
    dots = (mine[target] * value[source]).sum(-1)
    factor = _factor(ends, edges, p)
    share = p if factor is None else p * factor
    if result is None:
        delta = torch.zeros_like(lse).index_add(0, target, share * dots)
    else:
        delta = (mine * result.to(exact)).sum(-1)
    of_score = p * ((dots if factor is None else dots * factor) - delta[target])
    of_value = torch.zeros(value.shape, dtype=exact, device=value.device)
    of_value = of_value.index_add(0, source, share.unsqueeze(-1) * mine[target])
    edge_score = edge_weight = value.new_empty(0)
    if edge_gradients and edges.score is not None:
        edge_score = _by_id(of_score, ends)
    if edge_gradients and edges.weight is not None:
        drawn = _drawn(ends, edges, p)
        of_weight = _by_id(p * dots if drawn is None else p * dots * drawn, ends)
        if edges.weight.dim() == 1:
            of_weight = of_weight.flatten(1).sum(1) if of_weight.dim() > 1 else of_weight
        edge_weight = of_weight
    return of_value, of_score, edge_score, edge_weight


def _biased(score: Tensor, ends: Ends, edges: Edges) -> Tensor:
    return score if edges.score is None else score + edges.score.to(score.dtype)[ends.edge]


def _drawn(ends: Ends, edges: Edges, like: Tensor) -> Tensor | None:
    if edges.seed is None:
        return None
    return kept(edges.seed, ends.edge, product(like.shape[1:]), edges.dropout, like.dtype).reshape(like.shape)


def _factor(ends: Ends, edges: Edges, like: Tensor) -> Tensor | None:
    drawn = _drawn(ends, edges, like)
    if edges.weight is None:
        return drawn
    weight = edges.weight.to(like.dtype)[ends.edge]
    weight = weight.reshape(weight.shape + (1,) * (like.dim() - weight.dim())).expand_as(like)
    return weight if drawn is None else weight * drawn


def _by_id(x: Tensor, ends: Ends) -> Tensor:
    order = torch.empty_like(ends.edge).scatter(0, ends.edge, torch.arange(len(ends.edge), device=x.device))
    return x[order]


def seed_of(name: str, dropout: float, seed: Tensor | None) -> Tensor | None:
    """The seed if anything is dropped; refuses a probability that is none, and one without a seed."""
    check_probability(name, "dropout", dropout)
    if dropout == 0:
        return None
    if seed is None or seed.dtype is not torch.int64 or seed.numel() != 1:
        got = "None" if seed is None else f"{tuple(seed.shape)} in {seed.dtype}"
        hint = "draw one with torch.empty((), dtype=torch.int64).random_()"
        raise OptionError(message(name, "`seed` of shape () in int64 beside `dropout`", got, hint))
    return seed


def sizes(name: str, rows: Structure, values: Tensor, score_width: int, edges: Edges, option: float) -> tuple[int, ...]:
    """Check what belongs to edges and the option, a slope or scale, and give the numbers that kernels read."""
    if not math.isfinite(option):
        raise OptionError(message(name, "a finite slope or scale", repr(option)))
    heads, count = values.shape[1:-1], rows.num_edges
    check_same_dtype(name, values=values, edge_score=edges.score, edge_weight=edges.weight)
    for argument, x, is_scalar in (("edge_score", edges.score, False), ("edge_weight", edges.weight, True)):
        if x is None:
            continue
        form = f"`{argument}` ({count}{''.join(f', {h}' for h in heads)})" + (f" or ({count},)" if is_scalar else "")
        got = str(tuple(x.shape))
        if x.dim() != len(heads) + 1 and not (is_scalar and x.dim() == 1):
            raise ShapeError(message(name, form, got))
        fits = x.shape[0] == count and (x.dim() == 1 or x.shape[1:] == heads)
        expect(fits, lambda form=form, got=got: message(name, form, got))  # type: ignore[misc]
    weights = 0 if edges.weight is None else product(edges.weight.shape[1:])
    limit, scale = keep_limit(edges.dropout), keep_scale(edges.dropout)
    ends = (rows.num_targets, values.shape[0], count)
    return *ends, product(heads), values.shape[-1], score_width, weights, limit, _bits(scale), _bits(option)


def _bits(number: float) -> int:
    return int(struct.unpack("q", struct.pack("d", float(number)))[0])


def declare(op: Operator[..., Any]) -> None:
    """What holds for every kind of attention and for its gradient."""
    op.tolerance(2e-5, 1e-11, 2e-2, 4e-3)
    op.triton()


def edge_samples() -> Iterator[tuple[Structure, int, tuple[int, ...], int, Edges]]:
    """Structures, numbers of sources, heads, widths and arguments of edges of every kind."""
    kinds: tuple[tuple[tuple[int, ...], int, bool, int | None, bool], ...] = (
        ((2,), 8, False, None, False), ((), 5, True, 0, True), ((3,), 7, False, 0, False), ((8,), 2, True, 1, True),
        ((2, 4), 16, False, None, True), ((20,), 1, True, 1, False),
    )  # fmt: skip
    for rows, num_sources in sample_structures():
        e = rows.num_edges
        for heads, width, has_score, weight_depth, drops in kinds:
            score = torch.randn(e, *heads, dtype=torch.float64) if has_score else None
            weight = None if weight_depth is None else torch.rand(e, *heads[:weight_depth], dtype=torch.float64)
            edges = Edges(score, weight, 0.4, torch.tensor(width - 3)) if drops else Edges(score, weight, 0.0, None)
            yield rows, num_sources, heads, width, edges
