"""Tables to graphs: CSV and Parquet read with DuckDB, checked, and encoded so that it can be done again."""

from ._edges import EdgeTable, read_edges
from ._encode import CategoricalEncoder, FeatureEncoder, NumericEncoder, fit_encoder
from ._features import CategoricalColumn, FeatureColumn, FeatureKind, NumericColumn
from ._nodes import SPLITS, NodeTable, read_nodes

__all__ = [
    "SPLITS",
    "CategoricalColumn",
    "CategoricalEncoder",
    "EdgeTable",
    "FeatureColumn",
    "FeatureEncoder",
    "FeatureKind",
    "NodeTable",
    "NumericColumn",
    "NumericEncoder",
    "fit_encoder",
    "read_edges",
    "read_nodes",
]
