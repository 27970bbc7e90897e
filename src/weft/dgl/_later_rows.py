"""Columns whose values come later: rows that are taken when somebody asks for them, and features that a loader fetches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ..ops import gather_rows


class LazyFeature:
    """Stands for a column, or for any data, that `DataLoader` fetches for each batch.

    Args:
        name: of the column in the graph that is sampled, or of data that was attached to the loader; its own if None.
        id_: which rows; None for those of the nodes or edges of the column.

    >>> LazyFeature("feat").name
    'feat'
    """

    __slots__ = ("id_", "name")

    def __init__(self, name: str | None = None, id_: Tensor | None = None) -> None:
        self.name, self.id_ = name, id_

    def to(self, *args: Any, **kwargs: Any) -> LazyFeature:
        """Itself: there is nothing to move yet.

        Args:
            args, kwargs: accepted, as of a tensor.
        """
        return self

    @property
    def data(self) -> LazyFeature:
        """Itself, in the place of a tensor."""
        return self

    def pin_memory_(self) -> None:
        """Do nothing: there is no memory yet."""

    def unpin_memory_(self) -> None:
        """Do nothing: there is no memory yet."""

    def record_stream(self, stream: torch.cuda.Stream) -> None:
        """Do nothing: there is no memory yet."""


class LaterRows:
    """Some rows of a column, taken at the first call of `rows` and then kept.

    What it holds is one reference, to what is to be done or to the rows, so that threads may ask at the same time.
    """

    __slots__ = ("_held",)

    def __init__(
        self, column: Tensor | LaterRows, ids: Tensor | None, change: Callable[[Tensor], Tensor] | None = None
    ) -> None:
        self._held: Tensor | tuple[Tensor | LaterRows, Tensor | None, Callable[[Tensor], Tensor] | None]
        self._held = column, ids, change

    def rows(self) -> Tensor:
        """The rows."""
        held = self._held
        if isinstance(held, Tensor):
            return held
        column, ids, change = held
        rows = column.rows() if isinstance(column, LaterRows) else column
        if ids is not None:
            rows = gather_rows(rows, ids)
        self._held = rows if change is None else change(rows)
        return self._held

    def like(self) -> Tensor:
        """A tensor of the dtype, and with rows of the shape, that the rows have or will have."""
        column = self._held if isinstance(self._held, Tensor) else self._held[0]
        return column.like() if isinstance(column, LaterRows) else column
