"""The generator in Triton gives the bits of the one in plain torch, and drops the same values."""

import pytest
import torch
import triton
import triton.language as tl

from weft.ops._philox import keep_limit, keep_scale, kept, philox
from weft.ops._triton import philox as in_triton

SEEDS = (0, 1, 12345, -1, -(2**40), 2**63 - 1, -(2**63))
NUMBERS = torch.tensor([0, 1, 7, 2**31, 2**32 - 1, 2**32, 2**40 + 3, -1, -(2**63), 2**63 - 1])


@triton.jit
def words(seed, first, second, out, count: tl.constexpr):
    at = tl.arange(0, 16)
    one, two = tl.load(first + at, mask=at < count, other=0), tl.load(second + at, mask=at < count, other=0)
    a, b, c, d = in_triton.philox(tl.load(seed), one, two)
    tl.store(out + 4 * at, a.to(tl.int64), mask=at < count)
    tl.store(out + 4 * at + 1, b.to(tl.int64), mask=at < count)
    tl.store(out + 4 * at + 2, c.to(tl.int64), mask=at < count)
    tl.store(out + 4 * at + 3, d.to(tl.int64), mask=at < count)


@triton.jit
def drop(seed, edge, out, limit, scale, begin, width, edges: tl.constexpr, places: tl.constexpr):
    e, place = tl.arange(0, edges), begin + tl.arange(0, places)
    factors = in_triton.kept(tl.load(seed), tl.load(edge + e), place, limit, scale, edges, places)
    tl.store(out + e[:, None] * width + place[None, :], factors, mask=(place < width)[None, :])


@pytest.mark.parametrize("seed", SEEDS)
def test_words_are_the_same(seed):
    key, second, found = torch.tensor(seed), NUMBERS.flip(0), torch.empty(len(NUMBERS), 4, dtype=torch.int64)
    words[(1,)](key, NUMBERS, second, found, len(NUMBERS))
    assert torch.equal(found, philox(key, NUMBERS, second))


@pytest.mark.parametrize("p", [0.0, 1e-12, 0.3, 0.5, 0.999, 1.0])
@pytest.mark.parametrize(("places", "width"), [(1, 7), (2, 7), (4, 7), (8, 21), (32, 20)])
def test_the_same_values_are_dropped(places, width, p):
    key, edge = torch.tensor(-99), torch.arange(8) * 2**30
    found = torch.empty(8, width)
    for begin in range(0, width, places):
        drop[(1,)](key, edge, found, keep_limit(p), keep_scale(p), begin, width, 8, places)
    assert torch.equal(found, kept(key, edge, width, p, torch.float32))
