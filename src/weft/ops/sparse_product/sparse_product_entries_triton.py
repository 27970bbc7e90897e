"""Values and columns of a sparse product on a GPU: paths are listed and sorted by torch, and added by weft's own kernels.

Memory: some numbers for each pair of entries that meet. No float is added in an order that varies.
"""

from collections.abc import Sequence

from torch import Tensor

from ...errors import StructureError
from .._registry import others
from .._triton.launching import accumulator
from .sparse_product import entries_of


def launch(
    made: Sequence[Tensor | None], dims: Sequence[int], left_indptr: Tensor, left_column: Tensor, right_indptr: Tensor,
    right_column: Tensor, left_value: Tensor, right_value: Tensor, indptr: Tensor, num_columns: int, total: int,
) -> None:  # fmt: skip
    """Fill `value` and `column`."""
    wide = accumulator(left_value.dtype)
    values = left_value.to(wide), right_value.to(wide)
    found = entries_of(left_indptr, left_column, right_indptr, right_column, *values, num_columns, in_order)
    if found[0].shape[0] != total:
        raise StructureError("sparse_product_entries: `indptr` belongs to another pattern")
    for out, values_of in zip(made, found, strict=True):
        assert out is not None, "every output is asked for"
        out.copy_(values_of)


def in_order(count: int, at: Tensor, terms: Tensor) -> Tensor:
    """Sums at places, of terms in their order."""
    indptr, _, order = others.coo_to_csc(at, at, count)
    sums: Tensor = others.segment_reduce(indptr, terms, order)
    return sums
