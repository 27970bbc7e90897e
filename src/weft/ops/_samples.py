"""Structures that operators have to survive: empty, isolated, parallel, one hub, both id dtypes, sorted and not."""

from collections.abc import Iterator

import torch
from torch import Tensor

from ._structure import Structure


def compress(key: Tensor, other: Tensor, num: int, dtype: torch.dtype = torch.int64) -> Structure:
    """Compress edges by `key` in plain torch, for samples and as the reference of coo_to_csc."""
    order = torch.argsort(key, stable=True)
    indptr = torch.zeros(num + 1, dtype=torch.int64)
    indptr[1:] = torch.bincount(key.long(), minlength=num).cumsum(0)
    is_sorted = bool((order == torch.arange(len(order))).all())
    return Structure(indptr, other[order].to(dtype), None if is_sorted else order.to(dtype))


def structure(
    source: Tensor, target: Tensor, num_sources: int, num_targets: int, dtype: torch.dtype = torch.int64
) -> Structure:
    """Edges by target, with their transpose and their ends."""
    rows, back = compress(target, source, num_targets, dtype), compress(source, target, num_sources, dtype)
    return Structure(*rows[:3], back, (source.to(dtype), target.to(dtype)))


def random_structure(
    num_sources: int,
    num_targets: int,
    num_edges: int,
    *,
    seed: int = 0,
    is_sorted: bool = False,
    dtype: torch.dtype = torch.int64,
) -> Structure:
    """Random edges, parallel ones included."""
    generator = torch.Generator().manual_seed(seed)
    source = torch.randint(num_sources, (num_edges,), generator=generator)
    target = torch.randint(num_targets, (num_edges,), generator=generator)
    if is_sorted:
        target = target.sort().values
    return structure(source, target, num_sources, num_targets, dtype)


def sample_structures() -> Iterator[tuple[Structure, int]]:
    """(structure, number of sources) of every kind that has broken a kernel somewhere."""
    none = torch.empty(0, dtype=torch.int64)
    yield random_structure(24, 24, 50), 24
    yield random_structure(11, 7, 30, seed=1, is_sorted=True, dtype=torch.int32), 11
    yield structure(none, none, 4, 5), 4
    yield structure(none, none, 0, 0, torch.int32), 0
    yield structure(torch.tensor([0, 0, 0, 1, 2]), torch.tensor([2, 2, 2, 2, 3]), 3, 5, torch.int32), 3
    yield structure(torch.tensor([2, 1, 1, 0]), torch.tensor([1, 1, 1, 1]), 3, 2), 3


def hub_structure(num_edges: int = 9000, num_sources: int = 40, dtype: torch.dtype = torch.int32) -> Structure:
    """Most edges enter target 1: its row is cut into pieces, and the last piece is a short one."""
    generator = torch.Generator().manual_seed(3)
    source = torch.randint(num_sources, (num_edges,), generator=generator)
    target = torch.where(
        torch.rand(num_edges, generator=generator) < 0.9, 1, torch.randint(30, (num_edges,), generator=generator)
    )
    return structure(source, target, num_sources, 30, dtype)
