"""A cache around a slower store."""

import threading
from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor

from ..errors import OptionError, message
from ..graph import quoted
from ..ops import Assigned, Policy, RowCache, keep_rows, take_cached_rows
from ._around import CacheReport, StoreAround
from ._bytes import as_bytes, of_bytes
from ._feature_store import FeatureKey, FeatureStore, absent


@final
class CachedFeatures(StoreAround):
    """Features of a slower store, some rows of which are held in memory.

    Which rows are held is decided for a batch at a time; a batch never loses a row that it asks for to another of its rows.
    Several threads may fetch at once: only the decision is made one after the other. A row that two threads miss is fetched by
    the first, and the second waits for it; if fetching fails, the first gets the error and the second fetches for itself.

    Args:
        store: the slower store.
        num_rows: how many rows of each feature are held; or a mapping, and features that it does not name are not cached.
        num_bytes: instead, how much memory the rows of all features may take, of each the same share.
        policy: which row goes: "sieve", "s3-fifo", "clock" or "lru", see `weft.ops.RowCache`.
        hot: ids by feature that are loaded now and held for good, within `num_rows`; see `hottest_by_degree` and
            `hottest_by_counts`.

    Raises:
        OptionError: if not one of `num_rows` and `num_bytes` is given, or there is room for fewer rows than are hot.
        FeatureError, IdError: if a feature or a hot row is not there.

    *Cost* rows twice in memory while they are missing; beside its row a slot takes 64 to 96 bytes, with S3-FIFO twice that.

    >>> import weft
    >>> slow = weft.storage.MemoryFeatures({"node": {"x": torch.arange(100.0)}})
    >>> store = CachedFeatures(slow, num_rows=10)
    >>> for _ in range(2):
    ...     rows = store.fetch(("node", "x"), torch.tensor([7, 8, 9]))
    >>> store.report(("node", "x"))
    CacheReport(hits=3, misses=3)
    """

    def __init__(
        self,
        store: FeatureStore,
        *,
        num_rows: int | Mapping[FeatureKey, int] | None = None,
        num_bytes: int | None = None,
        policy: Policy = "sieve",
        hot: Mapping[FeatureKey, Tensor] | None = None,
    ) -> None:
        if (num_rows is None) == (num_bytes is None):
            got = "both" if num_bytes is not None else "neither"
            raise OptionError(message("CachedFeatures", "one of `num_rows` and `num_bytes`", got))
        self._store, self._arguments = store, (store, num_rows, num_bytes, policy, hot)
        room = _room_by_rows(store, num_rows) if num_rows is not None else _room_by_bytes(store, num_bytes or 0)
        hot = {} if hot is None else dict(hot)
        for key in hot:
            if key not in room:
                raise absent("CachedFeatures, `hot`", key, tuple(room))
        self._caches = {key: _Cache(store, key, slots, policy, hot.get(key)) for key, slots in room.items()}

    def _reports(self) -> dict[FeatureKey, CacheReport]:
        return {key: cache.report for key, cache in self._caches.items()}

    def _read(self, key: FeatureKey, ids: Tensor) -> Tensor:
        cache = self._caches.get(key)
        return self._store.fetch(key, ids) if cache is None else cache.read(ids)

    def _hint(self, key: FeatureKey, ids: Tensor) -> None:
        cache = self._caches.get(key)
        self._store.will_need(key, ids if cache is None else cache.missing(ids))

    def __getstate__(self) -> Any:
        return self._arguments

    def __setstate__(self, state: Any) -> None:
        store, num_rows, num_bytes, policy, hot = state
        self.__init__(store, num_rows=num_rows, num_bytes=num_bytes, policy=policy, hot=hot)


class _Filling:
    """Slots that a batch is filling."""

    def __init__(self) -> None:
        self.is_over = threading.Event()
        self.has_failed = False


class _Cache:
    """The cache of one feature."""

    def __init__(
        self, store: FeatureStore, key: FeatureKey, num_slots: int, policy: Policy, hot: Tensor | None
    ) -> None:
        self._store, self._key, self._spec = store, key, store.spec(key)
        hot = torch.empty(0, dtype=torch.int64, device="cpu") if hot is None else hot.unique()
        if hot.shape[0] > num_slots:
            expected = f"room for the {hot.shape[0]} hot rows of {quoted(key)}"
            raise OptionError(message("CachedFeatures", expected, f"room for {num_slots} rows"))
        rows = store.fetch(key, hot)
        self._decides = RowCache(num_slots, policy, hot=hot)
        self._held = torch.empty((num_slots, self._spec.row_bytes), dtype=torch.uint8, device="cpu")
        self._held[: hot.shape[0]] = as_bytes(rows.contiguous())
        self._lock = threading.Lock()  # around decisions
        self._under_way: dict[int, _Filling] = {}
        self._next_ticket = 0
        self.report = CacheReport(0, 0)

    def missing(self, ids: Tensor) -> Tensor:
        with self._lock:
            return self._decides.missing(ids)

    def read(self, ids: Tensor) -> Tensor:
        filling = _Filling()
        with self._lock:
            ticket = self._next_ticket
            self._next_ticket += 1
            assigned = self._decides.assign(ids, ticket=ticket, num_waits=len(self._under_way))
            others = [self._under_way[other] for other in assigned.waits]
            self._under_way[ticket] = filling
            hits, misses = self.report
            self.report = CacheReport(hits + assigned.num_hits, misses + assigned.missing.shape[0])
        try:
            fetched = self._fill(ticket, filling, assigned)
            for other in others:  # each of which fills before it waits, so that no two wait for each other
                other.is_over.wait()
            if any(other.has_failed for other in others):
                return self._store.fetch(self._key, ids)
            return of_bytes(take_cached_rows(self._held, fetched, assigned.slots), self._spec)
        finally:
            with self._lock:
                self._decides.release(assigned.slots)

    def _fill(self, ticket: int, filling: _Filling, assigned: Assigned) -> Tensor:
        """Fetch what is missing, put into the slots what has one, and let those go on that wait for it."""
        filling.has_failed = True
        try:
            fetched = self._held.new_empty((0, self._spec.row_bytes))
            if assigned.missing.shape[0]:
                fetched = as_bytes(self._store.fetch(self._key, assigned.missing).contiguous())
                keep_rows(self._held, fetched, assigned.places)
            filling.has_failed = False
            return fetched
        finally:
            with self._lock:
                self._decides.settle(assigned.places, is_ready=not filling.has_failed)
                del self._under_way[ticket]
            filling.is_over.set()


def _room_by_rows(store: FeatureStore, num_rows: int | Mapping[FeatureKey, int]) -> dict[FeatureKey, int]:
    wanted = num_rows if isinstance(num_rows, Mapping) else dict.fromkeys(store.keys, num_rows)
    for key, count in wanted.items():
        if key not in store.keys:
            raise absent("CachedFeatures, `num_rows`", key, store.keys)
        if count < 0:
            raise OptionError(message("CachedFeatures", "`num_rows` of at least 0", f"{count} for {quoted(key)}"))
    return {key: min(count, store.spec(key).num_rows) for key, count in wanted.items()}


def _room_by_bytes(store: FeatureStore, num_bytes: int) -> dict[FeatureKey, int]:
    if num_bytes < 0:
        raise OptionError(message("CachedFeatures", "`num_bytes` of at least 0", str(num_bytes)))
    specs = {key: store.spec(key) for key in store.keys}
    total = sum(spec.num_rows * spec.row_bytes for spec in specs.values())
    if num_bytes >= total:
        return {key: spec.num_rows for key, spec in specs.items()}
    return {key: spec.num_rows * num_bytes // total for key, spec in specs.items()}
