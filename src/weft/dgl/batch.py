"""Many graphs side by side in one, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ..errors import DtypeError, FeatureError, IdError, OptionError, ShapeError
from ..graph import Adjacency, Graph
from ..graph import batch as put_side_by_side
from ._frames import Frame
from ._graph import DGLGraph
from .base import ALL, EID, NID, is_all


def batch(graphs: Sequence[DGLGraph], ndata: Any = ALL, edata: Any = ALL) -> DGLGraph:
    """Put graphs side by side in one, which knows how many nodes and edges each of them has.

    Args:
        graphs: of the same types, columns and dtype of ids; a batch among them counts as its graphs.
        ndata: names of the node columns to take along; without it all, with None none.
        edata: names of the edge columns, likewise.

    Raises:
        OptionError: if there is no graph, one is a block, or the names of columns are no list.
        FeatureError, ShapeError, DtypeError, DeviceError: if graphs differ in types, columns, dtypes or devices.

    >>> import weft.dgl as dgl
    >>> both = dgl.batch([dgl.graph(([0, 1], [1, 2])), dgl.graph(([0], [0]))])
    >>> both.batch_num_nodes(), both.edges()
    (tensor([3, 1]), (tensor([0, 1, 3]), tensor([1, 2, 3])))
    """
    if isinstance(graphs, DGLGraph):
        raise DtypeError("batch: expected a list of graphs, got a graph; hint: [graph]")
    parts = list(graphs)
    if not parts:
        raise OptionError("batch: expected at least one graph, got none")
    first = parts[0]
    for at, part in enumerate(parts):
        if part.is_block:
            raise OptionError("batch: expected graphs, got a block; hint: block_to_graph makes a graph of it")
        if part.idtype != first.idtype:
            raise DtypeError(f"batch: expected ids of {first.idtype} in all graphs, got {part.idtype} in graph {at}")
    joined = put_side_by_side([_bare(at, part, ndata, edata) for at, part in enumerate(parts)])
    types = first._types
    nodes = [Frame(found.count, first.device, found.items()) for found in _ordered(joined.node_sets, types.nodes)]
    edges = [Frame(found.count, first.device, found.items()) for found in _ordered(joined.edge_sets, types.edges)]
    adjacencies = [joined.edge_sets[name].adjacency for name in types.edges]
    made = DGLGraph._made(types, adjacencies, nodes, edges, first.idtype, first.device)
    made._batch_nodes = {
        name: torch.cat([part.batch_num_nodes(name).to(first.idtype) for part in parts]) for name in types.nodes
    }
    made._batch_edges = {
        name: torch.cat([part.batch_num_edges(name).to(first.idtype) for part in parts]) for name in types.edges
    }
    return made


def unbatch(g: DGLGraph, node_split: Any = None, edge_split: Any = None) -> list[DGLGraph]:
    """Take a batch apart.

    Args:
        node_split: how many nodes each graph has, of several types a mapping from types; that of the batch if not given.
        edge_split: how many edges, of several types a mapping from full names of types.

    Raises:
        OptionError: if a mapping is needed, or lacks a type, or tells of another number of graphs for each type.
        ShapeError: if the numbers do not add up to those of the graph.
        IdError: if an edge joins nodes of two graphs.

    *Cost* columns are views.
    """
    types = g._types
    if node_split is None:
        nodes = [g.batch_num_nodes(name) for name in types.nodes]
    else:
        nodes = _split(node_split, types.nodes, lambda name: name, "node")
    if edge_split is None:
        edges = [g.batch_num_edges(name) for name in types.edges]
    else:
        edges = _split(edge_split, types.edges, g.to_canonical_etype, "edge")
    sizes = {counts.shape[0] for counts in (*nodes, *edges)}
    if len(sizes) != 1:
        raise OptionError("unbatch: expected as many numbers for every type in `node_split` and `edge_split`")
    node_frames = [_frames_of(frame, counts, "nodes") for frame, counts in zip(g._nodes, nodes, strict=True)]
    edge_frames = [_frames_of(frame, counts, "edges") for frame, counts in zip(g._edges, edges, strict=True)]
    ends = []
    for at, counts in enumerate(edges):
        adjacency, ranks = g._adjacencies[at], counts.tolist()
        first, last = (_begins(nodes[end[at]]).repeat_interleave(counts.to(g.device)) for end in _ends(g))
        source, target = adjacency.source.long() - first, adjacency.target.long() - last
        ends.append((source.to(g.idtype).split(ranks), target.to(g.idtype).split(ranks)))
    made = []
    for part in range(sizes.pop()):
        inner = [frames[part] for frames in node_frames]
        adjacencies = [
            _inner(source[part], target[part], inner[first].count, inner[last].count, part)
            for (source, target), first, last in zip(ends, *_ends(g), strict=True)
        ]
        made.append(g._made(types, adjacencies, inner, [frames[part] for frames in edge_frames], g.idtype, g.device))
    return made


def slice_batch(g: DGLGraph, gid: int, store_ids: bool = False) -> DGLGraph:
    """Take one graph of a batch.

    Args:
        store_ids: keep the ids that nodes and edges had in the columns `NID` and `EID`.

    Raises:
        IdError: if there is no such graph.
    """
    if not 0 <= gid < g.batch_size:
        raise IdError(f"slice_batch: expected a graph from 0 to {g.batch_size - 1}, got {gid}")
    nodes = [_stretch(g.batch_num_nodes(name), gid) for name in g._types.nodes]
    edges = [_stretch(g.batch_num_edges(name), gid) for name in g._types.edges]
    adjacencies = []
    for at, adjacency in enumerate(g._adjacencies):
        rows = slice(*edges[at])
        (first, beyond), (other, last) = (nodes[end[at]] for end in _ends(g))
        source, target = adjacency.source[rows].long() - first, adjacency.target[rows].long() - other
        adjacencies.append(_inner(source.to(g.idtype), target.to(g.idtype), beyond - first, last - other, gid))
    node_frames = [
        _rows(frame, *at, NID if store_ids else None, g.idtype) for frame, at in zip(g._nodes, nodes, strict=True)
    ]
    edge_frames = [
        _rows(frame, *at, EID if store_ids else None, g.idtype) for frame, at in zip(g._edges, edges, strict=True)
    ]
    return g._made(g._types, adjacencies, node_frames, edge_frames, g.idtype, g.device)


def _rows(frame: Frame, begin: int, end: int, ids: str | None, idtype: torch.dtype) -> Frame:
    """A stretch of rows, and perhaps a column of their ids."""
    found = frame.copied(end - begin)
    found.update((name, column[begin:end]) for name, column in frame.items())
    if ids is not None:
        found[ids] = torch.arange(begin, end, dtype=idtype, device=frame.device)
    return found


def _ordered(sets: Mapping[Any, Any], names: Sequence[Any]) -> list[Any]:
    return [sets[name] for name in names]


def _bare(at: int, graph: DGLGraph, ndata: Any, edata: Any) -> Graph:
    """The graph with the columns that were asked for."""
    made = graph._bare()
    nodes = zip(made.node_sets.values(), graph._nodes, graph._types.nodes, strict=True)
    edges = zip(made.edge_sets.values(), graph._edges, graph._types.edges, strict=True)
    for names, argument, what, sets in ((ndata, "ndata", "nodes", nodes), (edata, "edata", "edges", edges)):
        if names is None:
            continue
        if not is_all(names) and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
            raise OptionError(f"batch: expected `{argument}` to be a list of names, got {type(names).__name__}")
        for found, frame, key in sets:
            wanted = list(frame) if is_all(names) else names
            if not set(wanted) <= set(frame):
                raise FeatureError(
                    f'batch: expected the columns {sorted(wanted)} of {what} "{key}" in all graphs, graph {at} has '
                    f"{sorted(frame)}"
                )
            found.update({name: frame[name] for name in wanted})
    return made


def _split(given: Any, names: Sequence[Any], full: Any, what: str) -> list[Tensor]:
    """The numbers of each type, as they were given."""
    if not isinstance(given, Mapping):
        if len(names) != 1:
            raise OptionError(
                f"unbatch: expected a mapping from {what} types for `{what}_split`, since there are several"
            )
        given = {names[0]: given}
    found = {full(key): torch.as_tensor(counts).reshape(-1).cpu() for key, counts in given.items()}
    if set(found) != set(names):
        kind = "canonical edge" if what == "edge" else "node"
        raise OptionError(f"unbatch: expected `{what}_split` for each {kind} type, got it for {sorted(found)}")
    return [found[name] for name in names]


def _frames_of(frame: Frame, counts: Tensor, what: str) -> list[Frame]:
    """The rows of each graph."""
    if bool((counts < 0).any()) or int(counts.sum()) != frame.count:
        raise ShapeError(f"unbatch: expected numbers of {what} that add up to {frame.count}, got {counts.tolist()}")
    ranks = counts.tolist()
    parts = [frame.copied(count) for count in ranks]
    for name, column in frame.items():
        for part, rows in zip(parts, column.split(ranks), strict=True):
            part[name] = rows
    return parts


def _ends(g: DGLGraph) -> tuple[list[int], list[int]]:
    return g._types.source_at, g._types.target_at


def _begins(counts: Tensor) -> Tensor:
    return counts.cumsum(0) - counts


def _stretch(counts: Tensor, at: int) -> tuple[int, int]:
    begin = int(counts[:at].sum())
    return begin, begin + int(counts[at])


def _inner(source: Tensor, target: Tensor, num_sources: int, num_targets: int, part: int) -> Adjacency:
    """The edges of one graph of the batch, by the ids of its own nodes."""
    try:
        return Adjacency(source, target, num_sources=num_sources, num_targets=num_targets)
    except IdError as error:
        raise IdError(f"graph {part} of the batch: expected edges among its own nodes; {error}") from error
