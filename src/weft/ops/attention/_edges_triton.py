"""What kernels of attention do with a block of edges: their scores, what belongs to single edges, and what they send back.

A block is (EDGES, HEADS): some edges of one row and some heads. Scores have two forms. That of dot products is one; those of
gat and gatv2 are the other, `factor . leaky_relu(own + other)`, where the ends of gat have rows of width 1 and no factor.
"""

import triton
import triton.language as tl

from .._triton.philox import kept
from .._triton.walking import load_ids


@triton.jit
def number_of(given, ACC: tl.constexpr):
    """An option of a call: a float, or the bits of one of float64, since floats reach a kernel as float32."""
    if tl.float64 == ACC:
        return given.to(tl.int64).to(tl.float64, bitcast=True)
    else:
        return given


@triton.jit
def load_own(table, row, h, f, heads, width, ACC: tl.constexpr):
    """The values of one row, (HEADS, WIDTH)."""
    fits = (h < heads)[:, None] & (f < width)[None, :]
    return tl.load(table + (row * heads + h[:, None]) * width + f[None, :], mask=fits, other=0.0).to(ACC)


@triton.jit
def store_own(table, row, values, h, f, heads, width):
    """Write the values of one row."""
    fits = (h < heads)[:, None] & (f < width)[None, :]
    tl.store(table + (row * heads + h[:, None]) * width + f[None, :], values, mask=fits)


@triton.jit
def load_rows(table, ids, there, f, h, heads, width, ACC: tl.constexpr):
    """The rows at the other ends of edges, (EDGES, HEADS, WIDTH)."""
    tile = there[:, :, None] & (f < width)[None, None, :]
    at = (ids[:, None, None] * heads + h[None, :, None]) * width + f[None, None, :]
    return tl.load(table + at, mask=tile, other=0.0).to(ACC)


@triton.jit
def load_numbers(table, ids, there, h, heads, ACC: tl.constexpr):
    """A number of each edge and head, (EDGES, HEADS), at the edge or at its other end."""
    return tl.load(table + ids[:, None] * heads + h[None, :], mask=there, other=0.0).to(ACC)


@triton.jit
def load_ends(
    source, edge, begin, hi, h, heads, num_others, num_edges, faults, EDGES: tl.constexpr, NEEDS_EDGES: tl.constexpr
):
    """The other ends and the ids of the edges of a block, and (EDGES, HEADS) of what is there."""
    p = begin + tl.arange(0, EDGES)
    other, there = load_ids(source, p, p < hi, num_others, faults)
    e = p
    if NEEDS_EDGES:
        if edge is not None:
            e, there = load_ids(edge, p, there, num_edges, faults)
    return other, e, there[:, None] & (h < heads)[None, :]


@triton.jit
def score_of(own, other, factor, option, KIND: tl.constexpr):
    """The scores of edges, (EDGES, HEADS)."""
    if KIND == "dot":
        return tl.sum(own[None, :, :] * other, 2) * option
    else:
        return tl.sum(bent(own, other, factor, option), 2)


@triton.jit
def bent(own, other, factor, option):
    """What gat and gatv2 sum over features; without `factor` for its gradient."""
    both = own[None, :, :] + other
    value = tl.where(both > 0, both, both * option)
    if factor is not None:
        value *= factor[None, :, :]
    return value


@triton.jit
def sent_back(of_score, own, other, factor, option, KIND: tl.constexpr):
    """The gradients of the row's own values from those of scores, (EDGES, HEADS, WIDTH)."""
    gradient = of_score[:, :, None]
    if KIND == "dot":
        return gradient * other * option
    else:
        slope = tl.where(own[None, :, :] + other > 0, gradient, gradient * option)
        if factor is not None:
            slope *= factor[None, :, :]
        return slope


@triton.jit
def with_bias(score, edge_score, e, there, h, heads, ACC: tl.constexpr):
    """Scores with the terms of edges, -inf where there is no edge."""
    if edge_score is not None:
        score += load_numbers(edge_score, e, there, h, heads, ACC)
    return tl.where(there, score, float("-inf"))


@triton.jit
def factors_of(
    edge_weight, seed, e, there, h, weights, limit, scale, EDGES: tl.constexpr, HEADS: tl.constexpr, ACC: tl.constexpr
):  # fmt: skip
    """What the attention of edges is multiplied by, and the random part of it alone."""
    drawn = tl.full((EDGES, HEADS), 1.0, ACC)
    if seed is not None:
        drawn = kept(tl.load(seed), e, h, limit, number_of(scale, ACC), EDGES, HEADS).to(ACC)
    factor = drawn
    if edge_weight is not None:
        at = e[:, None] * weights + tl.minimum(h, weights - 1)[None, :]  # one for all heads, or one each
        factor *= tl.load(edge_weight + at, mask=there, other=0.0).to(ACC)
    return factor, drawn
