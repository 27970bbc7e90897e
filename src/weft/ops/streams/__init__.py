"""Nodes that choose a label, one after the other, by those of their neighbours."""

from .partition_stream import partition_stream as partition_stream
from .settle_labels import settle_labels as settle_labels
