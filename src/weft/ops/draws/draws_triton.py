"""What chance decides among the candidates of nodes, on a GPU: one program for some nodes, each drawing word after word.

Words and arithmetic are those of `words.py` and `reference.py`: a number below n is the high half of n times a word, of 32 bits
or for weights of 64, and words that would make some numbers likelier are passed over.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from .._triton.launching import block_of
from .._triton.philox import philox
from .._triton.searching import position_of
from .._triton.walking import kernel

_VALUES = 2048  # of a tile of nodes by draws


def draw_alike(
    rank: Tensor, indptr: Tensor, count: Tensor, keys: Tensor, by_chance: Tensor, fanout: int, replace: bool,
    key: tuple[int, int],
) -> None:  # fmt: skip
    """Write ranks among `count` candidates that are all alike, by Floyd's method, into the rows where chance decides."""
    places, nodes = _tile(fanout)
    _alike[(triton.cdiv(keys.shape[0], nodes),)](
        rank, indptr, count, keys, by_chance, as_tensor(key, keys.device), keys.shape[0], fanout, REPLACE=replace, NODES=nodes,
        PLACES=places, num_warps=4,
    )  # fmt: skip


def draw_by_weight(
    positions: Tensor, indptr: Tensor, lo: Tensor, hi: Tensor, sums: Tensor, keys: Tensor, by_chance: Tensor, fanout: int,
    replace: bool, key: tuple[int, int],
) -> None:  # fmt: skip
    """Write positions drawn by weight, one after the other among those that are left."""
    places, nodes = _tile(fanout)
    _by_weight[(triton.cdiv(keys.shape[0], nodes),)](
        positions, indptr, lo, hi, sums, keys, by_chance, as_tensor(key, keys.device), keys.shape[0], REPLACE=replace,
        NODES=nodes, PLACES=places, HALVINGS=sums.shape[0].bit_length(), num_warps=4,
    )  # fmt: skip


def first_words(second: Tensor, key: tuple[int, int]) -> Tensor:
    """The first word of each counter, whose second half is given."""
    words = torch.empty_like(second)
    block = block_of(second.shape[0], _VALUES)
    _first_words[(triton.cdiv(second.shape[0], block),)](
        words, second, as_tensor(key, second.device), second.shape[0], BLOCK=block, num_warps=4
    )
    return words


def _tile(fanout: int) -> tuple[int, int]:
    places = block_of(fanout, 1 << 30)
    return places, max(1, min(64, _VALUES // places))


def as_tensor(key: tuple[int, int], device: torch.device) -> Tensor:
    """Seed and counter as numbers of 64 bits with a sign, which no conversion on the way to a kernel can change."""
    return torch.tensor([value - 2**64 if value >= 2**63 else value for value in key], device=device)


@triton.jit
def word_of(key, second, at):
    """Word number `at` of each node, as int64; `second` is its counter."""
    a, b, c, d = philox(tl.load(key), tl.load(key + 1), second + at // 4)
    turn = at % 4
    return tl.where(turn < 2, tl.where(turn == 0, a, b), tl.where(turn == 2, c, d)).to(tl.uint64)


@kernel
def _first_words(words, second, key, count, BLOCK: tl.constexpr):
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    there = at < count
    word, _, _, _ = philox(tl.load(key), tl.load(key + 1), tl.load(second + at, mask=there, other=0))
    tl.store(words + at, word.to(tl.int64), mask=there)


@triton.jit
def draw_below(key, second, at, n, missing, WIDE: tl.constexpr):
    """A number below n, of 64 bits if WIDE, for each that misses one, and at which word each goes on."""
    below = tl.maximum(n, 1).to(tl.uint64)
    drawn = tl.zeros_like(at)
    while tl.max(missing.to(tl.int32), 0) > 0:
        if WIDE:
            word = word_of(key, second, at) | (word_of(key, second, at + 1) << 32)
            fits = word * below >= (0 - below) % below
            value = tl.umulhi(word, below).to(tl.int64)
            at += missing.to(tl.int64) * 2
        else:
            product = word_of(key, second, at) * below
            fits = (product & 0xFFFFFFFF) >= 0x100000000 % below
            value = (product >> 32).to(tl.int64)
            at += missing.to(tl.int64)
        drawn = tl.where(missing & fits, value, drawn)
        missing = missing & (fits == 0)
    return drawn, at


@triton.jit
def _counter_of(keys):
    """The second half of a node's counter: node, tree, and room for the number of the draw."""
    return ((keys & 0xFFFFFFFFFF) << 24) | ((keys >> 40) << 8)


@kernel
def _alike(
    rank, indptr, count, keys, by_chance, key, num_nodes, fanout, REPLACE: tl.constexpr, NODES: tl.constexpr,
    PLACES: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(0).to(tl.int64) * NODES + tl.arange(0, NODES)
    there = row < num_nodes
    there = there & (tl.load(by_chance + row, mask=there, other=0) != 0)
    n = tl.load(count + row, mask=there, other=1)
    second = _counter_of(tl.load(keys + row, mask=there, other=0))
    places = tl.arange(0, PLACES)
    ranks = tl.full((NODES, PLACES), -1, tl.int64)
    at = tl.zeros((NODES,), tl.int64)
    for i in range(fanout):
        last = n - 1
        if not REPLACE:
            last = n - fanout + i
        drawn, at = draw_below(key, second, at, last + 1, there, False)
        if not REPLACE:
            taken = tl.max((ranks == drawn[:, None]).to(tl.int32), 1) > 0
            drawn = tl.where(taken, last, drawn)
        ranks = tl.where((places == i)[None, :], drawn[:, None], ranks)
    to = tl.load(indptr + row, mask=there, other=0)[:, None] + places[None, :]
    tl.store(rank + to, ranks, mask=there[:, None] & (places < fanout)[None, :])


@kernel
def _by_weight(
    positions, indptr, lo, hi, sums, keys, by_chance, key, num_nodes, REPLACE: tl.constexpr, NODES: tl.constexpr,
    PLACES: tl.constexpr, HALVINGS: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(0).to(tl.int64) * NODES + tl.arange(0, NODES)
    there = row < num_nodes
    there = there & (tl.load(by_chance + row, mask=there, other=0) != 0)
    begin = tl.load(indptr + row, mask=there, other=0)
    wanted = tl.load(indptr + row + 1, mask=there, other=0) - begin
    first, last = tl.load(lo + row, mask=there, other=0), tl.load(hi + row, mask=there, other=0)
    base = tl.load(sums + first, mask=there, other=0)
    left = tl.load(sums + last, mask=there, other=1) - base
    second = _counter_of(tl.load(keys + row, mask=there, other=0))
    places = tl.arange(0, PLACES)
    starts = tl.full((NODES, PLACES), 0x7FFFFFFFFFFFFFFF, tl.int64)  # of what was drawn: sums before it, less the base
    weights = tl.zeros((NODES, PLACES), tl.int64)
    at = tl.zeros((NODES,), tl.int64)
    for i in range(tl.max(wanted, 0)):
        drawing = there & (i < wanted)
        value, at = draw_below(key, second, at, left, drawing, True)
        if not REPLACE:
            # Of what is left a value counts from the start of the row: what was drawn before it is led past.
            among_left = value
            moved = among_left + tl.sum(tl.where(starts <= value[:, None], weights, 0), 1)
            while tl.max((drawing & (moved != value)).to(tl.int32), 0) > 0:
                value = moved
                moved = among_left + tl.sum(tl.where(starts <= value[:, None], weights, 0), 1)
        found = position_of(sums, first, last, base + value, HALVINGS)
        tl.store(positions + begin + i, found, mask=drawing)
        if not REPLACE:
            start = tl.load(sums + found, mask=drawing, other=0)
            weight = tl.load(sums + found + 1, mask=drawing, other=0) - start
            new = (places == i)[None, :] & drawing[:, None]
            starts = tl.where(new, (start - base)[:, None], starts)
            weights = tl.where(new, weight[:, None], weights)
            left -= weight
