"""Softmax within segments."""

from .segment_softmax import segment_softmax as segment_softmax
