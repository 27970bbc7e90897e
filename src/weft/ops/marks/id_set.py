"""Sets of ids, a bit for each id that there could be."""

import torch
from torch import Tensor

from .._structure import Structure
from .mark import mark_rows
from .marked import count_marks, list_marks, rank_marks

_PIECE = 2048


class IdSet:
    """A set of ids below a count, from low to high, as marks.

    *Shapes* `marks: (ceil(count / 64),)`, int64: bit i of word w stands for id 64 w + i.

    *Cost* `count / 8` bytes, which stay in near caches where a number for each id would not.

    >>> import torch
    >>> found = IdSet.of(torch.tensor([5, 2, 5]), 8)
    >>> found.ids(), found.places(torch.tensor([5, 3]))
    (tensor([2, 5]), tensor([ 1, -1]))
    """

    marks: Tensor
    _before: Tensor | None

    def __init__(self, marks: Tensor) -> None:
        self.marks = marks
        self._before = None

    @classmethod
    def of(cls, ids: Tensor, count: int) -> "IdSet":
        """The set of these ids below `count`, int32 or int64, in whatever order, some of them twice.

        Raises:
            IdError: if an id is negative or not below `count`.
        """
        pieces = torch.arange(-(-ids.shape[0] // _PIECE) + 1, device=ids.device)  # which threads share
        return cls(mark_rows((pieces * _PIECE).clamp(max=ids.shape[0]), ids, ids, pieces[:-1], None, count))

    @classmethod
    def none(cls, count: int, *, device: torch.device) -> "IdSet":
        """The set of none of the ids below `count`."""
        return cls.of(torch.empty(0, dtype=torch.int64, device=device), count)

    @classmethod
    def at(cls, rows: Structure, nodes: Tensor, count: int) -> "IdSet":
        """The set of the `count` sources from which edges come to chosen nodes."""
        return cls(mark_rows(rows.indptr, rows.source, rows.source, nodes, None, count))

    def __or__(self, other: "IdSet") -> "IdSet":
        return IdSet(self.marks | other.marks)

    def __sub__(self, other: "IdSet") -> "IdSet":
        return IdSet(self.marks & ~other.marks)

    def __len__(self) -> int:
        return int(self.before()[-1])

    def before(self) -> Tensor:
        """How many ids there are below those of each word, and in all."""
        if self._before is None:
            self._before = count_marks(self.marks)
        return self._before

    def ids(self) -> Tensor:
        """The ids, ascending: (len,), int64."""
        return list_marks(self.marks, self.before(), len(self))

    def places(self, ids: Tensor, index: Tensor | None = None) -> Tensor:
        """Where ids (or `ids[index]`) stand among those of the set, in the dtype of `ids`; -1 for one that is not there."""
        return rank_marks(self.marks, self.before(), ids, index)
