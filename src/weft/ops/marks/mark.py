"""Marks for edges: those of chosen rows, and those between chosen ends."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import DtypeError, ShapeError, message
from .._checks import IDS, check_edge_list, checked_ids, expect
from .._compressed import check_compressed, check_count
from .._operator import operator
from .._sparse_samples import random_matrix

BITS = 64
"""Ids to a word."""


def num_words(count: int) -> int:
    """Words for as many ids."""
    return (count + BITS - 1) // BITS


def marks_of(mask: Tensor) -> Tensor:
    """A mask, (count,), as words."""
    padded = torch.nn.functional.pad(mask, (0, -mask.shape[0] % BITS)).long().reshape(-1, BITS)
    return (padded << torch.arange(BITS, device=mask.device)).sum(1)


def mask_of(marks: Tensor) -> Tensor:
    """Words as a mask, as long as they have bits."""
    return ((marks[:, None] >> torch.arange(BITS, device=marks.device)) & 1).bool().reshape(-1)


def check_marks(name: str, **marks: Tensor | None) -> None:
    """Refuse marks that are no list of words."""
    for argument, words in marks.items():
        if words is not None and words.dtype is not torch.int64:
            raise DtypeError(message(name, f"int64 words for `{argument}`", str(words.dtype)))
        if words is not None and words.dim() != 1:
            raise ShapeError(message(name, f"`{argument}` of shape (num_words,)", str(tuple(words.shape))))


@operator
def mark_rows(
    indptr: Tensor, source: Tensor, edge: Tensor | None, chosen: Tensor, among: Tensor | None, count: int
) -> Tensor:
    """Mark the edges of chosen rows, or those of them that come from marked sources.

    Bit e is set for `e = edge[p]`, for all p in `indptr[r] .. indptr[r + 1]`, r in `chosen`, with bit `source[p]` set in `among`

    *Shapes* `indptr: (num_rows + 1,)`, int64; `source, edge: (num_edges,)`, both int32 or both int64; `chosen: (num_chosen,)`,
    int64, in any order, several times if wanted; `among: (num_words,)`, int64 -> marks `(ceil(count / 64),)`, int64: bit i
    of word w stands for id 64 w + i.

    Args:
        edge: None where positions are edges. With the sources in its place the sources are marked.
        among: all sources if None.
        count: how many ids there are to mark.

    Raises:
        IdError: if a row, an edge or a source is not there.
        StructureError: if a chosen row lies outside the edges.
        ShapeError, DtypeError, DeviceError, OptionError: if arguments do not fit each other.

    *Cost* reads the edges of the rows once and writes count / 8 bytes.

    >>> import torch
    >>> mark_rows(torch.tensor([0, 2, 3]), torch.tensor([7, 8, 9]), None, torch.tensor([1, 0]), None, 3)
    tensor([7])
    """
    rows = checked_ids("mark_rows", "chosen", chosen, indptr.shape[0] - 1, "rows")
    counts = indptr[rows + 1] - indptr[rows]
    ends = counts.cumsum(0)
    position = torch.arange(int(counts.sum()), device=indptr.device)
    position = position + torch.repeat_interleave(indptr[rows] - ends + counts, counts)
    marked = position if edge is None else edge[position]
    if among is not None:
        keys = checked_ids("mark_rows", "source", source[position], among.shape[0] * BITS, "sources")
        marked = marked[mask_of(among)[keys]]
    mask = torch.zeros(count, dtype=torch.bool, device=indptr.device)
    mask[checked_ids("mark_rows", "edge", marked, count, "edges")] = True
    return marks_of(mask)


@mark_rows.outputs
def _(
    indptr: Tensor, source: Tensor, edge: Tensor | None, chosen: Tensor, among: Tensor | None, count: int
) -> tuple[Tensor, tuple[int, ...]]:
    name = "mark_rows"
    check_compressed(name, "", indptr, source)
    check_marks(name, chosen=chosen, among=among)
    check_count(name, "count", count)
    if edge is not None:
        if edge.dtype is not source.dtype:
            raise DtypeError(message(name, f"`edge` of {source.dtype}, as `source`", str(edge.dtype)))
        expect(
            edge.shape == source.shape,
            lambda: message(name, "as many edges as sources", f"{edge.shape[0]} and {source.shape[0]}"),
        )
    words = 0 if among is None else among.shape[0]
    return chosen.new_empty(num_words(count)), (indptr.shape[0] - 1, source.shape[0], chosen.shape[0], words, count)


mark_rows.native(
    "mark_rows",
    passes="indptr source edge chosen among out",
    dims="num_rows num_edges num_chosen num_words count",
    value="source",
    ids="source",
    dtypes=IDS,
)
mark_rows.autocast = "none"
mark_rows.triton(file="mark_rows_triton")


@mark_rows.samples
def _() -> Iterator[tuple[Any, ...]]:
    for num, edges, chosen, dtype in (
        (12, 60, 5, torch.int64),
        (1, 9, 3, torch.int32),
        (2, 3000, 3, torch.int64),
        (5, 0, 4, torch.int64),
        (150, 4000, 90, torch.int32),
        (0, 0, 0, torch.int32),
        (400, 70000, 300, torch.int32),
    ):
        matrix = random_matrix(num, num, edges, dtype=dtype)
        generator = torch.Generator().manual_seed(num)
        source, edge = matrix.column, torch.randperm(edges, generator=generator).to(dtype)
        at = torch.randint(max(num, 1), (chosen,), generator=generator)
        among = marks_of(torch.rand(num, generator=generator) < 0.5)
        yield matrix.indptr, source, edge, at, among, edges
        yield matrix.indptr, source, None, at, None, edges
        yield matrix.indptr, source, source, at, None, num


@operator
def mark_ends(source: Tensor, target: Tensor, sources: Tensor | None, targets: Tensor | None) -> Tensor:
    """Mark the edges from marked sources to marked targets.

    Bit e is set if bit `source[e]` is in `sources` and bit `target[e]` in `targets`

    *Shapes* `source, target: (num_edges,)`, both int32 or both int64; `sources, targets`: words, int64, None for all ->
    marks `(ceil(num_edges / 64),)`, int64: bit i of word w stands for id 64 w + i.

    Raises:
        IdError: if an end has no bit among those of its marks.
        ShapeError, DtypeError, DeviceError: if arguments do not fit each other.

    *Cost* one pass over the edges.

    >>> import torch
    >>> mark_ends(torch.tensor([0, 1, 1]), torch.tensor([2, 0, 2]), torch.tensor([2]), torch.tensor([4]))
    tensor([4])
    """
    mask = torch.ones(source.shape[0], dtype=torch.bool, device=source.device)
    for argument, ids, marks in (("source", source, sources), ("target", target, targets)):
        if marks is not None:
            mask = mask & mask_of(marks)[checked_ids("mark_ends", argument, ids, marks.shape[0] * BITS, "marks")]
    return marks_of(mask)


@mark_ends.outputs
def _(source: Tensor, target: Tensor, sources: Tensor | None, targets: Tensor | None) -> tuple[Tensor, tuple[int, ...]]:
    name = "mark_ends"
    check_edge_list(name, source, target)
    check_marks(name, sources=sources, targets=targets)
    words = (0 if marks is None else marks.shape[0] for marks in (sources, targets))
    return source.new_empty(num_words(source.shape[0]), dtype=torch.int64), (source.shape[0], *words)


mark_ends.native(
    "mark_ends",
    passes="source target sources targets out",
    dims="num_edges source_words target_words",
    value="source",
    ids="source",
    dtypes=IDS,
)
mark_ends.autocast = "none"
mark_ends.triton(file="mark_ends_triton")


@mark_ends.samples
def _() -> Iterator[tuple[Any, ...]]:
    for num, edges, dtype in (
        (12, 60, torch.int64),
        (1, 9, torch.int32),
        (150, 4000, torch.int32),
        (5, 0, torch.int64),
        (0, 0, torch.int32),
        (400, 70000, torch.int32),
    ):
        generator = torch.Generator().manual_seed(num)
        source, target = torch.randint(max(num, 1), (2, edges), generator=generator).to(dtype)
        sources, targets = (marks_of(torch.rand(num, generator=generator) < 0.6) for _ in range(2))
        yield source, target, sources, targets
        yield source, target, None, targets
        yield source, target, None, None
