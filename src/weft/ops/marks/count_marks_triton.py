"""Marks counted on a GPU: one program for a block of words; torch adds the counts up."""

from collections.abc import Sequence

import torch
import triton
import triton.language as tl
from torch import Tensor

from .._triton.walking import kernel
from .words_triton import count_bits

_WORDS = 1024


def launch(made: Sequence[Tensor | None], dims: Sequence[int], marks: Tensor) -> None:
    """Fill `out`."""
    out, words = made[0], marks.shape[0]
    out[:1].zero_()
    if words:
        counts = torch.empty_like(marks)
        _count[(triton.cdiv(words, _WORDS),)](marks, counts, words, WORDS=_WORDS)
        torch.cumsum(counts, 0, out=out[1:])


@kernel
def _count(marks, out, num_words, WORDS: tl.constexpr):
    w = tl.program_id(0).to(tl.int64) * WORDS + tl.arange(0, WORDS)
    tl.store(out + w, count_bits(tl.load(marks + w, mask=w < num_words, other=0)), mask=w < num_words)
