"""Edges between marked ends, on a GPU: one program for a block of words, each of 64 edges."""

from collections.abc import Sequence

import triton
import triton.language as tl
from torch import Tensor

from .._triton.faults import faults_of
from .._triton.walking import kernel
from .words_triton import is_marked, words_of

_WORDS = 16


def launch(
    made: Sequence[Tensor | None], dims: Sequence[int], source: Tensor, target: Tensor, sources: Tensor | None,
    targets: Tensor | None,
) -> None:  # fmt: skip
    """Fill `out`."""
    num_edges, source_words, target_words = dims
    if num_edges:
        _mark[(triton.cdiv(num_edges, 64 * _WORDS),)](
            source, target, sources, targets, made[0], faults_of("mark_ends", source.device), num_edges, source_words,
            target_words, WORDS=_WORDS,
        )  # fmt: skip


@kernel
def _mark(source, target, sources, targets, out, faults, num_edges, source_words, target_words, WORDS: tl.constexpr):
    w = tl.program_id(0).to(tl.int64) * WORDS + tl.arange(0, WORDS)
    e = w[:, None] * 64 + tl.arange(0, 64)[None, :]
    inside = e < num_edges
    marked = inside
    if sources is not None:
        marked &= is_marked(sources, source_words, source, e, inside, faults)
    if targets is not None:
        marked &= is_marked(targets, target_words, target, e, inside, faults)
    tl.store(out + w, words_of(marked), mask=w * 64 < num_edges)
