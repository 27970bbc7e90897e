"""Messages, and functions on nodes and edges, as methods of a graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import torch
from torch import Tensor

from ..errors import OptionError
from ..graph import Adjacency
from ._algebra import cross
from ._core import _NODES
from ._frames import Frame
from ._messages import Edges, Message, Reduce, on_edges, pass_messages
from ._queries import Queries
from .base import ALL, is_all
from .function import BuiltinFunction
from .udf import NodeBatch, TakenRows, columns_of

if TYPE_CHECKING:
    from ._graph import DGLGraph

Apply = Callable[[NodeBatch], Mapping[str, Tensor]]


class Sending(Queries):
    """update_all and its kin: results become columns of nodes and edges."""

    def update_all(
        self, message_func: Message, reduce_func: Reduce, apply_node_func: Apply | None = None, etype: Any = None
    ) -> None:
        """Send messages along all edges, reduce them, and set what every target makes of them as its columns.

        Args:
            message_func: by name, from `weft.dgl.function`, or a function of an EdgeBatch.
            reduce_func: likewise, or a function of a NodeBatch.
            apply_node_func: of the nodes with what was reduced; its columns are then set in place of that.
            etype: the edge type; of a graph of several, all if both functions are known by name, added up (or, for
                max and min, compared) where they reach one node type; a type that brings a node no message is left out.
        """
        if etype is None and len(self._types.edges) > 1:
            self._update_across(message_func, reduce_func, apply_node_func)
            return
        at = self._types.edge(etype)
        found = pass_messages(self._all(at), message_func, reduce_func)
        self._set(self._types.target_at[at], found, apply_node_func)

    def _update_across(self, message: Message, reduce: Reduce, apply: Apply | None) -> None:
        if not (isinstance(message, BuiltinFunction) and isinstance(reduce, BuiltinFunction)):
            raise OptionError(
                "update_all: expected functions by name for several edge types, got one of your own; hint: pass etype"
            )
        if reduce.name == "mean":
            hint = "multi_update_all says how to reduce across types"
            raise OptionError(f"update_all: expected sum, max or min for several edge types, got mean; hint: {hint}")
        self.multi_update_all(dict.fromkeys(self._types.edges, (message, reduce)), reduce.name, apply)

    def multi_update_all(
        self,
        etype_dict: Mapping[Any, tuple[Any, ...]],
        cross_reducer: str | Callable[[list[Tensor]], Tensor],
        apply_node_func: Apply | None = None,
    ) -> None:
        """Send messages along several edge types, and reduce what a node type gets of them.

        Args:
            etype_dict: message and reducer of each edge type, and perhaps a function to apply to its result.
            cross_reducer: "sum", "min", "max", "mean" or "stack" (in the order of edge types), or a function of the list.
        """
        found: dict[int, dict[str, list[_Part]]] = {}
        for etype, functions in etype_dict.items():
            at = self._types.edge(etype)
            message, reduce, *apply = functions
            results = pass_messages(self._all(at), message, reduce)
            frame_at = self._types.target_at[at]
            selects = isinstance(reduce, BuiltinFunction) and reduce.name in ("max", "min")
            if apply and apply[0] is not None:
                results, selects = self._applied(frame_at, results, apply[0]), False
            degrees = self._adjacencies[at].in_degrees()
            degrees = degrees if selects else torch.ones_like(degrees)
            for name, column in results.items():
                found.setdefault(frame_at, {}).setdefault(name, []).append(_Part(at, column, degrees))
        for frame_at, columns in found.items():
            crossed = {name: _crossed(parts, cross_reducer) for name, parts in columns.items()}
            self._set(frame_at, crossed, apply_node_func)

    def send_and_recv(
        self,
        edges: Any,
        message_func: Message,
        reduce_func: Reduce,
        apply_node_func: Apply | None = None,
        etype: Any = None,
    ) -> None:
        """Send messages along some edges, given by ids or by ends; only their targets change."""
        at = self._types.edge(etype)
        ids = self._edge_ids(edges, at)
        chosen = self._some(at, ids)
        self._update_some(chosen, chosen.adjacency.target.long().unique(), message_func, reduce_func, apply_node_func)

    def pull(
        self,
        v: Any,
        message_func: Message,
        reduce_func: Reduce,
        apply_node_func: Apply | None = None,
        etype: Any = None,
    ) -> None:
        """Send messages along the edges that enter some nodes; only these nodes change."""
        at = self._types.edge(etype)
        nodes = self._as_ids(v).unique()
        ids = self._as_ids(self.in_edges(nodes, form="eid", etype=at)).sort().values
        self._update_some(self._some(at, ids), nodes, message_func, reduce_func, apply_node_func)

    def push(
        self,
        u: Any,
        message_func: Message,
        reduce_func: Reduce,
        apply_node_func: Apply | None = None,
        etype: Any = None,
    ) -> None:
        """Send messages along the edges that leave some nodes; only their targets change."""
        at = self._types.edge(etype)
        ids = self.out_edges(self._as_ids(u), form="eid", etype=at)
        self.send_and_recv(ids, message_func, reduce_func, apply_node_func, etype=at)

    def apply_nodes(self, func: Apply, v: Any = ALL, ntype: str | None = None) -> None:
        """Set the columns that a function of a NodeBatch gives for some nodes, or for all."""
        frame_at = self._types.node_frame(ntype)
        frame = self._nodes[frame_at]
        ids = None if is_all(v) else self._known_ids(v, frame.count)
        found = columns_of(func(self._node_batch(frame_at, ids)), "nodes")
        for name, column in found.items():
            if ids is None:
                frame.put(name, column, _NODES)
            else:
                frame.put_rows(name, ids, column, _NODES)

    def apply_edges(self, func: Any, edges: Any = ALL, etype: Any = None) -> None:
        """Set the columns that a message gives for some edges, or for all.

        Args:
            func: by name, or a function of an EdgeBatch.
        """
        if etype is None and len(self._types.edges) > 1:
            if not isinstance(func, BuiltinFunction) or not is_all(edges):
                raise OptionError(
                    "apply_edges: expected a message by name for several edge types, got another; hint: pass etype"
                )
            for at in range(len(self._types.edges)):
                self.apply_edges(func, etype=at)
            return
        at = self._types.edge(etype)
        if is_all(edges):
            for name, column in on_edges(self._all(at), func).items():
                self._edges[at].put(name, column, "edges")
            return
        ids = self._edge_ids(edges, at)
        for name, column in on_edges(self._some(at, ids), func).items():
            self._edges[at].put_rows(name, ids, column, "edges")

    def prop_nodes(
        self,
        nodes_generator: Iterable[Any],
        message_func: Message,
        reduce_func: Reduce,
        apply_node_func: Apply | None = None,
        etype: Any = None,
    ) -> None:
        """Pull, for one set of nodes after the other."""
        for nodes in nodes_generator:
            self.pull(nodes, message_func, reduce_func, apply_node_func, etype=etype)

    def prop_edges(
        self,
        edges_generator: Iterable[Any],
        message_func: Message,
        reduce_func: Reduce,
        apply_node_func: Apply | None = None,
        etype: Any = None,
    ) -> None:
        """Send and receive, for one set of edges after the other."""
        for edges in edges_generator:
            self.send_and_recv(edges, message_func, reduce_func, apply_node_func, etype=etype)

    def filter_nodes(
        self, predicate: Callable[[NodeBatch], Tensor], nodes: Any = ALL, ntype: str | None = None
    ) -> Tensor:
        """Find the nodes of which the function says true."""
        frame_at = self._types.node_frame(ntype)
        count = self._nodes[frame_at].count
        ids = torch.arange(count, device=self.device) if is_all(nodes) else self._known_ids(nodes, count)
        return ids[predicate(self._node_batch(frame_at, None if is_all(nodes) else ids))].to(self.idtype)

    def filter_edges(self, predicate: Callable[[Any], Tensor], edges: Any = ALL, etype: Any = None) -> Tensor:
        """Find the edges of which the function says true."""
        at = self._types.edge(etype)
        if is_all(edges):
            ids, chosen = torch.arange(self._adjacencies[at].num_edges, device=self.device), self._all(at)
        else:
            ids = self._edge_ids(edges, at)
            chosen = self._some(at, ids)
        return ids[predicate(chosen.batch())].to(self.idtype)

    # Parts

    def _frames(self, at: int) -> dict[str, Frame]:
        types = self._types
        source, target = self._nodes[types.source_at[at]], self._nodes[types.target_at[at]]
        return {"u": source, "v": target, "e": self._edges[at]}

    def _all(self, at: int) -> Edges:
        return Edges(self, at, self._adjacencies[at], None, self._frames(at))  # type: ignore[arg-type]

    def _some(self, at: int, ids: Tensor) -> Edges:
        whole = self._adjacencies[at]
        ids = self._known_ids(ids, whole.num_edges, "edges")
        part = Adjacency(
            whole.source[ids], whole.target[ids], num_sources=whole.num_sources, num_targets=whole.num_targets
        )
        return Edges(cast("DGLGraph", self), at, part, ids, self._frames(at))

    def _edge_ids(self, edges: Any, at: int) -> Tensor:
        if isinstance(edges, tuple) and len(edges) == 2:
            return self._as_ids(self.edge_ids(self._as_ids(edges[0]), self._as_ids(edges[1]), etype=at))
        return self._as_ids(edges)

    def _node_batch(self, frame_at: int, ids: Tensor | None) -> NodeBatch:
        frame = self._nodes[frame_at]
        nodes = torch.arange(frame.count, device=self.device) if ids is None else ids
        return NodeBatch(
            cast("DGLGraph", self), nodes.to(self.idtype), self._types.nodes[frame_at], TakenRows(frame, ids)
        )

    def _applied(self, frame_at: int, found: Mapping[str, Tensor], apply: Apply) -> dict[str, Tensor]:
        frame = self._nodes[frame_at].copied()
        frame.update(found)
        nodes = torch.arange(frame.count, dtype=self.idtype, device=self.device)
        batch = NodeBatch(cast("DGLGraph", self), nodes, self._types.nodes[frame_at], TakenRows(frame, None))
        return columns_of(apply(batch), "nodes")

    def _set(self, frame_at: int, found: Mapping[str, Tensor], apply: Apply | None) -> None:
        if apply is not None:
            found = self._applied(frame_at, found, apply)
        for name, column in found.items():
            self._nodes[frame_at].put(name, column, _NODES)

    def _update_some(
        self, edges: Edges, targets: Tensor, message: Message, reduce: Reduce, apply: Apply | None
    ) -> None:
        if not targets.shape[0]:
            return
        found = pass_messages(edges, message, reduce)
        frame_at = self._types.target_at[edges.at]
        frame = self._nodes[frame_at]
        if apply is not None:
            joined = frame.copied()
            joined.update(found)
            batch = NodeBatch(
                cast("DGLGraph", self), targets.to(self.idtype), self._types.nodes[frame_at], TakenRows(joined, targets)
            )
            found = columns_of(apply(batch), "nodes")
        else:
            found = {name: column[targets] for name, column in found.items()}
        for name, rows in found.items():
            frame.put_rows(name, targets, rows, _NODES)


class _Part(NamedTuple):
    """What a node type gets along one edge type, and how many messages made it (1 if it is a value in any case)."""

    at: int
    column: Tensor
    degrees: Tensor


def _crossed(parts: list[_Part], reducer: str | Callable[[list[Tensor]], Tensor]) -> Tensor:
    """What one node type gets along several edge types, reduced."""
    columns = [part.column for part in parts]
    if callable(reducer):
        return reducer(columns)
    if reducer == "stack":
        return torch.stack([part.column for part in sorted(parts, key=lambda part: part.at)], 1)
    if reducer not in ("sum", "mean", "max", "min"):
        raise OptionError(
            f'multi_update_all: expected "sum", "mean", "max", "min", "stack" or a function, got {reducer!r}'
        )
    if len(columns) == 1:
        return columns[0]
    return cross(columns, [part.degrees for part in parts], reducer)
