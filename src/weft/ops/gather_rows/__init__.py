"""Rows by id."""

from .gather_rows import gather_rows as gather_rows
