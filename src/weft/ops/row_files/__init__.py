"""Rows of files, read where they lie."""

from .row_files import ReadFailure as ReadFailure
from .row_files import gather_mapped as gather_mapped
from .row_files import hint_rows as hint_rows
from .row_files import read_rows as read_rows
