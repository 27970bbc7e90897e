"""What functions of one's own get: a batch of edges, or a batch of nodes with the messages that they got."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from torch import Tensor

from ._frames import Frame

if TYPE_CHECKING:
    from ._graph import DGLGraph


class TakenRows(Mapping[str, Tensor]):
    """Rows of columns, taken when they are asked for."""

    __slots__ = ("_frame", "_ids", "_taken")

    def __init__(self, frame: Frame, ids: Tensor | None) -> None:
        self._frame, self._ids = frame, ids
        self._taken: dict[str, Tensor] = {}

    def __getitem__(self, name: str) -> Tensor:
        if self._ids is None:
            return self._frame[name]
        if name not in self._taken:
            self._taken[name] = self._frame[name][self._ids]
        return self._taken[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._frame)

    def __len__(self) -> int:
        return len(self._frame)

    def __repr__(self) -> str:
        return repr(dict(self.items()))


class EdgeBatch:
    """Edges, in the order of their ids: `src`, `dst` and `data` hold a row for each."""

    def __init__(self, graph: DGLGraph, eid: Tensor, etype: Any, src_data: Any, edge_data: Any, dst_data: Any) -> None:
        self._graph, self._eid, self._etype = graph, eid, etype
        self._src, self._data, self._dst = src_data, edge_data, dst_data

    @property
    def src(self) -> Mapping[str, Tensor]:
        """Features of the sources."""
        return self._src  # type: ignore[no-any-return]

    @property
    def dst(self) -> Mapping[str, Tensor]:
        """Features of the targets."""
        return self._dst  # type: ignore[no-any-return]

    @property
    def data(self) -> Mapping[str, Tensor]:
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
    def data(self) -> Mapping[str, Tensor]:
        """Features of the nodes."""
        return self._data  # type: ignore[no-any-return]

    @property
    def mailbox(self) -> Mapping[str, Tensor]:
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
