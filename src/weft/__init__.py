"""weft: deep learning on graphs."""

from . import errors as errors
from . import ops as ops
from ._version import __version__ as __version__
