"""Names of node and edge types, and how texts speak of them."""

from collections.abc import Iterable
from typing import TypeAlias

from ..errors import OptionError, message

EdgeType: TypeAlias = tuple[str, str, str]
"""(source node type, relation, target node type)"""

NODE = "node"
"""The node type of a graph that was made without types."""

EDGE: EdgeType = (NODE, "edge", NODE)
"""The edge type of a graph that was made without types."""


def checked_edge_type(where: str, edge_type: object) -> EdgeType:
    """The edge type, if it is one.

    Raises:
        OptionError: if it is not three strings.

    >>> checked_edge_type("here", ("user", "rates", "item"))
    ('user', 'rates', 'item')
    """
    if isinstance(edge_type, tuple) and len(edge_type) == 3 and all(isinstance(name, str) for name in edge_type):
        return edge_type
    hint = 'name the relation too, as in ("user", "rates", "item")'
    raise OptionError(
        message(
            where, "edge types (source node type, relation, target node type), three strings", repr(edge_type), hint
        )
    )


def listed(names: Iterable[object]) -> str:
    """Names one after the other, as their user would write them."""
    return ", ".join(map(quoted, names)) or "none"


def quoted(name: object) -> str:
    """One name as its user would write it.

    >>> quoted(("user", "rates", "item"))
    '("user", "rates", "item")'
    """
    if isinstance(name, tuple):
        return f"({', '.join(map(quoted, name))})"
    return f'"{name}"' if isinstance(name, str) else repr(name)


def counted(count: int, thing: str) -> str:
    """A count with its thing: 1 edge, 2,000 edges."""
    return f"{count:,} {thing}" + ("" if count == 1 else "s")
