"""Counter-based random bits in Triton: those of `_philox.py`, bit for bit, whatever program draws them."""

import triton
import triton.language as tl


@triton.jit
def philox(seed, first, second):
    """Four words of 32 bits for each pair of numbers of 64, which broadcast; Philox-4x32-10 as in `_philox.py`."""
    key_low, key_high = seed.to(tl.uint32), (seed >> 32).to(tl.uint32)
    a, b = first.to(tl.uint32), (first >> 32).to(tl.uint32)
    c, d = second.to(tl.uint32), (second >> 32).to(tl.uint32)
    for _ in tl.static_range(10):
        left, right = tl.umulhi(a, 0xD2511F53), tl.umulhi(c, 0xCD9E8D57)
        a, b, c, d = right ^ b ^ key_low, c * 0xCD9E8D57, left ^ d ^ key_high, a * 0xD2511F53
        key_low += 0x9E3779B9
        key_high += 0xBB67AE85
    return a, b, c, d


@triton.jit
def kept(seed, edge, place, limit, scale, EDGES: tl.constexpr, PLACES: tl.constexpr):
    """For each edge and each of consecutive places, of which the first divides by four: `scale`, or 0 if it is dropped.

    A draw decides four places; where a program has fewer than four, each takes its word of a draw of its own.
    """
    if PLACES < 4:
        a, b, c, d = philox(seed, edge[:, None], (place // 4)[None, :].to(tl.int64))
        word = (place % 4)[None, :]
        bits = tl.where(word < 2, tl.where(word == 0, a, b), tl.where(word == 2, c, d))
    else:
        four = tl.min(place, 0) // 4 + tl.arange(0, PLACES // 4)
        a, b, c, d = philox(seed, edge[:, None], four[None, :].to(tl.int64))
        bits = tl.reshape(tl.join(tl.join(a, c), tl.join(b, d)), (EDGES, PLACES))
    return tl.where(bits.to(tl.int64) < limit, scale, 0.0)
