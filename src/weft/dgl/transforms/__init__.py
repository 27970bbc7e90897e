"""DGL's transforms: functions, and classes that are made once and called on graphs."""

from .functional import *  # noqa: F403
from .module import *  # noqa: F403
from .to_block import to_block as to_block
