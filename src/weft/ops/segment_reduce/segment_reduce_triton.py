"""Reduction of segments on a GPU: segments are rows of a structure whose sources are what the order lists."""

from collections.abc import Sequence

from torch import Tensor

from .._structure import Structure
from .._triton.launching import accumulator
from ..spmm.spmm_triton import reduce_rows


def launch(
    made: Sequence[Tensor | None], dims: Sequence[int], indptr: Tensor, x: Tensor, order: Tensor | None, reduce: str
) -> None:
    """Fill `out`, and `winner` where it is kept. Variances are of what is left when a mean, not rounded, is taken away."""
    out, winner = made
    name, rows = "segment_reduce", Structure(indptr, order)
    if reduce not in ("var", "std"):
        reduce_rows(name, rows, x, out, reduce, winner=winner)
        return
    mean = out.new_empty(out.shape, dtype=accumulator(x.dtype))
    reduce_rows(name, rows, x, mean, "mean")
    reduce_rows(name, rows, x, out if reduce == "var" else mean, "mean", around=mean)
    if reduce == "std":
        out.copy_(mean.sqrt())
