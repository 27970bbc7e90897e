"""Ids that are marked, on a GPU: one program for a block of words."""

from collections.abc import Sequence

import triton
import triton.language as tl
from torch import Tensor

from .._triton.faults import faults_of
from .._triton.walking import check_span, kernel
from .words_triton import bits_of

_WORDS = 32


def launch(made: Sequence[Tensor | None], dims: Sequence[int], marks: Tensor, before: Tensor, total: int) -> None:
    """Fill `out`."""
    if marks.shape[0]:
        grid, faults = (triton.cdiv(marks.shape[0], _WORDS),), faults_of("list_marks", marks.device)
        _list[grid](marks, before, made[0], faults, marks.shape[0], total, WORDS=_WORDS)


@kernel
def _list(marks, before, out, faults, num_words, total, WORDS: tl.constexpr):
    check_span(before, num_words, total, faults)
    w = tl.program_id(0).to(tl.int64) * WORDS + tl.arange(0, WORDS)
    there = w < num_words
    bits = bits_of(tl.load(marks + w, mask=there, other=0))
    first, last = tl.load(before + w, mask=there, other=0), tl.load(before + w + 1, mask=there, other=0)
    fits = (first >= 0) & (last <= total) & (last - first == tl.sum(bits, 1))
    tl.store(faults + 1 + tl.zeros_like(w), 1, mask=there & (fits == 0))
    rank = first[:, None] + tl.cumsum(bits, 1) - bits
    ids = w[:, None] * 64 + tl.arange(0, 64)[None, :]
    tl.store(out + rank, ids, mask=(there & fits)[:, None] & (bits != 0))
