"""Messages along the edges of one type: by name, on weft's operators, or by functions of one's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from ..errors import OptionError, ShapeError
from ..graph import Adjacency
from ._algebra import Binary, combine, combine_and_reduce, copy_to_edges, copy_to_targets
from ._buckets import reduce_by_degree
from ._frames import Frame
from .function import BinaryMessageFunction, BuiltinFunction, CopyMessageFunction, MessageFunction, SimpleReduceFunction
from .udf import EdgeBatch, NodeBatch, TakenRows, columns_of

if TYPE_CHECKING:
    from ._graph import DGLGraph

Message = MessageFunction | Callable[[EdgeBatch], Mapping[str, Tensor]]
Reduce = SimpleReduceFunction | Callable[[NodeBatch], Mapping[str, Tensor]]


class Edges(NamedTuple):
    """Edges of one type among all nodes of its ends: all of them, or those of some ids.

    `source` and `target` are numbers of nodes, `frames` the columns of sources ("u"), targets ("v") and edges ("e").
    """

    graph: DGLGraph
    at: int
    adjacency: Adjacency
    ids: Tensor | None
    frames: dict[str, Frame]

    def batch(self) -> EdgeBatch:
        """What a function of messages gets."""
        ids = self.ids
        source, target = self.adjacency.source.long(), self.adjacency.target.long()
        u, v = (TakenRows(self.frames[letter], end, "edges") for letter, end in (("u", source), ("v", target)))
        edge_ids = torch.arange(self.adjacency.num_edges, device=self.graph.device) if ids is None else ids
        data = TakenRows(self.frames["e"], ids, "edges", shares=ids is None)
        return EdgeBatch(self.graph, edge_ids.to(self.graph.idtype), self.graph.canonical_etypes[self.at], u, data, v)

    def column(self, letter: str, field: str) -> Tensor:
        """The column of sources, targets or edges that a message reads, with a row for each node of the end, or edge."""
        found = self.frames[letter][field]
        return found[self.ids] if letter == "e" and self.ids is not None else found


def on_edges(edges: Edges, message: Message) -> dict[str, Tensor]:
    """The messages of all edges, by the order of the edges."""
    if not isinstance(message, BuiltinFunction):
        return columns_of(message(edges.batch()), "edges")
    if isinstance(message, CopyMessageFunction):
        x = edges.column(message.target, message.in_field)
        return {message.out_field: copy_to_edges(edges.adjacency, message.target, x)}
    return {message.out_field: combine(edges.adjacency, *_operands(edges, message))}


def pass_messages(edges: Edges, message: Message, reduce: Reduce) -> dict[str, Tensor]:
    """What every target makes of the messages that it gets; 0 where it gets none.

    Raises:
        OptionError: if the reducer reads another message than is sent.
    """
    if isinstance(message, BuiltinFunction) and isinstance(reduce, SimpleReduceFunction):
        if message.out_field != reduce.msg_field:
            raise OptionError(
                f'update_all: expected the reducer to read the message "{message.out_field}", got {reduce!r}; '
                "hint: both have to name the same"
            )
        return {reduce.out_field: _builtin(edges, message, reduce.name)}
    sent = on_edges(edges, message)
    if isinstance(reduce, SimpleReduceFunction):
        if reduce.msg_field not in sent:
            raise KeyError(reduce.msg_field)
        return {reduce.out_field: copy_to_targets(edges.adjacency, "e", sent[reduce.msg_field], reduce.name)}

    def checked(batch: NodeBatch) -> Mapping[str, Tensor]:
        found = columns_of(reduce(batch), "nodes")
        for name, column in found.items():
            if column.shape[0] != batch.batch_size():
                wanted = f'reducer: expected a row of "{name}" for each of {batch.batch_size()} nodes'
                raise ShapeError(f"{wanted}, got {column.shape[0]} rows")
        return found

    return reduce_by_degree(edges.graph, edges.at, edges.adjacency, edges.frames["v"], sent, checked)


def _builtin(edges: Edges, message: MessageFunction, reduce: str) -> Tensor:
    if isinstance(message, CopyMessageFunction):
        x = edges.column(message.target, message.in_field)
        return copy_to_targets(edges.adjacency, message.target, x, reduce)
    return combine_and_reduce(edges.adjacency, *_operands(edges, message), reduce)


def _operands(edges: Edges, message: BinaryMessageFunction) -> tuple[Binary, Tensor, Tensor]:
    left, right = edges.column(message.lhs, message.lhs_field), edges.column(message.rhs, message.rhs_field)
    return Binary(message.lhs, message.binary_op, message.rhs), left, right
