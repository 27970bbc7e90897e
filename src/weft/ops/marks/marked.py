"""What marks stand for: how many ids there are, which, and where each of them stands among the others."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import DtypeError, ShapeError, StructureError, message
from .._checks import IDS, check_span, checked_ids, expect
from .._compressed import check_count, new_entries
from .._operator import operator
from .mark import BITS, check_marks, marks_of, mask_of


@operator
def count_marks(marks: Tensor) -> Tensor:
    """Count the marks before each word; the last count is that of all.

    *Shapes* `marks: (num_words,)`, int64 -> `(num_words + 1,)`, int64.

    Raises:
        ShapeError, DtypeError: if marks are of another kind.

    >>> import torch
    >>> count_marks(torch.tensor([5, 0, 1]))
    tensor([0, 2, 2, 3])
    """
    return torch.nn.functional.pad(mask_of(marks).reshape(-1, BITS).sum(1).cumsum(0), (1, 0))


@count_marks.outputs
def _(marks: Tensor) -> tuple[Tensor, tuple[int, ...]]:
    check_marks("count_marks", marks=marks)
    return marks.new_empty(marks.shape[0] + 1), (marks.shape[0],)


count_marks.native(
    "count_marks", passes="marks out", dims="num_words", value="marks", ids="marks", dtypes=(torch.int64,)
)
count_marks.autocast = "none"
count_marks.triton(file="count_marks_triton")


@count_marks.samples
def _() -> Iterator[tuple[Any, ...]]:
    for count, share in ((0, 0.5), (1, 1.0), (64, 1.0), (65, 0.5), (3000, 0.1), (200000, 0.9)):
        yield (marks_of(torch.rand(count, generator=torch.Generator().manual_seed(count)) < share),)


@operator
def list_marks(marks: Tensor, before: Tensor, total: int) -> Tensor:
    """List the ids that are marked, ascending.

    *Shapes* `marks: (num_words,)`, int64; `before: (num_words + 1,)`, as `count_marks` gives it; `total = before[-1]` ->
    `(total,)`, int64.

    Raises:
        StructureError: if `before` belongs to other marks.
        ShapeError, DtypeError, DeviceError, OptionError: if arguments do not fit each other.
        MemoryError: if there is no memory for `total` ids.

    *Cost* reads the words and writes the ids.

    >>> import torch
    >>> list_marks(torch.tensor([5, 0, 1]), torch.tensor([0, 2, 2, 3]), 3)
    tensor([  0,   2, 128])
    """
    check_span("list_marks", "before", before, total)
    wrong = before.diff() != mask_of(marks).reshape(-1, BITS).sum(1)
    if wrong.any():
        word = int(wrong.to(torch.uint8).argmax())
        raise StructureError(f"list_marks: `before` does not count the marks of word {word}")
    return mask_of(marks).nonzero().squeeze(1)


@list_marks.outputs
def _(marks: Tensor, before: Tensor, total: int) -> tuple[Tensor, tuple[int, ...]]:
    _check_counted("list_marks", marks, before)
    check_count("list_marks", "total", total)
    return new_entries("list_marks", marks, total), (marks.shape[0], total)


list_marks.native(
    "list_marks",
    passes="marks before out",
    dims="num_words total",
    value="marks",
    ids="marks",
    dtypes=(torch.int64,),
)
list_marks.autocast = "none"
list_marks.triton(file="list_marks_triton")


@list_marks.samples
def _() -> Iterator[tuple[Any, ...]]:
    for (marks,) in count_marks.make_samples():
        before = count_marks.reference(marks)
        yield marks, before, int(before[-1])


@operator
def rank_marks(marks: Tensor, before: Tensor, x: Tensor, index: Tensor | None = None) -> Tensor:
    """Find where ids stand among those that are marked.

    `out[i]` = how many marked ids are below `x[index[i]]`, -1 if that is not marked itself

    *Shapes* `marks: (num_words,)`, int64; `before: (num_words + 1,)`, as `count_marks` gives it; `x: (num_ids,)`, int32 or
    int64; `index: (count,)`, int64, None for all ids in order -> `(count,)`, in the dtype of `x`.

    Raises:
        IdError: if an id has no bit among the marks, or `index` points outside `x`.
        ShapeError, DtypeError, DeviceError: if arguments do not fit each other.

    *Cost* one look at a word and a count for each id.

    >>> import torch
    >>> rank_marks(torch.tensor([5]), torch.tensor([0, 2]), torch.tensor([2, 1, 0]))
    tensor([ 1, -1,  0])
    """
    ids = x if index is None else x[checked_ids("rank_marks", "index", index, x.shape[0], "ids in `x`")]
    mask = mask_of(marks)
    ids = checked_ids("rank_marks", "x", ids, mask.shape[0], "marks")
    return torch.where(mask[ids], mask.cumsum(0)[ids] - 1, -1).to(x.dtype)


@rank_marks.outputs
def _(marks: Tensor, before: Tensor, x: Tensor, index: Tensor | None) -> tuple[Tensor, tuple[int, ...]]:
    name = "rank_marks"
    _check_counted(name, marks, before)
    check_marks(name, index=index)
    if x.dtype not in IDS:
        raise DtypeError(message(name, "`x` of int32 or int64", str(x.dtype)))
    if x.dim() != 1:
        raise ShapeError(message(name, "`x` of shape (num_ids,)", str(tuple(x.shape))))
    count = x.shape[0] if index is None else index.shape[0]
    return x.new_empty(count), (marks.shape[0], x.shape[0], count)


rank_marks.native(
    "rank_marks",
    passes="marks before x index out",
    dims="num_words num_ids count",
    value="x",
    ids="x",
    dtypes=IDS,
)
rank_marks.autocast = "none"
rank_marks.triton(file="rank_marks_triton")


@rank_marks.samples
def _() -> Iterator[tuple[Any, ...]]:
    for (marks,) in count_marks.make_samples():
        before, most = count_marks.reference(marks), marks.shape[0] * BITS
        generator = torch.Generator().manual_seed(most)
        for dtype in IDS:
            x = torch.randint(max(most, 1), (min(3 * most, 50000),), generator=generator).to(dtype)
            yield marks, before, x, None
            yield marks, before, x, torch.randint(max(x.shape[0], 1), (x.shape[0] // 2,), generator=generator)


def _check_counted(name: str, marks: Tensor, before: Tensor) -> None:
    check_marks(name, marks=marks, before=before)
    expect(
        before.shape[0] == marks.shape[0] + 1,
        lambda: message(name, f"`before` for each of {marks.shape[0]} words and their end", str(before.shape[0])),
    )
