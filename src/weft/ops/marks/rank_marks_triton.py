"""Ids among those that are marked, on a GPU: one program for a block of ids."""

from collections.abc import Sequence

import triton
import triton.language as tl
from torch import Tensor

from .._triton.faults import faults_of
from .._triton.walking import kernel, load_ids
from .words_triton import count_bits

_IDS = 1024


def launch(
    made: Sequence[Tensor | None], dims: Sequence[int], marks: Tensor, before: Tensor, x: Tensor, index: Tensor | None
) -> None:
    """Fill `out`."""
    num_words, num_ids, count = dims
    if count:
        _rank[(triton.cdiv(count, _IDS),)](
            marks, before, x, index, made[0], faults_of("rank_marks", x.device), num_words, num_ids, count, IDS=_IDS
        )


@kernel
def _rank(marks, before, x, index, out, faults, num_words, num_ids, count, IDS: tl.constexpr):
    i = tl.program_id(0).to(tl.int64) * IDS + tl.arange(0, IDS)
    asked = i < count
    at, there = i, asked
    if index is not None:
        at, there = load_ids(index, i, there, num_ids, faults)
    found, there = load_ids(x, at, there, num_words * 64, faults)
    word = tl.load(marks + found // 64, mask=there, other=0)
    bit = tl.full((IDS,), 1, tl.int64) << (found % 64)
    rank = tl.load(before + found // 64, mask=there, other=0) + count_bits(word & (bit - 1))
    tl.store(out + i, tl.where((word & bit) != 0, rank, -1), mask=asked)
