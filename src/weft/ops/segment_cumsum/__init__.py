"""Cumulative sums within segments."""

from .segment_cumsum import segment_cumsum as segment_cumsum
