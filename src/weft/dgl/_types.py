"""Names of the node and edge types of a graph, and which frame belongs to which end."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from ..errors import FeatureError, OptionError
from ..graph import EdgeType

NODE, EDGE = "_N", "_E"


class Types:
    """The types of a graph. A block has sources and targets of their own, whose types may share names."""

    def __init__(self, edges: Sequence[EdgeType], source: Sequence[str], target: Sequence[str] | None = None) -> None:
        self.edges, self.source = tuple(edges), tuple(source)
        self.is_block = target is not None
        self.target = self.source if target is None else tuple(target)
        self.nodes = self.source + self.target if self.is_block else self.source
        shift = len(self.source) if self.is_block else 0
        self.source_at = [self.source.index(first) for first, _, _ in self.edges]
        self.target_at = [shift + self.target.index(last) for _, _, last in self.edges]

    @cached_property
    def relations(self) -> dict[str, list[int]]:
        """Positions of the edge types of each relation."""
        found: dict[str, list[int]] = {}
        for at, (_, relation, _) in enumerate(self.edges):
            found.setdefault(relation, []).append(at)
        return found

    @cached_property
    def is_unibipartite(self) -> bool:
        """Whether no node type has edges both ways."""
        return self.is_block or not {first for first, _, _ in self.edges} & {last for _, _, last in self.edges}

    @cached_property
    def source_types(self) -> tuple[str, ...]:
        """Node types that edges leave, all of them where a type has edges both ways."""
        if self.is_block or not self.is_unibipartite:
            return self.source
        return tuple(name for name in self.source if name in {first for first, _, _ in self.edges})

    @cached_property
    def target_types(self) -> tuple[str, ...]:
        """Node types that edges enter, all of them where a type has edges both ways."""
        if self.is_block or not self.is_unibipartite:
            return self.target
        return tuple(name for name in self.source if name in {last for _, _, last in self.edges})

    def source_frame(self, name: str | None) -> int:
        """Position of the frame of a node type among the sources."""
        return self._frame(name, self.source_types, self.source, 0)

    def target_frame(self, name: str | None) -> int:
        """Position of the frame of a node type among the targets."""
        return self._frame(name, self.target_types, self.target, len(self.source) if self.is_block else 0)

    def node_frame(self, name: str | None) -> int:
        """Position of the frame of a node type; of one that is at both ends of a block, that of the sources.

        Raises:
            FeatureError: if there is none.
            OptionError: if there are several, and none is named.
        """
        return self._frame(name, self.nodes, self.nodes, 0)

    def _frame(self, name: str | None, choice: Sequence[str], known: Sequence[str], shift: int) -> int:
        if name is None:
            if len(choice) != 1:
                raise OptionError(f"expected the name of a node type, since there are {len(choice)}: {list(choice)}")
            name = choice[0]
        if name not in known:
            raise FeatureError(f'there is no node type "{name}"; known: {list(known)}')
        return known.index(name) + shift

    def edge(self, name: Any) -> int:
        """Position of an edge type, by its relation or its full name.

        Raises:
            FeatureError: if there is none.
            OptionError: if there are several, and none is named, or a relation is that of several.
        """
        if name is None:
            if len(self.edges) != 1:
                raise OptionError(
                    f"expected the name of an edge type, since there are {len(self.edges)}: {list(self.edges)}"
                )
            return 0
        if isinstance(name, int):
            return name
        if isinstance(name, tuple):
            if name in self.edges:
                return self.edges.index(name)
            raise FeatureError(f'there is no edge type "{name}"; known: {list(self.edges)}')
        found = self.relations.get(name, [])
        if not found:
            raise FeatureError(f'there is no edge type "{name}"; known: {list(self.edges)}')
        if len(found) > 1:
            raise OptionError(
                f'{len(found)} edge types have the relation "{name}"; hint: name one in full, as {self.edges[found[0]]}'
            )
        return found[0]


def combine_names(names: Sequence[str], ids: Sequence[int] | None = None) -> str:
    """One name for several types: theirs in alphabetical order.

    Args:
        ids: positions of those that count, all if None.

    >>> combine_names(["user", "item"])
    'item+user'
    """
    return "+".join(sorted(names if ids is None else (names[at] for at in ids)))


HOMOGENEOUS = Types([(NODE, EDGE, NODE)], [NODE])
