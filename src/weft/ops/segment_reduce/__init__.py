"""Reduction of segments."""

from .segment_reduce import segment_reduce as segment_reduce
