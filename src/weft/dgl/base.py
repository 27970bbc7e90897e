"""What all of DGL's interface shares: its error, its warning, and the names of the columns that hold ids and types."""

import warnings
from typing import Any

from ..errors import WeftError

ALL = "__ALL__"
"""All nodes, or all edges, where ids are asked for."""
NID = EID = "_ID"
"""The column of a subgraph that holds the ids that its nodes and edges had."""
NTYPE = ETYPE = "_TYPE"
"""The column of a homogeneous graph that holds the types that its nodes and edges had."""

DGLError = WeftError
"""The error of DGL's interface: every error of weft is one, and also the builtin that fits (see `weft.errors`)."""


class DGLWarning(UserWarning):
    """What DGL's interface warns of."""


def dgl_warning(message: str, category: type[Warning] = DGLWarning, stacklevel: int = 2) -> None:
    """Warn whoever called the function that calls this."""
    warnings.warn(message, category, stacklevel=stacklevel + 1)


def is_all(arg: Any) -> bool:
    """Whether the argument stands for all nodes or edges."""
    return isinstance(arg, str) and arg == ALL


def is_internal_column(name: str) -> bool:
    """Whether a column holds ids or types rather than features."""
    return name in (NID, NTYPE)
