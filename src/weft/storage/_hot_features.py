"""Rows that are held on a device for good, around a slower store."""

import threading
from collections.abc import Mapping
from typing import Any, NamedTuple, final

import torch
from torch import Tensor

from ..graph import as_ids
from ..ops import gather_rows
from ._around import CacheReport, StoreAround
from ._bytes import take_rows
from ._feature_store import FeatureKey, FeatureStore, absent


class _Held(NamedTuple):
    """Hot rows, and for each row of the feature its place among them, -1 if it is not one."""

    rows: Tensor
    place_of: Tensor


@final
class HotFeatures(StoreAround):
    """Features of a slower store, of which rows that were chosen beforehand are held on a device.

    Made for ids on that device: hot rows never leave it, and the store is asked for the others alone. Around a store whose memory
    is page-locked (`MemoryFeatures.pin_memory`) the host copies nothing. Several threads may fetch at once.

    Args:
        store: the slower store.
        hot: ids by feature; features that it does not name are fetched from the store. See `hottest_by_degree` and
            `hottest_by_counts`.
        device: where hot rows are held.

    Raises:
        FeatureError, IdError: if a feature or a hot row is not there.
        DtypeError, ShapeError: if `hot` holds no lists of ids.

    *Cost* beside hot rows 4 bytes for each row of their feature, on the device; a fetch waits for it once, to know how many
    rows are missing.

    >>> import weft
    >>> slow = weft.storage.MemoryFeatures({"node": {"x": torch.arange(100.0)}})
    >>> store = HotFeatures(slow, {("node", "x"): [7, 8]}, device="cpu")
    >>> store.fetch(("node", "x"), torch.tensor([7, 50])), store.report(("node", "x"))
    (tensor([ 7., 50.]), CacheReport(hits=1, misses=1))
    """

    _checks_ids = True  # the first gather does, or the store

    def __init__(self, store: FeatureStore, hot: Mapping[FeatureKey, Any], *, device: torch.device | str | int) -> None:
        self._arguments = store, dict(hot), device
        self._store, self._lock = store, threading.Lock()
        self._held: dict[FeatureKey, _Held] = {}
        self._counted = {key: CacheReport(0, 0) for key in hot}
        for key, given in hot.items():
            if key not in store.keys:
                raise absent("HotFeatures, `hot`", key, store.keys)
            ids = as_ids(given, "hot", where="HotFeatures", device="cpu").cpu().long().unique()
            rows = store.fetch(key, ids).to(device)
            place_of = torch.full((store.spec(key).num_rows,), -1, dtype=torch.int32, device="cpu")
            place_of[ids] = torch.arange(ids.shape[0], dtype=torch.int32, device="cpu")
            self._held[key] = _Held(rows, place_of.to(device))

    def _reports(self) -> dict[FeatureKey, CacheReport]:
        return self._counted

    def _place(self, key: FeatureKey, ids: Tensor) -> torch.device:
        return self._held[key].rows.device if key in self._held else ids.device

    def _read(self, key: FeatureKey, ids: Tensor) -> Tensor:
        held = self._held.get(key)
        if held is None or not held.rows.shape[0]:
            return self._store.fetch(key, ids)
        place = gather_rows(held.place_of, ids)
        missing = (place < 0).nonzero().squeeze(1)
        with self._lock:
            hits, misses = self._counted[key]
            num_missing = missing.shape[0]
            self._counted[key] = CacheReport(hits + ids.shape[0] - num_missing, misses + num_missing)
        rows = take_rows(held.rows, place.clamp(min=0), self._spec(key))
        if num_missing:
            rows[missing] = self._store.fetch(key, ids[missing])
        return rows

    def _hint(self, key: FeatureKey, ids: Tensor) -> None:
        held = self._held.get(key)
        self._store.will_need(key, ids if held is None else ids[gather_rows(held.place_of, ids) < 0])

    def __getstate__(self) -> Any:
        return self._arguments

    def __setstate__(self, state: Any) -> None:
        store, hot, device = state
        self.__init__(store, hot, device=device)
