"""Pairs of nodes as places in a table, some of which are drawn."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ._drawing import uniform

_DRAWS = 2**24
"""How many gaps are drawn at once, so that memory is that of the edges."""


@dataclass(frozen=True)
class PairTable:
    """All pairs that may become edges, numbered row after row: a row for each source.

    An undirected table, which is square, holds of each pair the one whose source is the lower.
    """

    num_sources: int
    num_targets: int
    directed: bool = True
    loops: bool = True

    @property
    def size(self) -> int:
        """How many pairs there are."""
        if self.directed:
            return self.num_sources * max(self.num_targets - (not self.loops), 0)
        return self.num_sources * (self.num_sources - 1) // 2 + self.loops * self.num_sources

    def edges(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """Source and target at each of the places, which ascend."""
        rows = torch.arange(self.num_sources)
        if self.directed:
            begins = rows * (self.num_targets - (not self.loops))
        else:
            begins = rows * (self.num_sources - (not self.loops)) - rows * (rows - 1) // 2
        first = torch.searchsorted(places, begins)
        counts = torch.diff(first, append=torch.tensor([places.shape[0]]))
        source = torch.repeat_interleave(rows, counts, output_size=places.shape[0])
        target = places - begins[source]
        if not self.directed:
            target += source + (not self.loops)
        elif not self.loops:
            target += target >= source
        return source, target


def places_by_chance(size: int, p: float, generator: torch.Generator) -> Tensor:
    """Take each of `size` places with probability p; they ascend.

    *Source* Batagelj and Brandes, 2005, Efficient generation of large random networks: the gaps between places are
    geometric, so that only what is taken costs a draw.
    """
    if p in (0, 1):
        return torch.arange(size if p == 1 else 0)
    found, last = [torch.empty(0, dtype=torch.int64)], -1
    while last < size - 1:
        expected = (size - 1 - last) * p
        draws = min(int(expected + 4 * math.sqrt(expected)) + 16, _DRAWS)
        gaps = torch.empty(draws, dtype=torch.float64).geometric_(p, generator=generator)
        # A gap of size + 1 leads beyond the last place from everywhere, also from before the first.
        found.append(gaps.clamp_(max=size + 1).long().cumsum_(0).add_(last))
        last = int(found[-1][-1])
    places = torch.cat(found)
    return places[: int(torch.searchsorted(places, size))]


def distinct_places(size: int, count: int, generator: torch.Generator) -> Tensor:
    """Take `count` of `size` places, each set of them as likely as any other; they ascend."""
    if 2 * count > size:
        return torch.randperm(size, generator=generator)[:count].sort().values
    places = torch.empty(0, dtype=torch.int64)
    while places.shape[0] < count:
        places = torch.cat((places, uniform(count - places.shape[0], size, generator))).sort().values
        is_new = torch.ones_like(places, dtype=torch.bool)
        torch.ne(places[1:], places[:-1], out=is_new[1:])
        places = places[is_new]
    return places
