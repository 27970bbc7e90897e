"""Arguments of operators by type: a tensor for a graph of one edge type, one for each type otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from torch import Tensor

from ...errors import OptionError, ShapeError, message
from ...graph import Adjacency
from .._algebra import SIDES
from .._graph import DGLGraph

ENDS = {"u": "u", "v": "v", "e": "e", "src": "u", "dst": "v", "edge": "e"}


def end_of(where: str, name: str) -> str:
    """The letter of an end.

    Raises:
        OptionError: if there is no such end.
    """
    if name not in ENDS:
        raise OptionError(message(where, f"one of {', '.join(ENDS)} for an end", repr(name)))
    return ENDS[name]


def counted(where: str, adjacency: Adjacency, end: str, x: Any) -> Tensor:
    """A column with a row for each node of the end, or each edge.

    Raises:
        ShapeError, OptionError: if it is none.
    """
    count = {"u": adjacency.num_sources, "v": adjacency.num_targets, "e": adjacency.num_edges}[end]
    side = SIDES[end]
    if not isinstance(x, Tensor):
        raise OptionError(message(where, f"a tensor for {side}s", type(x).__name__))
    if x.dim() == 0 or x.shape[0] != count:
        raise ShapeError(message(where, f"a row for each of {count} {side}s", str(tuple(x.shape))))
    return x


class Columns:
    """The columns of one end, of which each edge type reads the one that is its own.

    Args:
        data: a tensor for a graph of one edge type; otherwise a list or tuple with one for each node type, or edge type, in
            the order of the graph, where types that no edge reads may have None.

    Raises:
        OptionError, ShapeError: if there are not as many, or one does not fit.
    """

    def __init__(self, where: str, graph: DGLGraph, end: str, data: Any) -> None:
        self._where, self._graph, self._end = where, graph, end
        types = graph._types
        names: Sequence[Any] = {"u": types.source, "v": types.target, "e": types.edges}[end]
        self._data = [data] if len(types.edges) == 1 else data
        if len(types.edges) == 1:
            self._at = [0]
        elif not isinstance(data, (tuple, list)) or len(data) != len(names):
            got = f"{len(data)} of them" if isinstance(data, (tuple, list)) else type(data).__name__
            raise OptionError(message(where, f"a tuple with a tensor for each of {list(names)}", got))
        elif end == "e":
            self._at = list(range(len(names)))
        else:
            shift = len(types.source) if end == "v" and types.is_block else 0
            self._at = [at - shift for at in (types.source_at if end == "u" else types.target_at)]

    def __getitem__(self, edge_type: int) -> Tensor:
        return counted(self._where, self._graph._adjacencies[edge_type], self._end, self._data[self._at[edge_type]])


def edge_types(graph: DGLGraph) -> Iterator[tuple[int, Adjacency]]:
    """Position and structure of every edge type."""
    return enumerate(graph._adjacencies)
