"""Which pairs are drawn in place of links, in plain Python: slow, and the definition that the native engine is held against."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

import torch
from torch import Tensor

from .._checks import checked_ids
from .candidates import Candidates
from .request import Corrupting, Draws, Ends
from .words import below, words_of

LAST_STREAM = 2**16 - 1 - 1024
TRIES = 64


def draw(
    links: Tensor, count: int, ends: Sequence[Ends], how: Corrupting, known: Candidates | None, table: Tensor | None,
    times: Tensor | None, draws: Draws,
) -> Tensor:  # fmt: skip
    """Do what `draw_negatives` says."""
    for side, end in enumerate(ends):
        checked_ids("draw_negatives", "links", links[:, side], end.num_nodes, "nodes")
    edges = set() if known is None else set(zip(known.rows.source.tolist(), known.rows.targets().tolist(), strict=True))
    first = draws.epoch << 44 | draws.batch << 16 | LAST_STREAM - draws.stream
    changed = [side for side, name in enumerate(("source", "target")) if how.corrupts in (name, "both")]
    pairs = []
    for i, own in enumerate(links.tolist()):
        pools = [_pool(side, own, links, ends, how, table) if side in changed else None for side in (0, 1)]
        is_negative = _judge(own, changed, ends, how, edges, None if times is None else int(times[i]))
        for j in range(count):
            pairs.append(_draw_one(own, changed, pools, is_negative, words_of(draws.seed, first, i << 32 | j << 16)))
    return torch.tensor(pairs, dtype=torch.int64, device="cpu").reshape(links.shape[0], count, 2)


def _pool(
    side: int, own: list[int], links: Tensor, ends: Sequence[Ends], how: Corrupting, table: Tensor | None
) -> tuple[list[int], list[int] | None]:
    """The nodes to draw among, and their weights."""
    if table is not None:
        return table[own[1 - side]].tolist(), None
    if how.in_batch:
        return links[:, side].tolist(), None
    sums = ends[side].sums
    return list(range(ends[side].num_nodes)), None if sums is None else sums.diff().tolist()


def _judge(
    own: list[int], changed: list[int], ends: Sequence[Ends], how: Corrupting, edges: set[tuple[int, int]],
    now: int | None,
) -> Callable[[list[int]], bool]:  # fmt: skip
    def is_negative(pair: list[int]) -> bool:
        for side, end in enumerate(ends):
            if not 0 <= pair[side] < end.num_nodes:
                return False
            if side in changed and end.times is not None and now is not None:
                since = int(end.times[pair[side]])
                if since > now or (how.strict and since == now):
                    return False
        return pair != own and (how.loops or pair[0] != pair[1]) and tuple(pair) not in edges

    return is_negative


def _draw_one(
    own: list[int], changed: list[int], pools: list[tuple[list[int], list[int] | None] | None],
    is_negative: Callable[[list[int]], bool], words: Iterator[int],
) -> list[int]:  # fmt: skip
    for _ in range(TRIES):
        pair = [own[side] if pool is None else _pick(*pool, words) for side, pool in enumerate(pools)]
        if is_negative(pair):
            return pair
    if len(changed) == 2:
        return [-1, -1]
    side = changed[0]
    values, weights = pools[side] or ([], None)
    allowed = [
        ([*own[:side], node, *own[side + 1 :]], 1 if weights is None else weights[m]) for m, node in enumerate(values)
    ]
    allowed = [(pair, weight) for pair, weight in allowed if is_negative(pair)]
    if sum(weight for _, weight in allowed) == 0:
        return [-1, -1]
    ends = list(accumulate(weight for _, weight in allowed))
    return allowed[bisect_right(ends, below(ends[-1], True, words))][0]


def _pick(values: list[int], weights: list[int] | None, words: Iterator[int]) -> int:
    if weights is None:
        return values[below(len(values), len(values) >= 2**32, words)]
    ends = list(accumulate(weights))
    return values[bisect_right(ends, below(ends[-1], True, words))]
