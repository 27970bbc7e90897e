"""Features of nodes and edges behind one small interface: in memory, in files, far away, and cached."""

from ._feature_store import FeatureKey as FeatureKey
from ._feature_store import FeatureSpec as FeatureSpec
from ._feature_store import FeatureStore as FeatureStore
from ._file_features import FileFeatures as FileFeatures
from ._memory_features import MemoryFeatures as MemoryFeatures
