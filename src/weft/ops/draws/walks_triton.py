"""One step of many walks on a GPU: each draws a position among those allowed, words and arithmetic as in `walks_reference.py`."""

from collections.abc import Sequence

import torch
import triton
import triton.language as tl
from torch import Tensor

from .._triton.searching import holds, position_of
from .._triton.walking import kernel
from .candidates import Candidates
from .draws_triton import as_tensor, draw_below, word_of
from .request import Walking

_WALKS = 128  # of a program


def draw_steps(
    of: Candidates, lo: Tensor, hi: Tensor, walks: Tensor, before: Tensor, step: int, limits: Sequence[int],
    key: tuple[int, int], how: Walking,
) -> Tensor:  # fmt: skip
    """The position that each walk takes of lo .. hi, -1 where it stops before the step, -2 where it ends.

    `limits` are words below which a walk stops, and a step back, to a common neighbour and away is kept.
    """
    count, device = lo.shape[0], lo.device
    positions = torch.full_like(lo, -2)
    second = how.is_second_order() and of.ascending is not None
    among = (
        lo if of.sums is None else of.sums,
        walks,
        before,
        *of.rows[:2],
        of.ascending if second else of.rows.source,
    )
    _step[(triton.cdiv(count, _WALKS),)](
        positions, lo, hi, *(tensor.contiguous() for tensor in among), as_tensor(key, device),
        torch.tensor(limits, device=device), step, count,
        STOPS=limits[0] > 0, WEIGHTED=of.sums is not None, SECOND=second, HALVINGS=of.rows.num_edges.bit_length() + 1,
        WALKS=_WALKS, num_warps=4,
    )  # fmt: skip
    return positions


@kernel
def _step(
    positions, lo, hi, sums, walks, before, indptr, source, ascending, key, limits, step, count, STOPS: tl.constexpr,
    WEIGHTED: tl.constexpr, SECOND: tl.constexpr, HALVINGS: tl.constexpr, WALKS: tl.constexpr,
):  # fmt: skip
    walk = tl.program_id(0).to(tl.int64) * WALKS + tl.arange(0, WALKS)
    there = walk < count
    there = there & (tl.load(walks + walk, mask=there, other=0) != 0)
    second = (walk << 32) | (tl.zeros((WALKS,), tl.int64) + step << 16)
    at = tl.zeros((WALKS,), tl.int64)
    found = tl.full((WALKS,), -2, tl.int64)
    if STOPS:
        stops = there & (word_of(key, second, at).to(tl.int64) < tl.load(limits))
        found = tl.where(stops, -1, found)
        there = there & (stops == 0)
        at += 1
    first, last = tl.load(lo + walk, mask=there, other=0), tl.load(hi + walk, mask=there, other=0)
    base, total = first, last - first
    if WEIGHTED:
        base = tl.load(sums + first, mask=there, other=0)
        total = tl.load(sums + last, mask=there, other=0) - base
    missing = there & (total > 0)
    if SECOND:
        came = tl.load(before + walk, mask=there, other=-1)
        came_lo = tl.load(indptr + came, mask=came >= 0, other=0)
        came_hi = tl.load(indptr + came + 1, mask=came >= 0, other=0)
    while tl.max(missing.to(tl.int32), 0) > 0:
        value, at = draw_below(key, second, at, total, missing, WEIGHTED)
        drawn = first + value
        if WEIGHTED:
            drawn = position_of(sums, first, last, base + value, HALVINGS)
        kept = missing
        if SECOND:
            node = tl.load(source + drawn, mask=kept, other=0).to(tl.int64)
            again = kept & (came >= 0)
            kind = tl.where(node == came, 0, tl.where(holds(ascending, came_lo, came_hi, node, HALVINGS), 1, 2))
            limit = tl.load(limits + 1 + kind)
            refused = again & (word_of(key, second, at).to(tl.int64) >= limit)
            at += again.to(tl.int64)
            kept = kept & (refused == 0)
        found = tl.where(kept, drawn, found)
        missing = missing & (kept == 0)
    tl.store(positions + walk, found, mask=walk < count)
