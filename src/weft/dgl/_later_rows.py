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
    """Some rows of a column, taken at the first call of `rows` and then kept."""

    __slots__ = ("_change", "_column", "_ids", "_rows")

    def __init__(
        self, column: Tensor | LaterRows, ids: Tensor | None, change: Callable[[Tensor], Tensor] | None = None
    ) -> None:
        self._column, self._ids, self._change = column, ids, change
        self._rows: Tensor | None = None

    def rows(self) -> Tensor:
        """The rows."""
        if self._rows is None:
            column = self._column.rows() if isinstance(self._column, LaterRows) else self._column
            rows = column if self._ids is None else gather_rows(column, self._ids)
            self._rows = rows if self._change is None else self._change(rows)
            self._column = self._rows  # the whole column is not held any longer
        return self._rows

    def like(self) -> Tensor:
        """A tensor of the dtype, and with rows of the shape, that the rows have or will have."""
        column = self._column if self._rows is None else self._rows
        return column.like() if isinstance(column, LaterRows) else column
