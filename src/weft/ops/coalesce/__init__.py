"""One entry for each place of a list of edges."""

from .coalesce import Coalesced as Coalesced
from .coalesce import coalesce as coalesce
from .coalesce import coalesce_entries as coalesce_entries
from .coalesce import sort_edges as sort_edges
