"""Transpose, rows and columns of sparse matrices."""

from .gather_segments import gather_segments as gather_segments
from .sparse_select import select_columns as select_columns
from .sparse_select import select_rows as select_rows
from .sparse_select import transpose as transpose
from .transpose_entries import transpose_entries as transpose_entries
