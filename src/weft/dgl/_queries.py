"""Questions about nodes and edges."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .. import graph as graphs
from ..errors import IdError, OptionError
from ..graph import Adjacency
from ._core import Core
from .base import ALL, is_all


class Queries(Core):
    """Counts, degrees, neighbours, ids of edges and their ends."""

    def num_nodes(self, ntype: str | None = None) -> int:
        """Count the nodes of a type, or of all types together."""
        if ntype is None:
            return sum(frame.count for frame in self._nodes)
        return self._nodes[self._types.node_frame(ntype)].count

    def num_src_nodes(self, ntype: str | None = None) -> int:
        """Count the sources of a type, or of all types together."""
        names = self._types.source_types if ntype is None else (ntype,)
        return sum(self._nodes[self._types.source_frame(name)].count for name in names)

    def num_dst_nodes(self, ntype: str | None = None) -> int:
        """Count the targets of a type, or of all types together."""
        names = self._types.target_types if ntype is None else (ntype,)
        return sum(self._nodes[self._types.target_frame(name)].count for name in names)

    def num_edges(self, etype: Any = None) -> int:
        """Count the edges of a type, or of all types together."""
        if etype is None:
            return sum(adjacency.num_edges for adjacency in self._adjacencies)
        return self._adjacencies[self._types.edge(etype)].num_edges

    number_of_nodes, number_of_src_nodes, number_of_dst_nodes = num_nodes, num_src_nodes, num_dst_nodes
    number_of_edges = num_edges

    @property
    def is_multigraph(self) -> bool:
        """Whether two edges of a type have the same ends."""
        return any(adjacency.has_parallel_edges for adjacency in self._adjacencies)

    def _adjacency(self, etype: Any) -> Adjacency:
        return self._adjacencies[self._types.edge(etype)]

    def has_nodes(self, vid: Any, ntype: str | None = None) -> Tensor | bool:
        """Tell of each id whether there is such a node."""
        count = self._nodes[self._types.node_frame(ntype)].count
        ids = torch.as_tensor(vid, device=self.device)
        found = (ids >= 0) & (ids < count)
        return bool(found) if ids.dim() == 0 else found

    def has_edges_between(self, u: Any, v: Any, etype: Any = None) -> Tensor | bool:
        """Tell of each pair whether an edge leads from u to v."""
        source, target, is_one = self._pairs(u, v)
        found = graphs.has_edges(self._adjacency(etype), source, target)
        return bool(found[0]) if is_one else found

    def edge_ids(self, u: Any, v: Any, return_uv: bool = False, etype: Any = None) -> Any:
        """Find the first edge of each pair, or with `return_uv` all edges of all pairs with their ends.

        Raises:
            IdError: if a pair has none, unless all edges are wanted.
        """
        source, target, is_one = self._pairs(u, v)
        found = graphs.edge_ids_between(self._adjacency(etype), source, target)
        if return_uv:
            counts = found.counts()
            ends = (end.repeat_interleave(counts).to(self.idtype) for end in (source, target))
            return *ends, found.ids.to(self.idtype)
        first = found.lowest()
        missing = (first < 0).nonzero().flatten()
        if missing.shape[0]:
            pair = int(source[missing[0]]), int(target[missing[0]])
            raise IdError(
                f"edge_ids: expected an edge between the nodes of each pair, there is none of {pair}; hint: has_edges_between"
            )
        return int(first[0]) if is_one else first.to(self.idtype)

    def _pairs(self, u: Any, v: Any) -> tuple[Tensor, Tensor, bool]:
        """Both ends of pairs, one of which may be a single node; whether both are."""
        source, target = self._as_ids(u), self._as_ids(v)
        is_one = all(not isinstance(end, Tensor) and not hasattr(end, "__len__") for end in (u, v))
        source, target = torch.broadcast_tensors(source, target)
        return source, target, is_one

    def find_edges(self, eid: Any, etype: Any = None) -> tuple[Tensor, Tensor]:
        """Look up the ends of edges."""
        source, target = graphs.find_edges(self._adjacency(etype), self._as_ids(eid))
        return source.to(self.idtype), target.to(self.idtype)

    def predecessors(self, v: Any, etype: Any = None) -> Tensor:
        """List the sources of the edges that enter a node."""
        return graphs.in_edges(self._adjacency(etype), self._as_ids(v)).source.to(self.idtype)

    def successors(self, v: Any, etype: Any = None) -> Tensor:
        """List the targets of the edges that leave a node."""
        return graphs.out_edges(self._adjacency(etype), self._as_ids(v)).target.to(self.idtype)

    def in_edges(self, v: Any, form: str = "uv", etype: Any = None) -> Any:
        """List the edges that enter some nodes: their ends ("uv"), ids ("eid") or both ("all")."""
        found = graphs.in_edges(self._adjacency(etype), self._as_ids(v))
        return self._formed(form, found.source, found.target, found.edge_ids)

    def out_edges(self, u: Any, form: str = "uv", etype: Any = None) -> Any:
        """List the edges that leave some nodes: their ends ("uv"), ids ("eid") or both ("all")."""
        found = graphs.out_edges(self._adjacency(etype), self._as_ids(u))
        return self._formed(form, found.source, found.target, found.edge_ids)

    def all_edges(self, form: str = "uv", order: str | None = "eid", etype: Any = None) -> Any:
        """List all edges of a type, by id ("eid") or by source and then target ("srcdst")."""
        adjacency = self._adjacency(etype)
        source, target = adjacency.source, adjacency.target
        ids = torch.arange(adjacency.num_edges, device=self.device)
        if order == "srcdst":
            ids = torch.argsort(target, stable=True)
            ids = ids[torch.argsort(source[ids], stable=True)]
            source, target = source[ids], target[ids]
        elif order not in (None, "eid"):
            raise OptionError(f'all_edges: expected the order "eid" or "srcdst", got {order!r}')
        return self._formed(form, source, target, ids)

    def _formed(self, form: str, source: Tensor, target: Tensor, ids: Tensor) -> Any:
        u, v, e = source.to(self.idtype), target.to(self.idtype), ids.to(self.idtype)
        if form == "uv":
            return u, v
        if form == "eid":
            return e
        if form == "all":
            return u, v, e
        raise OptionError(f'expected "uv", "eid" or "all" as the form, got {form!r}')

    def in_degrees(self, v: Any = ALL, etype: Any = None) -> Any:
        """Count the edges that enter some nodes, or all."""
        return self._degrees(self._adjacency(etype).in_degrees(), v)

    def out_degrees(self, u: Any = ALL, etype: Any = None) -> Any:
        """Count the edges that leave some nodes, or all."""
        return self._degrees(self._adjacency(etype).out_degrees(), u)

    def _degrees(self, degrees: Tensor, nodes: Any) -> Any:
        if is_all(nodes):
            return degrees.to(self.idtype)
        ids = self._known_ids(nodes, degrees.shape[0])
        found = degrees[ids].to(self.idtype)
        return found if isinstance(nodes, Tensor) or hasattr(nodes, "__len__") else int(found[0])
