"""The interface of stores: rows of features by type, name and id."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, NamedTuple, TypeAlias

import torch
from torch import Tensor

from ..errors import DtypeError, FeatureError, IdError, ShapeError, message
from ..graph import EdgeType, quoted

FeatureKey: TypeAlias = tuple[str | EdgeType, str]
"""(node type or edge type, name of the feature)"""

_CPU = torch.device("cpu")


class FeatureSpec(NamedTuple):
    """What is known of a feature without reading it.

    Attributes:
        num_rows: nodes or edges of the type.
        row_shape: of one row; () for one number.
        dtype: of the rows.

    >>> FeatureSpec(10, (2, 3), torch.float16).row_bytes
    12
    """

    num_rows: int
    row_shape: tuple[int, ...]
    dtype: torch.dtype

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        values = 1
        for size in self.row_shape:
            values *= size
        return values * self.dtype.itemsize


class FeatureStore(ABC):
    """Rows of features by type, name and id, wherever they lie.

    A store of one's own says what it has (`keys`, `_spec`) and gives rows (`_read`); the checks are done here. Several threads
    may fetch at once. `weft.testing.check_store` tests a store.

    >>> class Squares(FeatureStore):
    ...     keys = (("node", "x"),)
    ...
    ...     def _spec(self, key):
    ...         return FeatureSpec(100, (), torch.int64)
    ...
    ...     def _read(self, key, ids):
    ...         return ids.long() ** 2
    >>> Squares().fetch(("node", "x"), torch.tensor([3, 1, 3]))
    tensor([9, 1, 9])
    """

    _checks_ids: ClassVar[bool] = False
    """Whether `_read` itself refuses ids of rows that are not there, with an IdError: a pass over the ids less."""

    @property
    @abstractmethod
    def keys(self) -> Sequence[FeatureKey]:
        """Types and names of the features."""

    @abstractmethod
    def _spec(self, key: FeatureKey) -> FeatureSpec:
        """Say how many rows a feature has, and what a row is; the key is one of `keys`."""

    @abstractmethod
    def _read(self, key: FeatureKey, ids: Tensor) -> Tensor:
        """Give the rows of `fetch`; key and ids are checked, ids are contiguous and at least one, and rows have bytes."""

    def _place(self, key: FeatureKey, ids: Tensor) -> torch.device:
        """Where `_read` wants ids of a feature, which come from anywhere; the key is one of `keys`."""
        return _CPU

    def _hint(self, key: FeatureKey, ids: Tensor) -> None:  # noqa: B027 (most stores have nothing to prepare)
        """Prepare for rows that will be asked for; key and ids are checked."""

    @property
    def _heeds_hints(self) -> bool:
        """Whether hints prepare anything, so that a device may be waited for."""
        return type(self)._hint is not FeatureStore._hint

    def spec(self, key: FeatureKey) -> FeatureSpec:
        """Say how many rows a feature has, and what a row is.

        Raises:
            FeatureError: if there is no such feature.
        """
        if key not in self.keys:
            raise absent(f"{type(self).__name__}.spec", key, self.keys)
        return self._spec(key)

    def fetch(self, key: FeatureKey, ids: Tensor) -> Tensor:
        """Give the rows of some ids, in their order; ids may repeat.

        *Shapes* `ids: (num_ids,)`, int32 or int64 -> `(num_ids, *row_shape)`, memory of its own, on the device of `ids`. Where
        rows lie elsewhere ids are sent there, and rows come back.

        Raises:
            FeatureError: if there is no such feature.
            IdError: if there is no such row; the text names the position and the id. On a GPU it may come with a later call.
            ShapeError, DtypeError: if `ids` is of another form, or a store of one's own breaks its word.
            StorageError: if rows cannot be read.
        """
        spec, ids = self._checked("fetch", key, ids)
        is_empty, at_rows = ids.shape[0] == 0 or spec.row_bytes == 0, ids.to(self._place(key, ids))
        if is_empty or not self._checks_ids:
            self._check_range("fetch", key, at_rows)
        shape = (ids.shape[0], *spec.row_shape)
        if is_empty:
            return torch.empty(shape, dtype=spec.dtype, device=ids.device)
        try:
            rows = self._read(key, at_rows)
        except IdError:
            self._check_range("fetch", key, at_rows)  # says it in the words of the store
            raise
        if rows.shape != shape or rows.dtype is not spec.dtype:
            raise ShapeError(
                message(
                    f"{type(self).__name__}._read",
                    f"rows {shape} of {spec.dtype}",
                    f"{tuple(rows.shape)} of {rows.dtype}",
                )
            )
        return rows.to(ids.device)

    def will_need(self, key: FeatureKey, ids: Tensor) -> None:
        """Tell that rows will be asked for, so that a slow store can begin to bring them; it may do nothing.

        Raises:
            FeatureError, IdError, ShapeError, DtypeError: as `fetch`.
        """
        spec, ids = self._checked("will_need", key, ids)
        if ids.device.type != "cpu" and not self._heeds_hints:
            return
        at_rows = ids.to(self._place(key, ids))
        self._check_range("will_need", key, at_rows)
        if ids.shape[0] and spec.row_bytes:
            self._hint(key, at_rows)

    def __repr__(self) -> str:
        specs = [(key, self._spec(key)) for key in self.keys]
        features = (
            f"{quoted(key)} {(spec.num_rows, *spec.row_shape)} {str(spec.dtype).removeprefix('torch.')}"
            for key, spec in specs
        )
        return f"{type(self).__name__}({', '.join(features)})"

    def _checked(self, method: str, key: FeatureKey, ids: Tensor) -> tuple[FeatureSpec, Tensor]:
        where = f"{type(self).__name__}.{method}"
        if key not in self.keys:
            raise absent(where, key, self.keys)
        spec = self._spec(key)
        if not isinstance(ids, Tensor) or ids.dtype not in (torch.int32, torch.int64):
            got = str(ids.dtype) if isinstance(ids, Tensor) else type(ids).__name__
            hint = "torch.as_tensor(ids), ids.long(), or mask.nonzero().flatten()"
            raise DtypeError(message(where, "`ids` as a tensor of int32 or int64", got, hint))
        if ids.dim() != 1:
            raise ShapeError(message(where, "one-dimensional `ids`", str(tuple(ids.shape))))
        return spec, ids.contiguous()

    def _check_range(self, method: str, key: FeatureKey, ids: Tensor) -> None:
        if ids.shape[0] == 0:
            return
        num_rows, values = self._spec(key).num_rows, ids.cpu().numpy()  # whose reductions stay on this thread
        if values.min() < 0 or values.max() >= num_rows:
            at = int(((values < 0) | (values >= num_rows)).argmax())
            where = f"{type(self).__name__}.{method}"
            raise IdError(
                f"{where}: `ids` holds {int(values[at])} at position {at}, but {quoted(key)} has {num_rows} rows"
            )


def absent(where: str, key: object, keys: Sequence[FeatureKey]) -> FeatureError:
    """The error of a feature that is not there."""
    known = ", ".join(map(quoted, keys)) or "none"
    return FeatureError(
        message(where, f"one of the features {known}", quoted(key), 'a key is (type, name), as ("node", "x")')
    )
