"""What new rows of columns hold, where older programs look for it, see `init`; and columns that a loader fetches."""

from ._frames import zero_initializer as zero_initializer
from ._later import absent
from ._later_rows import LazyFeature as LazyFeature

__getattr__ = absent("frame", globals())
