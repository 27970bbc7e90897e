"""Edges of chosen rows, on a GPU: eight programs for each row set bits, in any order."""

from collections.abc import Sequence

import triton.language as tl
from torch import Tensor

from .._triton.faults import faults_of
from .._triton.walking import kernel, load_ids, row_bounds
from .words_triton import is_marked

_EDGES = 128
_SHARES = 8  # a row of a hub alone would keep one program busy


def launch(
    made: Sequence[Tensor | None], dims: Sequence[int], indptr: Tensor, source: Tensor, edge: Tensor | None, chosen: Tensor,
    among: Tensor | None, count: int,
) -> None:  # fmt: skip
    """Fill `out`."""
    num_rows, num_edges, num_chosen, num_words, _ = dims
    made[0].zero_()
    if num_chosen:
        _mark[(num_chosen, _SHARES)](
            indptr, source, edge, chosen, among, made[0], faults_of("mark_rows", source.device), num_rows, num_edges, num_words,
            count, EDGES=_EDGES, SHARES=_SHARES,
        )  # fmt: skip


@kernel
def _mark(
    indptr, source, edge, chosen, among, out, faults, num_rows, num_edges, num_words, count, EDGES: tl.constexpr,
    SHARES: tl.constexpr,
):  # fmt: skip
    row = tl.load(chosen + tl.program_id(0))
    is_row = (row >= 0) & (row < num_rows)
    tl.store(faults, 1, mask=is_row == 0)
    if is_row:
        lo, hi = row_bounds(indptr, row, num_edges, faults)
        for begin in range(lo + tl.program_id(1) * EDGES, hi, SHARES * EDGES):
            p = begin + tl.arange(0, EDGES)
            there = p < hi
            if among is not None:
                there = is_marked(among, num_words, source, p, there, faults)
            e = p
            if edge is not None:
                e, there = load_ids(edge, p, there, count, faults)
            else:
                tl.store(faults + tl.zeros_like(p), 1, mask=there & (p >= count))
                there &= p < count
            bit = tl.full((EDGES,), 1, tl.int64) << (e % 64)
            tl.atomic_or(out + e // 64, bit, mask=there, sem="relaxed")
