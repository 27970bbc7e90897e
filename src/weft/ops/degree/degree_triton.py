"""Counting of ids on a GPU: one program for a block of ids. Integers add up to the same in any order."""

from collections.abc import Sequence

import triton
import triton.language as tl
from torch import Tensor

from .._triton.faults import faults_of
from .._triton.walking import kernel, load_ids

_IDS = 1024


def launch(made: Sequence[Tensor | None], dims: Sequence[int], index: Tensor, num_nodes: int) -> None:
    """Fill `out`."""
    made[0].zero_()
    if index.shape[0]:
        grid, faults = (triton.cdiv(index.shape[0], _IDS),), faults_of("degree", index.device)
        _count[grid](index, made[0], faults, num_nodes, index.shape[0], IDS=_IDS)


@kernel
def _count(index, out, faults, num_nodes, count, IDS: tl.constexpr):
    at = tl.program_id(0).to(tl.int64) * IDS + tl.arange(0, IDS)
    node, there = load_ids(index, at, at < count, num_nodes, faults)
    tl.atomic_add(out + node, tl.full((IDS,), 1, tl.int64), mask=there, sem="relaxed")
