"""Rows that give the highest or lowest value of a segment, on a GPU: the winners of a reduction, by their row."""

from collections.abc import Sequence

from torch import Tensor

from .._structure import Structure
from ..spmm.spmm_triton import reduce_rows


def launch(
    made: Sequence[Tensor | None], dims: Sequence[int], indptr: Tensor, x: Tensor, order: Tensor | None, reduce: str
) -> None:
    """Fill `out`."""
    out = made[0]
    reduce_rows("segment_argreduce", Structure(indptr, order), x, None, reduce, winner=out)
    if order is not None and order.shape[0] and out.numel():
        out.copy_(order[out.clamp(min=0)].where(out >= 0, -1))
