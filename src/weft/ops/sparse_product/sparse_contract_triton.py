"""Sums over the paths of a sparse product on a GPU, as `sparse_product_entries_triton` adds them."""

from collections.abc import Sequence

from torch import Tensor

from .._triton.launching import accumulator
from .sparse_contract import Onto, contraction_of
from .sparse_product_entries_triton import in_order


def launch(
    made: Sequence[Tensor | None], dims: Sequence[int], left_indptr: Tensor, left_column: Tensor, right_indptr: Tensor,
    right_column: Tensor, indptr: Tensor, column: Tensor, x: Tensor, y: Tensor, num_columns: int, onto: Onto,
) -> None:  # fmt: skip
    """Fill `out`."""
    wide, out = accumulator(x.dtype), made[0]
    assert out is not None, "the output is asked for"
    pattern = left_indptr, left_column, right_indptr, right_column, indptr, column
    out.copy_(contraction_of(*pattern, x.to(wide), y.to(wide), num_columns, onto, in_order))
