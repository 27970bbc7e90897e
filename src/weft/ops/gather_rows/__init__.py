"""Rows by id."""

from .gather_pinned import gather_pinned as gather_pinned
from .gather_rows import gather_rows as gather_rows
