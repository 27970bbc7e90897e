"""Message passing by programs."""

from ._program import Builder as Builder
from ._program import Output as Output
from .pass_messages import pass_messages as pass_messages
