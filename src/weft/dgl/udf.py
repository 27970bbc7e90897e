"""What functions of one's own get: a batch of edges, or a batch of nodes with the messages that they got."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from torch import Tensor

from ..errors import OptionError
from ._frames import Frame

if TYPE_CHECKING:
    from ._graph import DGLGraph


class TakenRows(MutableMapping[str, Tensor]):
    """Rows of columns, taken when they are asked for.

    Args:
        ids: of the rows; None for all.
        shares: let what is set or deleted here be so in the frame, too, and not here alone.
    """

    __slots__ = ("_frame", "_ids", "_shares", "_taken", "_what")

    def __init__(self, frame: Frame, ids: Tensor | None, what: str = "nodes", shares: bool = False) -> None:
        self._frame, self._ids, self._what, self._shares = frame, ids, what, shares
        self._taken: Frame | None = None

    def __getitem__(self, name: str) -> Tensor:
        if self._ids is None:
            return self._frame[name]
        if self._taken is None:
            self._taken = Frame(self._ids.shape[0], self._frame.device)
        if name not in self._taken:
            self._taken[name] = self._frame[name][self._ids]
        return self._taken[name]

    def __setitem__(self, name: str, rows: Tensor) -> None:
        self._set_apart()
        if self._ids is None:
            self._frame.put(name, rows, self._what)
            return
        if self._taken is None:
            self._taken = Frame(self._ids.shape[0], self._frame.device)
        self._taken.put(name, rows, self._what)
        self._frame[name] = rows  # for its name alone: the rows are found among those taken

    def __delitem__(self, name: str) -> None:
        self._set_apart()
        del self._frame[name]
        if self._taken is not None:
            self._taken.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._frame)

    def __len__(self) -> int:
        return len(self._frame)

    def __repr__(self) -> str:
        return repr(dict(self.items()))

    def _set_apart(self) -> None:
        if not self._shares:
            self._frame, self._shares = self._frame.copied(), True


def columns_of(found: Any, what: str) -> dict[str, Tensor]:
    """What a function gave.

    Raises:
        OptionError: if it is no mapping.
    """
    if not isinstance(found, Mapping):
        raise OptionError(
            f"expected the function of {what} to give a dictionary of columns, got {type(found).__name__}; "
            'hint: return {"name": tensor}'
        )
    return dict(found)


class EdgeBatch:
    """Edges, in the order of their ids: `src`, `dst` and `data` hold a row for each.

    Columns that are set or deleted there stay in the batch. Only `data` of all edges of a type are the columns of the graph.
    """

    def __init__(self, graph: DGLGraph, eid: Tensor, etype: Any, src_data: Any, edge_data: Any, dst_data: Any) -> None:
        self._graph, self._eid, self._etype = graph, eid, etype
        self._src, self._data, self._dst = src_data, edge_data, dst_data

    @property
    def src(self) -> MutableMapping[str, Tensor]:
        """Features of the sources."""
        return self._src  # type: ignore[no-any-return]

    @property
    def dst(self) -> MutableMapping[str, Tensor]:
        """Features of the targets."""
        return self._dst  # type: ignore[no-any-return]

    @property
    def data(self) -> MutableMapping[str, Tensor]:
        """Features of the edges."""
        return self._data  # type: ignore[no-any-return]

    def edges(self) -> tuple[Tensor, Tensor, Tensor]:
        """Sources, targets and ids."""
        source, target = self._graph.find_edges(self._eid, etype=self._etype)
        return source, target, self._eid

    def batch_size(self) -> int:
        """Number of edges."""
        return self._eid.shape[0]

    def __len__(self) -> int:
        return self.batch_size()

    @property
    def canonical_etype(self) -> Any:
        """The full name of their type."""
        return self._etype


class NodeBatch:
    """Nodes; in a reducer all have the same number of messages, `mailbox[name]: (num_nodes, num_messages, *F)`."""

    def __init__(self, graph: DGLGraph, nodes: Tensor, ntype: str, data: Any, msgs: Any = None) -> None:
        self._graph, self._nodes, self._ntype, self._data, self._msgs = graph, nodes, ntype, data, msgs

    @property
    def data(self) -> MutableMapping[str, Tensor]:
        """Features of the nodes."""
        return self._data  # type: ignore[no-any-return]

    @property
    def mailbox(self) -> MutableMapping[str, Tensor]:
        """Messages, in the order of the ids of the edges that brought them."""
        return self._msgs  # type: ignore[no-any-return]

    def nodes(self) -> Tensor:
        """Their ids."""
        return self._nodes

    def batch_size(self) -> int:
        """Number of nodes."""
        return self._nodes.shape[0]

    def __len__(self) -> int:
        return self.batch_size()

    @property
    def ntype(self) -> str:
        """The name of their type."""
        return self._ntype
