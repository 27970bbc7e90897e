"""What stores have in common that lie around a slower one and hold some of its rows."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ._feature_store import FeatureKey, FeatureSpec, FeatureStore, absent


class CacheReport(NamedTuple):
    """What became of the rows that were asked for.

    Attributes:
        hits: rows that needed no fetching.
        misses: rows that were fetched from the slow store.

    >>> CacheReport(3, 1).hit_rate
    0.75
    """

    hits: int
    misses: int

    @property
    def hit_rate(self) -> float:
        """The share of hits; 0 before anything was asked for."""
        return self.hits / max(1, self.hits + self.misses)


class StoreAround(FeatureStore):
    """A store that has what a slower one has, and counts for which rows that one was asked."""

    _store: FeatureStore

    @abstractmethod
    def _reports(self) -> Mapping[FeatureKey, CacheReport]:
        """What was counted so far, for each feature of which rows are held."""

    @property
    def keys(self) -> Sequence[FeatureKey]:
        """Types and names of the features."""
        return tuple(self._store.keys)

    def _spec(self, key: FeatureKey) -> FeatureSpec:
        return self._store.spec(key)

    @property
    def _heeds_hints(self) -> bool:
        return self._store._heeds_hints

    def report(self, key: FeatureKey | None = None) -> CacheReport:
        """Count hits and misses of a feature, or of all together, since the store was made.

        Raises:
            FeatureError: if the feature is not there, or none of its rows are held.

        >>> import torch, weft
        >>> slow = weft.storage.MemoryFeatures({"node": {"x": torch.arange(100.0)}})
        >>> weft.storage.CachedFeatures(slow, num_bytes=40).report().hit_rate
        0.0
        """
        reports = self._reports()
        if key is not None and key not in reports:
            raise absent(f"{type(self).__name__}.report", key, tuple(reports))
        asked = [report for of, report in reports.items() if key in (None, of)]
        return CacheReport(sum(one.hits for one in asked), sum(one.misses for one in asked))
