"""What new rows of columns hold, for `set_n_initializer` and `set_e_initializer`."""

from ._frames import base_initializer as base_initializer
from ._frames import zero_initializer as zero_initializer
