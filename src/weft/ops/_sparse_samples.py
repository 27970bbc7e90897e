"""Matrices that operators of sparse algebra have to survive: empty, unsorted, with explicit zeros, several entries at a place."""

from collections.abc import Iterator

import torch

from ._compressed import Compressed
from ._samples import compress


def random_matrix(
    num_rows: int,
    num_columns: int,
    num_entries: int,
    *,
    seed: int = 0,
    dtype: torch.dtype = torch.int64,
    is_sorted: bool = False,
) -> Compressed:
    """Random entries in random order, some at one place, one in five zero; sorted ones have places of their own."""
    generator = torch.Generator().manual_seed(seed)
    if is_sorted:
        place = torch.randperm(num_rows * num_columns, generator=generator)[:num_entries].sort().values
        row, column = place // max(num_columns, 1), place % max(num_columns, 1)
    else:
        row = torch.randint(max(num_rows, 1), (num_entries,), generator=generator)
        column = torch.randint(max(num_columns, 1), (num_entries,), generator=generator)
    value = torch.randn(num_entries, dtype=torch.float64, generator=generator)
    value[torch.rand(num_entries, generator=generator) < 0.2] = 0
    indptr, column = compress(row, column, num_rows, dtype)[:2]
    return Compressed(indptr, column, value, num_columns)


def sample_factors() -> Iterator[tuple[Compressed, Compressed]]:
    """Pairs that can be multiplied."""
    yield random_matrix(12, 9, 30), random_matrix(9, 15, 25, seed=1)
    yield random_matrix(6, 7, 20, seed=2, dtype=torch.int32), random_matrix(7, 300, 40, seed=3, dtype=torch.int32)
    yield random_matrix(0, 0, 0, dtype=torch.int32), random_matrix(0, 0, 0, dtype=torch.int32)
    yield random_matrix(3, 4, 0), random_matrix(4, 5, 8)
    yield random_matrix(5, 3, 8, dtype=torch.int32), random_matrix(3, 0, 0, dtype=torch.int32)
    yield random_matrix(1, 1, 3), random_matrix(1, 1, 2)
    yield random_matrix(4, 6, 12, is_sorted=True), random_matrix(6, 9000, 60, seed=4, is_sorted=True)


def sample_pairs() -> Iterator[tuple[Compressed, Compressed]]:
    """Pairs of one shape."""
    yield random_matrix(12, 9, 30), random_matrix(12, 9, 25, seed=1)
    yield random_matrix(6, 300, 40, dtype=torch.int32), random_matrix(6, 300, 50, seed=3, dtype=torch.int32)
    yield random_matrix(7, 8, 20, is_sorted=True), random_matrix(7, 8, 20, seed=5, is_sorted=True)
    yield random_matrix(7, 8, 20, is_sorted=True), random_matrix(7, 8, 20, seed=5)
    yield random_matrix(0, 0, 0, dtype=torch.int32), random_matrix(0, 0, 0, dtype=torch.int32)
    yield random_matrix(3, 5, 0), random_matrix(3, 5, 8)
    yield random_matrix(1, 1, 3), random_matrix(1, 1, 2)
