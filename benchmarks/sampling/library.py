"""What a library shows to the worker: how it draws a case, and how much that was."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.graphs import EdgeList

from .cases import Case, Question, Walks


@dataclass(frozen=True)
class Drawer:
    """`draw` is timed: it draws the batch of a question, given its number. `count` says how many edges or steps that were."""

    draw: Callable[[Question, int], Any]
    count: Callable[[Any], int]


class Library(ABC):
    """A library and one graph; of what it builds of the graph it keeps what the case at hand needs."""

    packages: tuple[str, ...]

    def __init__(self, edges: EdgeList) -> None:
        self.edges = edges
        self._key, self._graph = "", None

    def drawer(self, case: Case | Walks) -> Drawer:
        """Prepare a case.

        Raises:
            UnsupportedError: if the library does not draw so.
        """
        if isinstance(case, Walks):
            return self.walks(case)
        return self.links(case) if case.kind == "links" else self.neighbors(case)

    def keep(self, key: str, make: Callable[[], Any]) -> Any:
        """Give the graph of that name, which is made if the last one was another; only one is kept."""
        if self._key != key:
            self._key, self._graph = "", None
            self._graph = make()
            self._key = key
        return self._graph

    @abstractmethod
    def neighbors(self, case: Case) -> Drawer:
        """Draw around seeds."""

    @abstractmethod
    def links(self, case: Case) -> Drawer:
        """Draw negatives of links, and around the ends of both, without the links."""

    @abstractmethod
    def walks(self, case: Walks) -> Drawer:
        """Walk."""
