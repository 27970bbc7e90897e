"""Transpose, rows and columns of sparse matrices."""

from .row_positions import row_positions as row_positions
from .sparse_select import select_columns as select_columns
from .sparse_select import select_rows as select_rows
from .sparse_select import transpose as transpose
