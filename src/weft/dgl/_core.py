"""What every part of a DGLGraph reads: its types, structures and frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor

from ..errors import AbsentNameError, DtypeError, IdError
from ..graph import Adjacency, EdgeType, Graph
from ._frames import Frame
from ._later import absence
from ._types import Types
from ._views import Columns, EdgeView, NodeView

if TYPE_CHECKING:
    from ._graph import DGLGraph


class Core:
    """Types, structures and frames. Structures never change: a graph that grows takes another.

    Attributes:
        _types: names of node types and edge types.
        _adjacencies: the structure of each edge type.
        _nodes: the columns of each node type; of a block those of source types, then those of target types.
        _edges: the columns of each edge type.
        _prepared: what samplers made of the structures last, see `sampling`.
    """

    _types: Types
    _adjacencies: list[Adjacency]
    _nodes: list[Frame]
    _edges: list[Frame]
    _idtype: torch.dtype
    _device: torch.device
    _batch_nodes: dict[str, Tensor] | None
    _batch_edges: dict[EdgeType, Tensor] | None

    def _fill(
        self,
        types: Types,
        adjacencies: Sequence[Adjacency],
        nodes: Sequence[Frame],
        edges: Sequence[Frame],
        idtype: torch.dtype,
        device: torch.device,
    ) -> None:
        self._types, self._idtype, self._device = types, idtype, device
        self._adjacencies, self._nodes, self._edges = list(adjacencies), list(nodes), list(edges)
        self._batch_nodes = self._batch_edges = None
        self._prepared: dict[Any, tuple[tuple[object, ...], Any]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Everything but what samplers made of it."""
        return {**self.__dict__, "_prepared": {}}

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            raise AbsentNameError(absence("DGLGraph", name, dict.fromkeys(dir(type(self)))))

    # Types

    @property
    def ntypes(self) -> list[str]:
        """Names of the node types; of a block those of sources, then those of targets."""
        return list(self._types.nodes)

    @property
    def etypes(self) -> list[str]:
        """Relations of the edge types."""
        return [relation for _, relation, _ in self._types.edges]

    @property
    def canonical_etypes(self) -> list[EdgeType]:
        """Full names of the edge types."""
        return list(self._types.edges)

    @property
    def srctypes(self) -> list[str]:
        """Names of the node types that edges leave."""
        return list(self._types.source_types)

    @property
    def dsttypes(self) -> list[str]:
        """Names of the node types that edges enter."""
        return list(self._types.target_types)

    @property
    def is_block(self) -> bool:
        """Whether sources and targets are different nodes."""
        return self._types.is_block

    @property
    def is_homogeneous(self) -> bool:
        """Whether there is one type of nodes and one of edges."""
        return len(self._types.nodes) == 1 and len(self._types.edges) == 1

    @property
    def is_unibipartite(self) -> bool:
        """Whether edges lead from some node types to others."""
        return self._types.is_unibipartite

    def to_canonical_etype(self, etype: Any) -> EdgeType:
        """Find the full name of an edge type."""
        return self._types.edges[self._types.edge(etype)]

    def get_ntype_id(self, ntype: str | None) -> int:
        """Find the position of a node type."""
        return self._types.node_frame(ntype)

    def get_ntype_id_from_src(self, ntype: str | None) -> int:
        """Find the position of a node type among those of sources."""
        return self._types.source_frame(ntype)

    def get_ntype_id_from_dst(self, ntype: str | None) -> int:
        """Find the position of a node type among those of targets."""
        return self._types.target_frame(ntype) - (len(self._types.source) if self.is_block else 0)

    def get_etype_id(self, etype: Any) -> int:
        """Find the position of an edge type."""
        return self._types.edge(etype)

    # Columns

    @property
    def nodes(self) -> NodeView:
        """Ids of the nodes (called), or columns of a type or of some nodes (in brackets)."""
        return NodeView(cast("DGLGraph", self), "node")

    @property
    def srcnodes(self) -> NodeView:
        """The same for sources."""
        return NodeView(cast("DGLGraph", self), "source")

    @property
    def dstnodes(self) -> NodeView:
        """The same for targets."""
        return NodeView(cast("DGLGraph", self), "target")

    @property
    def edges(self) -> EdgeView:
        """Ends of the edges (called), or columns of a type or of some edges (in brackets)."""
        return EdgeView(cast("DGLGraph", self))

    @property
    def ndata(self) -> Columns:
        """Columns of the nodes."""
        return Columns(self._nodes, self._types.nodes, _NODES)

    @property
    def edata(self) -> Columns:
        """Columns of the edges."""
        return Columns(self._edges, self._types.edges, _EDGES)

    @property
    def srcdata(self) -> Columns:
        """Columns of the sources."""
        names = self._types.source_types
        return Columns([self._nodes[self._types.source_frame(name)] for name in names], names, _NODES)

    @property
    def dstdata(self) -> Columns:
        """Columns of the targets."""
        names = self._types.target_types
        return Columns([self._nodes[self._types.target_frame(name)] for name in names], names, _NODES)

    # Places

    @property
    def idtype(self) -> torch.dtype:
        """The dtype of ids: torch.int64 or torch.int32."""
        return self._idtype

    @property
    def device(self) -> torch.device:
        """Where structures and columns lie."""
        return self._device

    def _as_ids(self, given: Any) -> Tensor:
        """Ids as int64; a mask means the ids where it is set."""
        ids = torch.as_tensor(given, device=self._device)
        if ids.dtype is torch.bool:
            ids = ids.nonzero().flatten()
        if ids.is_floating_point() and ids.numel():
            raise DtypeError(f"expected integers for ids, got {ids.dtype}")
        return ids.reshape(-1).to(torch.int64)

    def _known_ids(self, given: Any, count: int, what: str = "nodes") -> Tensor:
        """Ids of nodes or edges that there are.

        Raises:
            IdError: if there is no such node or edge.
        """
        ids = self._as_ids(given)
        wrong = ids[(ids < 0) | (ids >= count)]
        if wrong.shape[0]:
            raise IdError(f"expected ids of {what} from 0 to {count - 1}, got {int(wrong[0])}")
        return ids

    def _bare(self) -> Graph:
        """The same graph of weft, without columns; for all but blocks."""
        counts = {name: frame.count for name, frame in zip(self._types.nodes, self._nodes, strict=True)}
        return Graph(dict(zip(self._types.edges, self._adjacencies, strict=True)), num_nodes=counts)

    def _as_weft(self) -> Graph:
        """The same graph of weft, with the same columns; for all but blocks."""
        made = self._bare()
        for name, frame in zip(self._types.nodes, self._nodes, strict=True):
            made.node_sets[name].update(frame)
        for edge_type, frame in zip(self._types.edges, self._edges, strict=True):
            made.edge_sets[edge_type].update(frame)
        return made


_NODES, _EDGES = "nodes", "edges"
