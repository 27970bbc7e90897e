"""What `graph.ndata`, `graph.nodes["user"]` and their kin give: the columns of one type or of several, of all rows or some."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from ..errors import FeatureError, OptionError
from ._frames import Frame

if TYPE_CHECKING:
    from ._graph import DGLGraph


class Columns(MutableMapping[str, Any]):
    """The columns of one type: names map to tensors. Of several types, names map to a dictionary from types to tensors.

    Args:
        frames: one for each type.
        keys: what the types are called.
        what: "nodes" or "edges", for errors.
    """

    __slots__ = ("_frames", "_keys", "_only", "_what")

    def __init__(self, frames: Sequence[Frame], keys: Sequence[Any], what: str) -> None:
        self._frames, self._keys, self._what = frames, keys, what
        self._only = frames[0] if len(frames) == 1 else None

    def __getitem__(self, name: str) -> Any:
        if self._only is not None:
            return self._only[name]
        found: dict[Any, Tensor] = {}
        for key, frame in zip(self._keys, self._frames, strict=True):
            if name in frame:
                found.setdefault(key, frame[name])  # a type of a block that is at both ends stands for its sources
        return found

    def __setitem__(self, name: str, column: Any) -> None:
        if self._only is not None:
            if not isinstance(column, Tensor) and isinstance(column, Mapping):
                if len(column) != 1 or self._place(next(iter(column))) != 0:
                    raise OptionError(f"expected a column of {self._keys[0]!r}, got one of {list(column)}")
                (column,) = column.values()
            self._only.put(name, column, self._what)
            return
        if not isinstance(column, Mapping):
            raise OptionError(
                f"expected a mapping from types to columns, since there are {len(self._keys)}: {self._keys}"
            )
        for key, part in column.items():
            self._frames[self._place(key)].put(name, part, self._what)

    def _place(self, key: Any) -> int:
        """Which of the types a key names; one of edges may be named by its relation alone."""
        if key in self._keys:
            return self._keys.index(key)
        found = [at for at, known in enumerate(self._keys) if isinstance(known, tuple) and known[1] == key]
        if len(found) != 1:
            raise FeatureError(f"there is no type {key!r}, or more than one; known: {list(self._keys)}")
        return found[0]

    def __delitem__(self, name: str) -> None:
        if self._only is not None:
            del self._only[name]
            return
        found = [frame for frame in self._frames if name in frame]
        if not found:
            raise KeyError(name)
        for frame in found:
            del frame[name]

    def __contains__(self, name: object) -> bool:
        return any(name in frame for frame in self._frames)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for frame in self._frames for name in frame))

    def __len__(self) -> int:
        return len({name for frame in self._frames for name in frame})

    def __repr__(self) -> str:
        return repr(dict(self.items()))


class SomeRows(MutableMapping[str, Tensor]):
    """Some rows of the columns of one type; what is set is set for them alone."""

    __slots__ = ("_frame", "_ids", "_what")

    def __init__(self, frame: Frame, ids: Tensor, what: str) -> None:
        self._frame, self._ids, self._what = frame, ids, what

    def __getitem__(self, name: str) -> Tensor:
        return self._frame[name][self._ids]

    def __setitem__(self, name: str, rows: Tensor) -> None:
        self._frame.put_rows(name, self._ids, rows, self._what)

    def __delitem__(self, name: str) -> None:
        raise OptionError("a column can only be deleted as a whole; hint: del g.ndata[name]")

    def __iter__(self) -> Iterator[str]:
        return iter(self._frame)

    def __len__(self) -> int:
        return len(self._frame)

    def __repr__(self) -> str:
        return repr(dict(self.items()))


class NodeSpace(NamedTuple):
    """What `graph.nodes["user"]` gives."""

    data: MutableMapping[str, Tensor]


class EdgeSpace(NamedTuple):
    """What `graph.edges["rates"]` gives."""

    data: MutableMapping[str, Tensor]


class NodeView:
    """`graph.nodes`: called, it gives ids; with a type or ids in brackets, columns.

    Args:
        end: "node", "source" or "target": which of the nodes of a block.
    """

    __slots__ = ("_end", "_graph")

    def __init__(self, graph: DGLGraph, end: str) -> None:
        self._graph, self._end = graph, end

    def __getitem__(self, key: Any) -> NodeSpace:
        ntype: str | None = None
        if isinstance(key, str):
            key, ntype = slice(None), key
        elif isinstance(key, tuple):
            key, ntype = key
        frame = self._frame(ntype)
        if isinstance(key, slice) and key == slice(None):
            return NodeSpace(Columns([frame], [ntype], "nodes"))
        return NodeSpace(SomeRows(frame, _ids(key, frame.count, self._graph, "nodes"), "nodes"))

    def __call__(self, ntype: str | None = None) -> Tensor:
        return torch.arange(self._frame(ntype).count, dtype=self._graph.idtype, device=self._graph.device)

    def _frame(self, ntype: str | None) -> Frame:
        types = self._graph._types
        find = {"node": types.node_frame, "source": types.source_frame, "target": types.target_frame}[self._end]
        return self._graph._nodes[find(ntype)]


class EdgeView:
    """`graph.edges`: called, it gives ends or ids; with a type, ids or ends in brackets, columns."""

    __slots__ = ("_graph",)

    def __init__(self, graph: DGLGraph) -> None:
        self._graph = graph

    def __getitem__(self, key: Any) -> EdgeSpace:
        graph, etype = self._graph, None
        if isinstance(key, str) or (isinstance(key, tuple) and len(key) == 3 and isinstance(key[0], str)):
            key, etype = slice(None), key
        elif isinstance(key, tuple) and len(key) in (2, 3) and isinstance(key[-1], (str, tuple)):
            key, etype = (key[0], key[1]) if len(key) == 2 else (key[:2], key[2])
        at = graph._types.edge(etype)
        frame = graph._edges[at]
        if isinstance(key, slice) and key == slice(None):
            return EdgeSpace(Columns([frame], [graph.canonical_etypes[at]], "edges"))
        ids = graph.edge_ids(key[0], key[1], etype=at) if isinstance(key, tuple) else key
        return EdgeSpace(SomeRows(frame, _ids(ids, frame.count, graph, "edges"), "edges"))

    def __call__(self, form: str = "uv", order: str = "eid", etype: Any = None) -> Any:
        return self._graph.all_edges(form=form, order=order, etype=etype)


def _ids(key: Any, count: int, graph: DGLGraph, what: str) -> Tensor:
    """Ids of a slice, a number, a list, a tensor or a mask."""
    if isinstance(key, slice):
        return torch.arange(*key.indices(count), device=graph.device)
    return graph._known_ids(key, count, what)
