"""Pairs in place of links on a GPU, each drawn until it is a negative; words and arithmetic as in `negatives_reference.py`."""

from collections.abc import Sequence

import torch
import triton
import triton.language as tl
from torch import Tensor

from .._triton.searching import holds, position_of
from .._triton.walking import kernel
from .candidates import Candidates
from .draws_triton import as_tensor, draw_below
from .request import Corrupting, Ends

_PAIRS = 128  # of a program
NODES, WEIGHTS, IN_BATCH, TABLE = range(4)  # what is drawn among


def draw_pairs(
    links: Tensor, count: int, ends: Sequence[Ends], how: Corrupting, known: Candidates | None, table: Tensor | None,
    times: Tensor | None, key: tuple[int, int], tries: int,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Pairs `(num_links * count, 2)`, and for each the word at which it stands: above -1 where no try gave a negative."""
    device = links.device

    def given(tensor: Tensor | None) -> Tensor:
        return links if tensor is None else tensor.contiguous()

    pairs, words = links.new_full((links.shape[0] * count, 2), -1), links.new_full((links.shape[0] * count,), -1)
    pools = [
        TABLE if table is not None else IN_BATCH if how.in_batch else WEIGHTS if end.sums is not None else NODES
        for end in ends
    ]
    width = 0 if table is None else table.shape[1]
    since = [end.times if times is not None and how.corrupts in (side, "both") else None
             for side, end in zip(("source", "target"), ends, strict=True)]  # fmt: skip
    _try_pairs[(triton.cdiv(words.shape[0], _PAIRS),)](
        pairs, words, given(links), *(given(end.sums) for end in ends), *map(given, since), given(times), given(table),
        *map(given, (None, None) if known is None else (known.rows.indptr, known.ascending)),
        as_tensor(key, device), torch.tensor([end.num_nodes for end in ends], device=device), links.shape[0], count, width, tries,
        SOURCE=how.corrupts != "target", TARGET=how.corrupts != "source", SOURCE_POOL=pools[0], TARGET_POOL=pools[1],
        SOURCE_TIMES=since[0] is not None, TARGET_TIMES=since[1] is not None, STRICT=how.strict, LOOPS=how.loops,
        KNOWN=known is not None and known.rows.num_edges > 0,
        HALVINGS=max(1 if known is None else known.rows.num_edges, *(end.num_nodes for end in ends)).bit_length() + 1,
        PAIRS=_PAIRS, num_warps=4,
    )  # fmt: skip
    return pairs, words


@triton.jit
def _pick(
    key, second, at, missing, links, sums, table, row, num_links, num_nodes, width, SIDE: tl.constexpr, POOL: tl.constexpr,
    HALVINGS: tl.constexpr,
):  # fmt: skip
    """A node of a pool for each pair that misses one, and the word at which each goes on."""
    if POOL == 0:
        node, at = draw_below(key, second, at, tl.zeros_like(at) + num_nodes, missing, False)
    elif POOL == 1:
        value, at = draw_below(key, second, at, tl.zeros_like(at) + tl.load(sums + num_nodes), missing, True)
        node = position_of(sums, tl.zeros_like(at), tl.zeros_like(at) + num_nodes, value, HALVINGS)
    elif POOL == 2:
        value, at = draw_below(key, second, at, tl.zeros_like(at) + num_links, missing, False)
        node = tl.load(links + 2 * value + SIDE, mask=missing, other=0)
    else:
        value, at = draw_below(key, second, at, tl.zeros_like(at) + width, missing, False)
        node = tl.load(table + row * width + value, mask=missing, other=0)
    return node, at


@kernel
def _try_pairs(
    pairs, words, links, source_sums, target_sums, source_times, target_times, times, table, indptr, ascending, key, nodes,
    num_links, count, width, tries, SOURCE: tl.constexpr, TARGET: tl.constexpr, SOURCE_POOL: tl.constexpr,
    TARGET_POOL: tl.constexpr, SOURCE_TIMES: tl.constexpr, TARGET_TIMES: tl.constexpr, STRICT: tl.constexpr,
    LOOPS: tl.constexpr, KNOWN: tl.constexpr, HALVINGS: tl.constexpr, PAIRS: tl.constexpr,
):  # fmt: skip
    pair = tl.program_id(0).to(tl.int64) * PAIRS + tl.arange(0, PAIRS)
    link = pair // count
    missing = link < num_links
    second = (link << 32) | ((pair % count) << 16)
    own_source, own_target = (
        tl.load(links + 2 * link, mask=missing, other=0),
        tl.load(links + 2 * link + 1, mask=missing, other=0),
    )
    num_sources, num_targets = tl.load(nodes), tl.load(nodes + 1)
    at = tl.zeros((PAIRS,), tl.int64)
    now = tl.zeros((PAIRS,), tl.int64)
    if SOURCE_TIMES or TARGET_TIMES:
        now = tl.load(times + link, mask=missing, other=0)
    turn = 0
    while (turn < tries) & (tl.max(missing.to(tl.int32), 0) > 0):
        source, target = own_source, own_target
        if SOURCE:
            source, at = _pick(key, second, at, missing, links, source_sums, table, own_target, num_links, num_sources, width, 0,
                               SOURCE_POOL, HALVINGS)  # fmt: skip
        if TARGET:
            target, at = _pick(key, second, at, missing, links, target_sums, table, own_source, num_links, num_targets, width, 1,
                               TARGET_POOL, HALVINGS)  # fmt: skip
        fits = missing & (source >= 0) & (source < num_sources) & (target >= 0) & (target < num_targets)
        fits = fits & ((source != own_source) | (target != own_target))
        if not LOOPS:
            fits = fits & (source != target)
        if SOURCE_TIMES:
            since = tl.load(source_times + source, mask=fits, other=0)
            fits = fits & ((since < now) | ((since == now) & (STRICT == 0)))
        if TARGET_TIMES:
            since = tl.load(target_times + target, mask=fits, other=0)
            fits = fits & ((since < now) | ((since == now) & (STRICT == 0)))
        if KNOWN:
            lo, hi = tl.load(indptr + target, mask=fits, other=0), tl.load(indptr + target + 1, mask=fits, other=0)
            fits = fits & (holds(ascending, lo, hi, source, HALVINGS) == 0)
        tl.store(pairs + 2 * pair, source, mask=fits)
        tl.store(pairs + 2 * pair + 1, target, mask=fits)
        missing = missing & (fits == 0)
        turn += 1
    tl.store(words + pair, at, mask=missing)
