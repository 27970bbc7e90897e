"""Features that lie in memory."""

from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor

from ..errors import DeviceError, DtypeError, FeatureError, ShapeError, message
from ..graph import EdgeType, Graph, checked_edge_type, quoted
from ..ops import draws_there, gather_pinned
from ._bytes import take_rows
from ._feature_store import FeatureKey, FeatureSpec, FeatureStore

Features = Graph | Mapping[str | EdgeType, Mapping[str, Tensor]]


@final
class MemoryFeatures(FeatureStore):
    """Features that lie in memory, of a graph or of tensors by type and name.

    What the graph has when the store is made is in the store. Rows of any dtype and shape are gathered where they lie, on the CPU
    as bytes and on `weft.native.num_threads()` threads. Tensors are shared, and copied only where their rows are not contiguous.

    Args:
        features: a graph, or a mapping from node types and edge types to mappings from names to tensors with a row for each node
            or edge.

    Raises:
        FeatureError, OptionError, ShapeError, DtypeError, DeviceError: if it is something else, or has no numbers.

    *Cost* `fetch` reads and writes each row once.

    >>> store = MemoryFeatures({"node": {"x": torch.arange(6.0).view(3, 2)}})
    >>> store.fetch(("node", "x"), torch.tensor([2, 0]))
    tensor([[4., 5.],
            [0., 1.]])
    """

    _checks_ids = True  # the kernel does

    def __init__(self, features: Features) -> None:
        self._rows = {
            key: tensor.detach().resolve_conj().resolve_neg().contiguous()
            for key, tensor in named_tensors("MemoryFeatures", features).items()
        }
        self._keys = tuple(self._rows)
        self._specs = {key: FeatureSpec(len(x), tuple(x.shape[1:]), x.dtype) for key, x in self._rows.items()}

    @property
    def keys(self) -> tuple[FeatureKey, ...]:
        """Types and names of the features."""
        return self._keys

    def _spec(self, key: FeatureKey) -> FeatureSpec:
        return self._specs[key]

    def pin_memory(self) -> "MemoryFeatures":
        """Copy into page-locked memory, from which a GPU takes the rows of ids that are there by itself."""
        pinned: dict[str | EdgeType, dict[str, Tensor]] = {}
        for (kind, name), rows in self._rows.items():
            pinned.setdefault(kind, {})[name] = rows.pin_memory()
        return MemoryFeatures(pinned)

    def _place(self, key: FeatureKey, ids: Tensor) -> torch.device:
        rows = self._rows[key]
        takes_by_itself = ids.device.type != "cpu" and rows.is_pinned() and draws_there(ids.device)
        return ids.device if takes_by_itself else rows.device

    def _read(self, key: FeatureKey, ids: Tensor) -> Tensor:
        rows = self._rows[key]
        return take_rows(rows, ids, self._specs[key]) if ids.device == rows.device else gather_pinned(rows, ids)


def named_tensors(where: str, features: Any) -> dict[FeatureKey, Tensor]:
    """The tensors of a graph, or of a mapping, by key.

    Raises:
        FeatureError, OptionError, ShapeError, DtypeError, DeviceError: if it is something else, or has no numbers.
    """
    if isinstance(features, Graph):
        features = {**features.node_sets, **features.edge_sets}
    expected = "a graph, or a mapping of mappings {type: {name: tensor}}"
    if not isinstance(features, Mapping):
        raise FeatureError(message(where, expected, type(features).__name__))
    found: dict[FeatureKey, Tensor] = {}
    for of, by_name in features.items():
        kind = of if isinstance(of, str) else checked_edge_type(where, of)
        if not isinstance(by_name, Mapping):
            raise FeatureError(message(where, expected, f"{type(by_name).__name__} for {quoted(kind)}"))
        for name, rows in by_name.items():
            if not isinstance(name, str) or not name:
                raise FeatureError(message(where, f"names of features of {quoted(kind)} as strings", repr(name)))
            key = (kind, name)
            if not isinstance(rows, Tensor) or rows.layout is not torch.strided:
                got = str(rows.layout) if isinstance(rows, Tensor) else type(rows).__name__
                raise DtypeError(message(where, f"a dense tensor for {quoted(key)}", got))
            if rows.dim() == 0:
                raise ShapeError(message(where, f"rows for {quoted(key)}, (count, ...)", "a tensor without dimensions"))
            if rows.is_meta:
                raise DeviceError(message(where, f"{quoted(key)} with numbers", "a tensor on the meta device"))
            found[key] = rows
    return found
