"""Values at the places of another matrix, on a GPU: those places are searched among the ones that are held, sorted."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .places_triton import add_up, place_keys


def launch(
    made: Sequence[Tensor | None], dims: Sequence[int], indptr: Tensor, column: Tensor, value: Tensor, at_indptr: Tensor,
    at_column: Tensor, num_columns: int,
) -> None:  # fmt: skip
    """Fill `out`. Entries of one place add up in their order, since the sort is stable."""
    keys, entry = torch.sort(place_keys("sparse_lookup", indptr, column, num_columns), stable=True)
    asked = place_keys("sparse_lookup", at_indptr, at_column, num_columns, nowhere=-2)  # found nowhere either
    add_up(torch.searchsorted(keys, asked), torch.searchsorted(keys, asked, right=True), entry, value, made[0])
