"""Which rows of a slow store a cache holds: policies that decide for a batch at a time, and the copies of what is held."""

from .cached_rows import keep_rows as keep_rows
from .cached_rows import take_cached_rows as take_cached_rows
from .row_cache import POLICIES as POLICIES
from .row_cache import Assigned as Assigned
from .row_cache import Policy as Policy
from .row_cache import RowCache as RowCache
