"""Features of nodes and edges behind one small interface: in memory, in files, far away, and cached."""

from ._around import CacheReport as CacheReport
from ._cached_features import CachedFeatures as CachedFeatures
from ._feature_store import FeatureKey as FeatureKey
from ._feature_store import FeatureSpec as FeatureSpec
from ._feature_store import FeatureStore as FeatureStore
from ._file_features import FileFeatures as FileFeatures
from ._hot import count_nodes as count_nodes
from ._hot import hottest_by_counts as hottest_by_counts
from ._hot import hottest_by_degree as hottest_by_degree
from ._hot_features import HotFeatures as HotFeatures
from ._memory_features import MemoryFeatures as MemoryFeatures
from ._remote_features import RemoteFeatures as RemoteFeatures
