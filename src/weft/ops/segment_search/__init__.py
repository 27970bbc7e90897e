"""Search in segments whose rows ascend."""

from .segment_search import segment_search as segment_search
