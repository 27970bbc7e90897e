"""The graph of DGL's interface: a structure of weft behind columns that come and go."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import torch
from torch import Tensor

from ..errors import DeviceError, FeatureError, OptionError
from ..graph import Adjacency, EdgeType
from ._exports import metagraph, to_cugraph, to_networkx
from ._frames import Frame, Initializer, Scheme
from ._growth import Growth
from ._matrices import Matrices
from ._sending import Sending
from ._types import HOMOGENEOUS, Types
from ._types import combine_names as combine_names
from .subgraph import (
    edge_subgraph,
    edge_type_subgraph,
    in_subgraph,
    khop_in_subgraph,
    khop_out_subgraph,
    node_subgraph,
    node_type_subgraph,
    out_subgraph,
)

FORMATS = ("coo", "csr", "csc")


class DGLGraph(Sending, Growth, Matrices):
    """Nodes and edges of one type or several, with columns that are assigned by name; made by `graph`, `heterograph` and kin.

    >>> import torch, weft.dgl as dgl
    >>> g = dgl.graph(([0, 1], [1, 2]))
    >>> g.ndata["h"] = torch.ones(3)
    >>> g.update_all(dgl.function.copy_u("h", "m"), dgl.function.sum("m", "h"))
    >>> g.ndata["h"]
    tensor([0., 1., 1.])
    """

    def __init__(self) -> None:
        device = torch.device("cpu")
        self._fill(HOMOGENEOUS, [_empty()], [Frame(0, device)], [Frame(0, device)], torch.int64, device)

    @classmethod
    def _made(
        cls, types: Types, adjacencies: Any, nodes: Any, edges: Any, idtype: torch.dtype, device: Any
    ) -> DGLGraph:
        made = (DGLBlock if types.is_block else DGLGraph).__new__(DGLBlock if types.is_block else DGLGraph)
        made._fill(types, adjacencies, nodes, edges, idtype, device)
        return made

    def __getitem__(self, key: Any) -> DGLGraph:
        """The edges of one type with its ends, whose columns are shared.

        Raises:
            FeatureError, OptionError: if there is no such type, or several.
        """
        if isinstance(key, tuple) and any(isinstance(part, slice) for part in key):
            key = self._matching(key)
        at = self._types.edge(key)
        first, relation, last = self._types.edges[at]
        ends = [self._nodes[self._types.source_at[at]], self._nodes[self._types.target_at[at]]]
        if self.is_block:
            types = Types([(first, relation, last)], [first], [last])
        else:
            names = [first] if first == last else [first, last]
            types, ends = Types([(first, relation, last)], names), ends[: len(names)]
        return self._made(types, [self._adjacencies[at]], ends, [self._edges[at]], self.idtype, self.device)

    def _matching(self, key: tuple[Any, ...]) -> EdgeType:
        def fits(edge_type: EdgeType) -> bool:
            return all(isinstance(k, slice) or k == part for k, part in zip(key, edge_type, strict=True))

        found = [edge_type for edge_type in self._types.edges if len(key) == 3 and fits(edge_type)]
        if len(found) != 1:
            raise OptionError(
                f"expected a key that fits one edge type, got {key}, which fits {len(found)} of {self.canonical_etypes}"
            )
        return found[0]

    # Parts, and graphs of other libraries

    subgraph, edge_subgraph = node_subgraph, edge_subgraph
    node_type_subgraph, edge_type_subgraph = node_type_subgraph, edge_type_subgraph
    in_subgraph, out_subgraph = in_subgraph, out_subgraph
    khop_in_subgraph, khop_out_subgraph = khop_in_subgraph, khop_out_subgraph
    metagraph, to_networkx, to_cugraph = metagraph, to_networkx, to_cugraph

    def shared_memory(self, name: str, formats: Any = FORMATS) -> NoReturn:
        """Refuse to put the graph into shared memory under a name.

        Raises:
            OptionError: always; it says what to do.
        """
        hint = "pass the graph itself to the process: torch.multiprocessing moves its tensors into shared memory"
        raise OptionError(f"shared_memory: a graph has no name in shared memory; hint: {hint}")

    # Columns

    def node_attr_schemes(self, ntype: str | None = None) -> dict[str, Scheme]:
        """Shapes and dtypes of the columns of a node type."""
        return self._nodes[self._types.node_frame(ntype)].schemes()

    def edge_attr_schemes(self, etype: Any = None) -> dict[str, Scheme]:
        """Shapes and dtypes of the columns of an edge type."""
        return self._edges[self._types.edge(etype)].schemes()

    def set_n_initializer(
        self, initializer: Initializer | None, field: str | None = None, ntype: str | None = None
    ) -> None:
        """Choose what the rows of new nodes hold, in one column or in all."""
        _initialize(self._nodes[self._types.node_frame(ntype)], initializer, field)

    def set_e_initializer(self, initializer: Initializer | None, field: str | None = None, etype: Any = None) -> None:
        """Choose what the rows of new edges hold, in one column or in all."""
        _initialize(self._edges[self._types.edge(etype)], initializer, field)

    # Copies

    def clone(self) -> DGLGraph:
        """A graph of its own with the same structure and the same columns, whose tensors are shared."""
        frames = [frame.copied() for frame in self._nodes], [frame.copied() for frame in self._edges]
        made = self._made(self._types, self._adjacencies, *frames, self.idtype, self.device)
        made._batch_nodes, made._batch_edges = self._batch_nodes, self._batch_edges
        made._prepared = self._prepared
        return made

    def local_var(self) -> DGLGraph:
        """A graph whose columns can be set without effect on this one."""
        return self.clone()

    @contextmanager
    def local_scope(self) -> Iterator[None]:
        """Forget at the end which columns were set since, and which nodes and edges came or went.

        What was changed in a tensor stays changed.
        """
        nodes, edges, adjacencies = self._nodes, self._edges, self._adjacencies
        counts = self._batch_nodes, self._batch_edges
        self._nodes, self._edges = [frame.copied() for frame in nodes], [frame.copied() for frame in edges]
        self._adjacencies = list(adjacencies)
        try:
            yield
        finally:
            self._nodes, self._edges, self._adjacencies = nodes, edges, adjacencies
            self._batch_nodes, self._batch_edges = counts

    def __copy__(self) -> DGLGraph:
        made = self._made(self._types, self._adjacencies, self._nodes, self._edges, self.idtype, self.device)
        made._batch_nodes, made._batch_edges = self._batch_nodes, self._batch_edges
        made._prepared = self._prepared
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> DGLGraph:
        made = self.clone()
        for frame in (*made._nodes, *made._edges):
            frame.update((name, copy.deepcopy(column, memo)) for name, column in frame.items())
        return made

    # Places and ids

    def to(self, device: Any, **kwargs: Any) -> DGLGraph:
        """The graph on a device."""
        place = torch.empty(0, device=device).device

        def move(tensor: Tensor) -> Tensor:
            return tensor.to(place, **kwargs)

        nodes = [frame.mapped(move, place) for frame in self._nodes]
        edges = [frame.mapped(move, place) for frame in self._edges]
        adjacencies = [adjacency.to(place) for adjacency in self._adjacencies]
        made = self._made(self._types, adjacencies, nodes, edges, self.idtype, place)
        for name in ("_batch_nodes", "_batch_edges"):
            counts = getattr(self, name)
            setattr(made, name, None if counts is None else {key: move(part) for key, part in counts.items()})
        return made

    def cpu(self) -> DGLGraph:
        """The graph on the CPU; itself if it is there."""
        return self if self.device.type == "cpu" else self.to("cpu")

    def long(self) -> DGLGraph:
        """The graph with int64 ids."""
        return self.astype(torch.int64)

    def int(self) -> DGLGraph:
        """The graph with int32 ids."""
        return self.astype(torch.int32)

    def astype(self, idtype: torch.dtype) -> DGLGraph:
        """The graph with ids of a dtype; itself if it has them."""
        if idtype not in (torch.int32, torch.int64):
            raise OptionError(f"astype: expected torch.int32 or torch.int64, got {idtype}")
        if idtype == self.idtype:
            return self
        made = copy.copy(self)
        made._idtype = idtype
        return made

    def pin_memory_(self) -> DGLGraph:
        """Move structure and columns into page-locked memory, from which an accelerator reads faster."""
        self._adjacencies = [adjacency.pin_memory() for adjacency in self._adjacencies]
        for frame in (*self._nodes, *self._edges):
            frame.update((name, column.pin_memory()) for name, column in frame.items())
        return self

    def unpin_memory_(self) -> DGLGraph:
        """Move structure and columns out of page-locked memory."""
        self._adjacencies = [adjacency._map(Tensor.clone) for adjacency in self._adjacencies]
        for frame in (*self._nodes, *self._edges):
            frame.update((name, column.clone()) for name, column in frame.items())
        return self

    def is_pinned(self) -> bool:
        """Whether the structure lies in page-locked memory."""
        return bool(torch.cuda.is_available()) and all(a.source.is_pinned() for a in self._adjacencies)

    def record_stream(self, stream: torch.cuda.Stream) -> DGLGraph:
        """Tell the allocator that a stream still reads structure and columns, so that their memory is not given away before.

        Raises:
            DeviceError: if the graph lies on the CPU.
        """
        if self.device.type == "cpu":
            raise DeviceError(
                "record_stream: expected a graph on an accelerator, got one on the CPU; hint: g.to(device)"
            )
        structures = [rows for a in self._adjacencies for rows in ((a.source, a.target), *(a._compressed or ()))]
        columns = [frame.values() for frame in (*self._nodes, *self._edges)]
        for tensor in (part for parts in (*structures, *columns) for part in parts):
            if isinstance(tensor, Tensor):
                tensor.record_stream(stream)
        return self

    # Formats

    def formats(self, formats: str | Sequence[str] | None = None) -> Any:
        """Tell which sparse formats are there; or give the graph itself, whatever formats it shall be kept in.

        weft keeps the edge list and makes both compressions at their first use, so there is nothing to choose.
        """
        if formats is None:
            is_made = all(adjacency._compressed is not None for adjacency in self._adjacencies)
            made = FORMATS if is_made else FORMATS[:1]
            return {"created": list(made), "not created": [name for name in FORMATS if name not in made]}
        for name in (formats,) if isinstance(formats, str) else formats:
            if name not in FORMATS:
                raise OptionError(f'formats: expected "coo", "csr" or "csc", got {name!r}')
        return copy.copy(self)

    def create_formats_(self) -> None:
        """Compress the edges both ways now."""
        for adjacency in self._adjacencies:
            _ = adjacency.by_target

    # Batches

    @property
    def batch_size(self) -> Any:
        """How many graphs the batch holds; 1 if it is none."""
        return 1 if self._batch_nodes is None else next(iter(self._batch_nodes.values())).shape[0]

    def batch_num_nodes(self, ntype: str | None = None) -> Tensor:
        """Count the nodes of a type in each graph."""
        at = self._types.node_frame(ntype)
        if self._batch_nodes is None:
            return torch.tensor([self._nodes[at].count], dtype=self.idtype, device=self.device)
        if self._types.nodes[at] not in self._batch_nodes:
            raise FeatureError(f'The batch has no numbers of nodes for "{self._types.nodes[at]}"')
        return self._batch_nodes[self._types.nodes[at]]

    def batch_num_edges(self, etype: Any = None) -> Tensor:
        """Count the edges of a type in each graph."""
        at = self._types.edge(etype)
        if self._batch_edges is None:
            return torch.tensor([self._adjacencies[at].num_edges], dtype=self.idtype, device=self.device)
        if self._types.edges[at] not in self._batch_edges:
            raise FeatureError(f"The batch has no numbers of edges for {self._types.edges[at]}")
        return self._batch_edges[self._types.edges[at]]

    def set_batch_num_nodes(self, val: Any) -> None:
        """Say how many nodes each graph has, of one type or by type."""
        if not isinstance(val, Mapping):
            if len(self._types.nodes) != 1:
                raise OptionError("set_batch_num_nodes: expected a mapping from node types, since there are several")
            val = {self._types.nodes[0]: val}
        self._batch_nodes = {name: torch.as_tensor(counts, device=self.device) for name, counts in val.items()}

    def set_batch_num_edges(self, val: Any) -> None:
        """Say how many edges each graph has, of one type or by full name of the type."""
        if not isinstance(val, Mapping):
            if len(self._types.edges) != 1:
                raise OptionError("set_batch_num_edges: expected a mapping from edge types, since there are several")
            val = {self._types.edges[0]: val}
        self._batch_edges = {
            self.to_canonical_etype(name): torch.as_tensor(counts, device=self.device) for name, counts in val.items()
        }

    def __repr__(self) -> str:
        if len(self._types.nodes) == 1 and len(self._types.edges) == 1:
            indent = "\n      "
            return (
                f"Graph(num_nodes={self.num_nodes()}, num_edges={self.num_edges()},{indent}"
                f"ndata_schemes={self.node_attr_schemes()}{indent}edata_schemes={self.edge_attr_schemes()})"
            )
        nodes = {name: frame.count for name, frame in zip(self._types.nodes, self._nodes, strict=True)}
        edges = {name: self.num_edges(at) for at, name in enumerate(self._types.edges)}
        meta = [(first, last, relation) for first, relation, last in self._types.edges]
        return f"Graph(num_nodes={nodes},\n      num_edges={edges},\n      metagraph={meta})"


class DGLBlock(DGLGraph):
    """A graph whose sources and targets are different nodes, as samplers give it."""

    def __repr__(self) -> str:
        types = self._types
        if len(types.source) == len(types.target) == len(types.edges) == 1:
            sizes = f"num_src_nodes={self.num_src_nodes()}, num_dst_nodes={self.num_dst_nodes()}"
            return f"Block({sizes}, num_edges={self.num_edges()})"
        sources = {name: self.num_src_nodes(name) for name in types.source}
        targets = {name: self.num_dst_nodes(name) for name in types.target}
        edges = {name: self.num_edges(at) for at, name in enumerate(types.edges)}
        meta = [(first, last, relation) for first, relation, last in types.edges]
        indent = ",\n      "
        return f"Block(num_src_nodes={sources}{indent}num_dst_nodes={targets}{indent}num_edges={edges}{indent}metagraph={meta})"


def _empty() -> Adjacency:
    return Adjacency([], [], num_sources=0, num_targets=0)


def _initialize(frame: Frame, initializer: Initializer | None, field: str | None) -> None:
    if field is None:
        frame.default = initializer
    elif initializer is None:
        frame.initializers.pop(field, None)
    else:
        frame.initializers[field] = initializer
