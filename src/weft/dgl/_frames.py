"""Columns: the features of the nodes or edges of one type."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, ValuesView
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..errors import DeviceError, DtypeError, ShapeError
from ._later_rows import LaterRows, LazyFeature

Initializer = Callable[[tuple[int, ...], torch.dtype, torch.device, Any], Tensor]
"""Of shape, dtype, device and the range of the rows: what new rows hold."""


class Scheme(NamedTuple):
    """Shape of a row, and dtype, of a column."""

    shape: tuple[int, ...]
    dtype: torch.dtype

    def __repr__(self) -> str:
        return f"Scheme(shape={self.shape}, dtype={self.dtype})"


class Frame(dict[str, Tensor]):
    """Named columns with as many rows as there are nodes, or edges, of a type.

    A dictionary for reading; `put` and `put_rows` check what is written. Rows of another frame are taken when they are read.
    """

    __slots__ = ("count", "default", "device", "initializers")

    def __init__(self, count: int, device: torch.device, columns: Any = ()) -> None:
        super().__init__(columns)
        self.count, self.device = count, device
        self.initializers: dict[str, Initializer] = {}
        self.default: Initializer | None = None

    def put(self, name: str, column: Tensor, what: str) -> None:
        """Set a column; a `LazyFeature` stands for one that is fetched later.

        Raises:
            ShapeError, DeviceError: if it has not a row for each node or edge, or lies elsewhere.
            DtypeError: if it is no tensor.
        """
        if isinstance(column, LazyFeature):
            super().__setitem__(name, column)
            return
        if not isinstance(column, Tensor):
            raise _no_tensor(name, column)
        if not column.dim() or column.shape[0] != self.count:
            raise ShapeError(
                f'column "{name}": expected a row for each of {self.count} {what}, got shape {tuple(column.shape)}'
            )
        if column.device != self.device:
            raise DeviceError(
                f'column "{name}": expected it on {self.device}, where the graph lies, got {column.device}; '
                "hint: move one to the other"
            )
        self[name] = column

    def put_rows(self, name: str, ids: Tensor, rows: Tensor, what: str) -> None:
        """Set some rows of a column out of place; those of a new column that are not named are initial.

        Raises:
            ShapeError: if there are not as many rows as ids, or they are not like those that are there.
            DtypeError: if they are no tensor, or of a dtype that does not fit into theirs.
        """
        if not isinstance(rows, Tensor):
            raise _no_tensor(name, rows)
        if not rows.dim() or rows.shape[0] != ids.shape[0]:
            raise ShapeError(
                f'column "{name}": expected a row for each of {ids.shape[0]} {what}, got shape {tuple(rows.shape)}'
            )
        old = self[name] if name in self else self.initial(name, rows, self.count)
        if old.shape[1:] != rows.shape[1:]:
            raise ShapeError(
                f'column "{name}": expected rows of shape {tuple(old.shape[1:])}, as the others have, got {tuple(rows.shape[1:])}'
            )
        if not torch.can_cast(rows.dtype, old.dtype):
            raise DtypeError(
                f'column "{name}": expected rows of {old.dtype}, as the others have, got {rows.dtype}; hint: rows.to(dtype)'
            )
        self[name] = old.index_put((ids.long(),), rows.to(old.dtype))

    def initial(self, name: str, like: Tensor, count: int, first: int = 0) -> Tensor:
        """New rows of a column, as its initializer makes them, or zeros."""
        make = self.initializers.get(name, self.default)
        shape = (count, *like.shape[1:])
        if make is None:
            return like.new_zeros(shape)
        return make(shape, like.dtype, self.device, slice(first, first + count))

    def extended(self, count: int, data: dict[str, Tensor] | None) -> Frame:
        """The frame with more rows: those of `data`, initial ones where it has none."""
        data = data or {}
        made = self.copied(self.count + count)
        for name in {**self, **data}:
            old = self[name] if name in self else self.initial(name, data[name], self.count)
            new = data[name] if name in data else self.initial(name, old, count, self.count)
            if new.shape[0] != count:
                raise ShapeError(f'column "{name}": expected {count} rows for what is added, got {new.shape[0]}')
            made[name] = torch.cat((old, new.to(old.device)))
        return made

    def taken(self, ids: Tensor) -> Frame:
        """The rows of these ids, which are taken when somebody asks for them."""
        made = self.copied(ids.shape[0])
        for name, column in self.held():
            later: Any = column if isinstance(column, LazyFeature) else LaterRows(column, ids)
            dict.__setitem__(made, name, later)
        return made

    def copied(self, count: int | None = None) -> Frame:
        """The same columns, of which new ones can be set without effect here; without columns if the count is another."""
        made = Frame(self.count if count is None else count, self.device)
        if count is None:
            for name, column in self.held():
                dict.__setitem__(made, name, column)
        made.initializers, made.default = dict(self.initializers), self.default
        return made

    def mapped(self, change: Callable[[Tensor], Tensor], device: torch.device) -> Frame:
        """The frame with every column changed."""
        made = self.copied(self.count)
        made.device = device
        for name, column in self.held():
            if isinstance(column, LaterRows):
                column = LaterRows(column, None, change)
            elif isinstance(column, Tensor):
                column = change(column)
            dict.__setitem__(made, name, column)
        return made

    def held(self) -> Iterator[tuple[str, Any]]:
        """Names and columns as they are, those that come later included."""
        return iter(dict.items(self))

    # What dictionaries do, with rows that come later taken; who defines __iter__ has `dict(frame)` ask for each of them

    def __getitem__(self, name: str) -> Tensor:
        column: Any = dict.__getitem__(self, name)
        if isinstance(column, LaterRows):
            column = column.rows()
            dict.__setitem__(self, name, column)
        return column  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[str]:
        return dict.__iter__(self)

    def items(self) -> ItemsView[str, Tensor]:  # type: ignore[override]
        return {name: self[name] for name in dict.keys(self)}.items()

    def values(self) -> ValuesView[Tensor]:  # type: ignore[override]
        return {name: self[name] for name in dict.keys(self)}.values()

    def get(self, name: str, default: Any = None) -> Any:
        if name not in self:
            return default
        return self[name]

    def pop(self, name: str, *default: Any) -> Any:
        if name in self:
            _ = self[name]
        return dict.pop(self, name, *default)

    def schemes(self) -> dict[str, Scheme]:
        """Of every column."""
        found = {}
        for name, column in self.held():
            if not isinstance(column, LazyFeature):
                like = column.like() if isinstance(column, LaterRows) else column
                found[name] = Scheme(tuple(like.shape[1:]), like.dtype)
        return found


def _no_tensor(name: str, column: Any) -> DtypeError:
    got = type(column).__name__
    return DtypeError(f'column "{name}": expected a tensor, got {got}; hint: torch.as_tensor(column)')


def zero_initializer(shape: tuple[int, ...], dtype: torch.dtype, ctx: torch.device, id_range: Any) -> Tensor:
    """Rows of zeros."""
    return torch.zeros(shape, dtype=dtype, device=ctx)


def base_initializer(shape: tuple[int, ...], dtype: torch.dtype, ctx: torch.device, id_range: Any) -> Tensor:
    """What an initializer gets; this one refuses to make anything."""
    raise NotImplementedError(
        "base_initializer only shows what an initializer gets; hint: use zero_initializer, or write one"
    )
