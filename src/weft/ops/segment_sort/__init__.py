"""Sorting within segments, and the rows that come first in each."""

from .segment_sort import segment_sort as segment_sort
