"""weft: deep learning on graphs."""

from . import errors as errors
from . import native as native
from . import ops as ops
from . import settings as settings
from ._version import __version__ as __version__
