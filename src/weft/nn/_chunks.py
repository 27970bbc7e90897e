"""Chunks: the edges of a structure, cut so that what is computed on one piece of them fits a budget."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from ..ops import IdSet, Structure


class Chunk(NamedTuple):
    """Some edges, and the targets that they enter.

    `structure` numbers edges by their place in the chunk and lists their sources; `target` holds the target of each,
    `edge` their ids, `rows` the targets of its rows. A row may have edges before the chunk and behind it.
    """

    structure: Structure
    target: Tensor
    edge: Tensor | slice
    rows: Tensor | slice
    begin: int
    num_before: int  # edges of the first row in earlier chunks
    goes_on: bool  # the last row has edges in later ones

    @property
    def num_edges(self) -> int:
        """Number of edges."""
        return self.structure.num_edges


def whole(rows: Structure) -> Chunk:
    """All edges as one chunk, without a look at any value."""
    everything = Structure(rows.indptr, rows.source)
    return Chunk(everything, rows.targets(), slice(None) if rows.edge is None else rows.edge, slice(None), 0, 0, False)


def consecutive(rows: Structure, capacity: int) -> Iterator[Chunk]:
    """Chunks of at most `capacity` edges in the order of targets, cut between targets, or within one that is too long."""
    begin, count = 0, rows.num_edges
    while begin < count:
        end = min(begin + capacity, count)
        if end < count:
            boundary = int(rows.indptr[_row_of(rows, end)])
            end = boundary if boundary > begin else end
        yield _between(rows, begin, end)
        begin = end


def by_degree(rows: Structure, capacity: int) -> Iterator[tuple[Chunk, int]]:
    """Chunks of whole rows of one degree, with the degree; a row of more than `capacity` edges is a chunk of its own."""
    degrees, order = rows.indptr.diff().sort(stable=True)
    lengths, counts = degrees.unique_consecutive(return_counts=True)
    at = 0
    for degree, count in zip(lengths.tolist(), counts.tolist(), strict=True):
        step = max(1, capacity // max(degree, 1))
        for begin in range(at, at + count, step) if degree else ():
            yield _of_rows(rows, order[begin : min(begin + step, at + count)], degree), degree
        at += count


def listed(rows: Structure, positions: Tensor) -> Chunk:
    """Edges at some positions, each alone in its row."""
    target = torch.searchsorted(rows.indptr, positions, right=True) - 1
    indptr = torch.arange(len(positions) + 1, device=positions.device)
    edge = positions if rows.edge is None else rows.edge[positions]
    return Chunk(Structure(indptr, rows.source[positions]), target, edge, target, 0, 0, False)


def only(rows: Structure, found: IdSet) -> Structure:
    """The edges at some positions, in the rows in which they are."""
    positions = found.ids()
    edge = positions.to(rows.source.dtype) if rows.edge is None else rows.edge[positions]
    return Structure(torch.searchsorted(positions, rows.indptr), rows.source[positions], edge)


def _row_of(rows: Structure, position: int) -> int:
    return int(torch.searchsorted(rows.indptr, position, right=True)) - 1


def _between(rows: Structure, begin: int, end: int) -> Chunk:
    first, last = _row_of(rows, begin), _row_of(rows, end - 1)
    pointers = rows.indptr[first : last + 2]
    indptr = (pointers - begin).clamp(0, end - begin)
    part = Structure(indptr, rows.source[begin:end])
    return Chunk(
        part,
        part.targets().add_(first),
        slice(begin, end) if rows.edge is None else rows.edge[begin:end],
        slice(first, last + 1),
        begin,
        begin - int(pointers[0]),
        int(pointers[-1]) > end,
    )


def _of_rows(rows: Structure, targets: Tensor, degree: int) -> Chunk:
    steps = torch.arange(degree, device=targets.device)
    positions = (rows.indptr[targets].unsqueeze(1) + steps).flatten()
    indptr = torch.arange(len(targets) + 1, device=targets.device) * degree
    edge = positions if rows.edge is None else rows.edge[positions]
    return Chunk(
        Structure(indptr, rows.source[positions]), targets.repeat_interleave(degree), edge, targets, 0, 0, False
    )
