"""Nodes and edges that come and go in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from .. import graph as graphs
from ..errors import IdError, OptionError, ShapeError
from ..graph import Adjacency, Graph
from ._queries import Queries
from .base import EID, NID

Data = Mapping[str, Tensor] | None


class Growth(Queries):
    """The graph takes another structure, and its columns other rows; a batch is no batch afterwards."""

    def add_nodes(self, num: int, data: Data = None, ntype: str | None = None) -> None:
        """Add nodes behind those of a type.

        Args:
            data: their columns; a column that is not named is initial for them, a new one for the old nodes.

        Raises:
            OptionError: if the graph is a block, or the number is negative.
            ShapeError: if a column has not a row for each new node.
        """
        self._refuse_block("add_nodes")
        if num < 0:
            raise OptionError(f"add_nodes: expected a number of at least 0, got {num}")
        if num == 0:
            return
        at = self._types.node_frame(ntype)
        self._nodes[at] = self._nodes[at].extended(num, dict(data) if data else None)
        self._count_anew()

    def add_edges(self, u: Any, v: Any, data: Data = None, etype: Any = None) -> None:
        """Add edges behind those of a type; nodes that are not there yet are added first.

        Args:
            u, v: both ends; one node may stand for many.
            data: their columns, as for `add_nodes`.

        Raises:
            OptionError: if the graph is a block.
            IdError: if an end is negative.
            ShapeError: if there are not as many ends, or rows of a column.
        """
        self._refuse_block("add_edges")
        at = self._types.edge(etype)
        source, target = self._as_ids(u), self._as_ids(v)
        if source.shape != target.shape and 1 not in (source.shape[0], target.shape[0]):
            raise ShapeError(f"add_edges: expected as many u as v, or one, got {source.shape[0]} and {target.shape[0]}")
        source, target = torch.broadcast_tensors(source, target)
        if not source.shape[0]:
            return
        for ends, frame_at in ((source, self._types.source_at[at]), (target, self._types.target_at[at])):
            if int(ends.min()) < 0:
                raise IdError(f"add_edges: expected ids of at least 0, got {int(ends.min())}")
            missing = int(ends.max()) + 1 - self._nodes[frame_at].count
            if missing > 0:
                self._nodes[frame_at] = self._nodes[frame_at].extended(missing, None)
        self._edges[at] = self._edges[at].extended(source.shape[0], dict(data) if data else None)
        old = self._adjacencies[at]
        self._adjacencies[at] = self._structure(
            at, torch.cat((old.source.long(), source)), torch.cat((old.target.long(), target))
        )
        self._count_anew()

    def remove_edges(self, eids: Any, etype: Any = None, store_ids: bool = False) -> None:
        """Take edges away; those that remain keep their order and are numbered anew.

        Args:
            store_ids: keep the ids that they had in the column `EID`.

        Raises:
            OptionError: if the graph is a block.
            IdError: if there is no such edge.
        """
        self._refuse_block("remove_edges")
        at, ids = self._types.edge(etype), self._as_ids(eids)
        name = self._types.edges[at]
        found = graphs.remove_edges(self._bare(), {name: ids})
        self._take({}, {at: found.edge_ids[name]}, found.graph, store_ids)

    def remove_nodes(self, nids: Any, ntype: str | None = None, store_ids: bool = False) -> None:
        """Take nodes away, with all edges that touch them; what remains keeps its order and is numbered anew.

        Args:
            store_ids: keep the ids that nodes and edges had in the columns `NID` and `EID`.

        Raises:
            OptionError: if the graph is a block.
            IdError: if there is no such node.
        """
        self._refuse_block("remove_nodes")
        frame_at, ids = self._types.node_frame(ntype), self._as_ids(nids)
        name = self._types.nodes[frame_at]
        found = graphs.remove_nodes(self._bare(), {name: ids})
        edge_ids = {at: found.edge_ids[edge_type] for at, edge_type in enumerate(self._types.edges)}
        self._take({frame_at: found.node_ids[name]}, edge_ids, found.graph, store_ids)

    def _take(self, nodes: Mapping[int, Tensor], edges: Mapping[int, Tensor], made: Graph, store_ids: bool) -> None:
        for frames, kept, column in ((self._nodes, nodes, NID), (self._edges, edges, EID)):
            for at, ids in kept.items():
                frames[at] = frames[at].taken(ids)
            for at, frame in enumerate(frames) if store_ids and kept else ():
                ids = kept.get(at, torch.arange(frame.count, device=self.device))
                frame[column] = ids.to(self.idtype)
        self._adjacencies = [made.edge_sets[name].adjacency for name in self._types.edges]
        self._batch_nodes = _recounted(self._batch_nodes, self._types.nodes, nodes)
        self._batch_edges = _recounted(self._batch_edges, self._types.edges, edges)

    def _structure(self, at: int, source: Tensor, target: Tensor) -> Adjacency:
        """The structure of an edge type on as many nodes as there are."""
        counts = (self._nodes[end[at]].count for end in (self._types.source_at, self._types.target_at))
        num_sources, num_targets = counts
        return Adjacency(
            source.to(self.idtype), target.to(self.idtype), num_sources=num_sources, num_targets=num_targets
        )

    def _count_anew(self) -> None:
        """Bring structures up to the numbers of nodes that there are now."""
        for at, old in enumerate(self._adjacencies):
            counts = self._nodes[self._types.source_at[at]].count, self._nodes[self._types.target_at[at]].count
            if counts != (old.num_sources, old.num_targets):
                self._adjacencies[at] = self._structure(at, old.source, old.target)
        self._batch_nodes = self._batch_edges = None

    def _refuse_block(self, where: str) -> None:
        if self.is_block:
            raise OptionError(f"{where}: a block does not change its nodes or edges; hint: change the graph it is of")


def _recounted(
    counts: Mapping[Any, Tensor] | None, types: Sequence[Any], kept: Mapping[int, Tensor]
) -> dict[Any, Tensor] | None:
    """How many of the rows that are kept each graph of a batch has; copies of the graph keep their numbers."""
    if counts is None:
        return None
    found = dict(counts)
    for at, ids in kept.items():
        graph = torch.bucketize(ids, counts[types[at]].cumsum(0), right=True)
        found[types[at]] = torch.bincount(graph, minlength=found[types[at]].shape[0]).to(found[types[at]].dtype)
    return found
