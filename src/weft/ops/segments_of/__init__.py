"""Segments of a batch vector."""

from .segments_of import segments_of as segments_of
from .segments_of import sorted_pointers as sorted_pointers
